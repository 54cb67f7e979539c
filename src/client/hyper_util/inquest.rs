//! The inquest: from a failed attempt to its evidence.

use std::sync::Arc;

use http::{Extensions, StatusCode};
use hyper_util::client::legacy;

use super::chain;
use crate::client::look;
use crate::client::unconnected::by_kernel;
use crate::conn::scope::{Seen, Slot};
use crate::conn::{Facts, Ledger};
use crate::evidence::{End, Evidence, Trace};

/// Collects the evidence on a failed attempt, and ends its connection: once this returns, this machine sends nothing of
/// the request any more.
pub(super) async fn on_error(error: &legacy::Error, slot: Slot) -> Evidence {
    let said = chain::end_of(error);
    let Some(seen) = connection_of(error, &slot) else {
        return Evidence::new(if died_before_its_use(error, &slot) {
            End::HandedBack
        } else {
            said
        })
        .with_connect_failure(by_kernel(error).filter(|_| said == End::Connect));
    };
    // Bytes of an HTTP/2 connection belong to many requests; what was counted there says nothing of this one.
    if seen.ledger.book().multiplexed {
        return Evidence::new(said);
    }
    if let Some(connected) = error.connect_info() {
        connected.poison();
    }
    let end = match said {
        End::CallerBody | End::HandedBack | End::Connect => said,
        _ => look::seen_by_taps(&seen, said).await,
    };
    if seen.ledger.book().ending.is_none() && end == End::Unknown {
        // The connection did not end, and so was not aborted: what was sent may still be on its way. Without its numbers
        // this is no ground for a replay.
        return Evidence::new(end);
    }
    let trace = numbers(&seen, &slot);
    Evidence::new(end).with_trace(trace)
}

/// Whether the status of a response says that the request was not processed.
pub(super) async fn on_status(status: StatusCode, slot: &Slot) -> Option<Evidence> {
    let end = look::end_by_status(status, slot.seen.as_ref()).await?;
    let evidence = Evidence::new(end);
    Some(match &slot.seen {
        Some(seen) => evidence.with_trace(numbers(seen, slot)),
        None => evidence,
    })
}

fn numbers(seen: &Seen, slot: &Slot) -> Trace {
    let reused = seen.ledger.was_open(seen, slot.started);
    seen.ledger.trace(seen, slot.started, reused)
}

/// Whether the connection that was opened for the attempt died before the request was handed to it: a server that closes
/// at once, or a client too busy to use it in time. What hyper-util says of it is behaviour, not contract, so the tap is
/// asked too: not one byte was written.
fn died_before_its_use(error: &legacy::Error, slot: &Slot) -> bool {
    let is_unused = |ledger: &Arc<Ledger>| !ledger.book().plain_written;
    chain::is_of_setting_up(error)
        && slot.seen.is_none()
        && slot.opened.as_ref().is_some_and(is_unused)
}

/// The connection that the error names, if it is the one that was last seen for this attempt.
fn connection_of(error: &legacy::Error, slot: &Slot) -> Option<Seen> {
    let mut extras = Extensions::new();
    error.connect_info()?.get_extras(&mut extras);
    let named = extras.get::<Facts>().and_then(Facts::ledger)?;
    slot.seen
        .clone()
        .filter(|seen| seen.ledger.id() == named.id())
}
