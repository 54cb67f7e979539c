//! How a server closes: in both directions or in one, and what it says before.
//!
//! Apart from the trial, which only notes that a connection ended. Invariant: what is sent to find out is an empty line in
//! cleartext, which a server has to pass over (RFC 9112, 2.2), and one byte that is no whole record over TLS.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::line::{End, How, Record};

/// So long a FIN may take behind a GOAWAY: Go waits a second.
const BEHIND_GOAWAY: Duration = Duration::from_secs(2);
/// So long at least a RST may take that answers a byte on a connection that is closed in both directions.
const RESET: Duration = Duration::from_millis(300);
const STEP: Duration = Duration::from_millis(10);

/// How a server closed a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Close {
    pub(crate) how: How,
    /// The status of an answer that nobody had asked for, such as 408.
    pub(crate) said: Option<u16>,
    /// After a FIN: whether it goes on to take what comes. `None`: not known.
    pub(crate) lingers: Option<bool>,
    /// After a GOAWAY: how long until the FIN; `None`: longer than was waited for.
    pub(crate) fin_after: Option<Duration>,
}

/// Looks what the server does after the end.
pub(crate) async fn observe(record: &Record, end: End) -> Close {
    let said = record.unasked_status();
    let mut close = Close {
        how: end.how,
        said,
        lingers: None,
        fin_after: None,
    };
    let has_fin = match end.how {
        How::Fin { .. } => true,
        How::GoAway(_) => {
            close.fin_after = fin_after(record, end.at).await;
            close.fin_after.is_some()
        }
        How::Reset | How::Broken => false,
    };
    if has_fin {
        close.lingers = lingers(record).await;
    }
    close
}

async fn fin_after(record: &Record, since: Instant) -> Option<Duration> {
    while since.elapsed() < BEHIND_GOAWAY {
        let vitals = record.vitals()?;
        if vitals.is_ended() {
            // Noticed up to a step late; the kernel knows better.
            return Some(since.elapsed().saturating_sub(vitals.since_heard()));
        }
        sleep(STEP).await;
    }
    None
}

/// Whether bytes that come after the server's FIN are taken and thrown away, or answered by a RST.
async fn lingers(record: &Record) -> Option<bool> {
    let byte: &[u8] = if record.is_tls() { b"\x15" } else { b"\r\n" };
    record.socket().send(byte).ok()?;
    let patience = record
        .vitals()
        .map_or(RESET, |vitals| RESET.max(vitals.round_trip() * 3));
    let sent = Instant::now();
    while sent.elapsed() < patience {
        sleep(STEP).await;
        let was_reset = match record.vitals() {
            Some(vitals) => vitals.is_closed(),
            None => matches!(record.socket().take_error(), Ok(Some(_))),
        };
        if was_reset {
            return Some(false);
        }
    }
    match record.vitals() {
        // Not even acknowledged: whoever sent the FIN is not there any more.
        Some(vitals) if vitals.is_unacknowledged() => None,
        _ => Some(true),
    }
}
