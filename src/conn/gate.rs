//! The gate: the one question to the kernel before an exchange begins.
//!
//! The runtime's own readiness is not enough: a busy runtime has not polled the socket since the FIN arrived. One
//! `getsockopt` tells whether the connection is dead, whether something lies unread, and how much is acknowledged.

use super::book::Book;
use super::ledger::Ledger;
use super::probe::{Peek, Sample, State};
use super::socket::SocketRef;
use crate::evidence::GateReason;

const ALERT: u8 = 21;
const APPLICATION_DATA: u8 = 23;
/// An alert in TLS 1.3: two bytes, the true type and the tag, disguised as application data.
const ALERT_IN_TLS13: [u8; 2] = [0, 19];

/// Asks the kernel whether the connection can carry an exchange; a refusal is final.
pub(super) fn ask(
    ledger: &Ledger,
    socket: SocketRef<'_>,
    plain_tcp: bool,
) -> Result<(), GateReason> {
    let probe = ledger.probe();
    let (believe, split) = {
        let book = ledger.book();
        (plain_tcp && !book.refuted, book.split)
    };
    let sample = believe.then(|| probe.sample(socket)).flatten();
    let counted = sample.map(|sample| {
        let mut book = ledger.book();
        calibrate(&mut book, &sample);
        judge(&sample).map(|()| sample.received > book.read)
    });
    let unread = match counted {
        Some(Ok(true)) | None => {
            let seen = look(probe.peek(socket));
            if counted.is_some() && seen == Ok(false) {
                // Somebody has read before the tap was put on: a connector that spoke with a proxy first.
                refute(&mut ledger.book());
            }
            seen
        }
        Some(counted) => counted,
    };
    let answer = match unread {
        // Under TLS session tickets and the like may lie there; in cleartext nothing may.
        Ok(true) if !split || is_alert(probe.peek_record(socket)) => Err(GateReason::Unsolicited),
        Ok(_) => Ok(()),
        Err(reason) => Err(reason),
    };
    let mut book = ledger.book();
    book.gate_due = false;
    if let Err(reason) = answer {
        book.refuse(reason);
    }
    answer
}

/// Whether something lies unread.
fn look(peek: Peek) -> Result<bool, GateReason> {
    match peek {
        Peek::End => Err(GateReason::HalfClosed),
        Peek::Failed => Err(GateReason::Closed),
        Peek::Data => Ok(true),
        Peek::Empty => Ok(false),
    }
}

fn judge(sample: &Sample) -> Result<(), GateReason> {
    match sample.state {
        State::Established => Ok(()),
        State::CloseWait => Err(GateReason::HalfClosed),
        State::Close | State::Other => Err(GateReason::Closed),
    }
}

/// Kernel counters are believed only where they prove themselves: on a connection that lies idle after an answer,
/// exactly what was written is acknowledged. Asked anew at each gate; a count above what was written is never forgiven.
fn calibrate(book: &mut Book, sample: &Sample) {
    book.acknowledged = Some(sample.acknowledged);
    book.calibrated = book.written > 0 && sample.acknowledged == book.written;
    if sample.acknowledged > book.written {
        refute(book);
    }
}

/// The counters are about something else than what the taps have seen: nothing rests on them any more.
fn refute(book: &mut Book) {
    book.refuted = true;
    book.calibrated = false;
    book.acknowledged = None;
}

/// Whether what lies unread is a TLS alert, such as `close_notify`. In TLS 1.3 another record may have this length too;
/// then a living connection is given up, which costs a connect.
fn is_alert(header: Option<[u8; 5]>) -> bool {
    match header {
        Some([ALERT, ..]) => true,
        Some([APPLICATION_DATA, _, _, len @ ..]) => len == ALERT_IN_TLS13,
        _ => false,
    }
}
