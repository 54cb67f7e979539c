//! The inquest: from a failed attempt to its evidence.

use std::sync::Arc;
use std::time::Duration;

use http::{Extensions, StatusCode};
use hyper_util::client::legacy;
use tokio::time::timeout;

use super::chain;
use crate::conn::scope::{Seen, Slot};
use crate::conn::{Ending, Facts, Held, Ledger};
use crate::evidence::{End, Evidence, SecondLook, StatusRefusal};

/// How long to wait for hyper to let go of the connection; it does so in the poll in which it reports the error.
const RELEASE: Duration = Duration::from_secs(1);

/// Collects the evidence on a failed attempt, and ends its connection: once this returns, this machine sends nothing of
/// the request any more.
pub(super) async fn on_error(error: &legacy::Error, slot: Slot) -> Evidence {
    let said = chain::end_of(error);
    let Some(seen) = connection_of(error, &slot) else {
        return Evidence::new(if died_before_its_use(error, &slot) {
            End::HandedBack
        } else {
            said
        });
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
        _ => seen_by_taps(&seen, said).await,
    };
    if seen.ledger.book().ending.is_none() && end == End::Unknown {
        // The connection did not end, and so was not aborted: what was sent may still be on its way. Without its numbers
        // this is no ground for a replay.
        return Evidence::new(end);
    }
    let trace = seen.ledger.trace(&seen, slot.started);
    Evidence::new(end).with_trace(trace)
}

/// Whether the status of a response says that the request was not processed.
pub(super) async fn on_status(status: StatusCode, slot: &Slot) -> Option<Evidence> {
    let end = match status {
        StatusCode::MISDIRECTED_REQUEST => End::Status(StatusRefusal::MisdirectedRequest),
        StatusCode::TOO_EARLY => End::Status(StatusRefusal::TooEarly),
        StatusCode::REQUEST_TIMEOUT if crossed(slot.seen.as_ref()?).await => {
            End::Status(StatusRefusal::RequestTimeout)
        }
        _ => return None,
    };
    let evidence = Evidence::new(end);
    Some(match &slot.seen {
        Some(seen) => evidence.with_trace(seen.ledger.trace(seen, slot.started)),
        None => evidence,
    })
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

async fn seen_by_taps(seen: &Seen, said: End) -> End {
    let (refused, ending) = {
        let book = seen.ledger.book();
        (book.refused, book.ending)
    };
    if let Some(reason) = refused {
        return End::Gate(reason);
    }
    match ending {
        Some(Ending::Closed) => End::Closed(take_second_look(seen).await),
        Some(Ending::Reset) => End::Reset,
        Some(Ending::TimedOut) => End::TimedOut,
        Some(Ending::Failed) => End::Unknown,
        None => said,
    }
}

async fn take_second_look(seen: &Seen) -> SecondLook {
    let Some(held) = wait_for_descriptor(seen).await else {
        return SecondLook::NotPossible;
    };
    let found = look(&held, seen).await;
    held.abort();
    found
}

async fn look(held: &Held, seen: &Seen) -> SecondLook {
    if !seen.in_one_piece {
        return SecondLook::NotPossible;
    }
    held.look(&seen.ledger, seen.mark).await
}

/// A 408 that the server sent before a byte of the request had arrived: only if the whole proof holds. Otherwise it is
/// the response, and the connection goes on.
async fn crossed(seen: &Seen) -> bool {
    if !seen.ledger.is_suspected() {
        return false;
    }
    let found = match wait_for_descriptor(seen).await {
        Some(held) => look(&held, seen).await,
        None => SecondLook::NotPossible,
    };
    seen.ledger.book().thaw();
    found == SecondLook::NeverAcknowledged
}

async fn wait_for_descriptor(seen: &Seen) -> Option<Held> {
    timeout(RELEASE, seen.ledger.held()).await.ok().flatten()
}
