//! The gate: the one question to the kernel before an exchange begins.
//!
//! The runtime's own readiness is not enough: a busy runtime has not polled the socket since the FIN arrived. One
//! `getsockopt` tells whether the connection is dead, whether something lies unread, and how much is acknowledged.

use super::book::Book;
use super::ledger::Ledger;
use super::probe::{Peek, Sample, State};
use super::socket::SocketRef;
use super::trust::RESTED;
use crate::evidence::GateReason;

const ALERT: u8 = 21;
const APPLICATION_DATA: u8 = 23;
/// An alert in TLS 1.3: two bytes, the true type and the tag, disguised as application data.
const ALERT_IN_TLS13: [u8; 2] = [0, 19];

/// Asks the kernel whether the connection can carry an exchange; a refusal is final. `believe`: whether its counters may
/// be believed, unless they have refuted themselves.
pub(super) fn ask(ledger: &Ledger, socket: SocketRef<'_>, believe: bool) -> Result<(), GateReason> {
    let mut sample = if believe {
        ledger.probe().sample(socket)
    } else {
        None
    };
    let passed = {
        let mut book = ledger.book();
        book.alive()?;
        if book.refuted {
            sample = None;
        }
        sample.as_ref().and_then(|sample| pass(&mut book, sample))
    };
    let unread = match passed {
        Some(Ok(false)) => return Ok(()),
        Some(Ok(true)) => Ok(false),
        Some(Err(reason)) => Err(reason),
        None => look(ledger, socket, sample.is_some()),
    };
    let answer = match unread {
        // Under TLS session tickets and the like may lie there; in cleartext nothing may.
        Ok(true) if !ledger.is_split() || is_alert(ledger.probe().peek_record(socket)) => {
            Err(GateReason::Unsolicited)
        }
        Ok(_) => ledger.trusted(sample),
        Err(reason) => Err(reason),
    };
    // Without the kernel's word the tap tells, when it comes to it.
    if answer == Err(GateReason::HalfClosed) && sample.is_some() {
        ledger.teach(sample);
    }
    let mut book = ledger.book();
    book.gate_due = false;
    if let Err(reason) = answer {
        book.refuse(reason);
    }
    answer
}

/// What the counters alone say, all under one lock; `None` if something lies unread, which is to be looked at. `Ok(true)`: it
/// is alive, and may yet be too old.
fn pass(book: &mut Book, sample: &Sample) -> Option<Result<bool, GateReason>> {
    calibrate(book, sample);
    if let Err(reason) = judge(sample) {
        return Some(Err(reason));
    }
    if sample.received > book.read {
        return None;
    }
    book.gate_due = false;
    let may_be_past = book.is_last || sample.last_data_recv >= RESTED;
    Some(Ok(may_be_past && book.trust.is_some()))
}

/// Whether something lies unread, as a peek sees it. `counted`: the counters say that something does.
fn look(ledger: &Ledger, socket: SocketRef<'_>, counted: bool) -> Result<bool, GateReason> {
    match ledger.probe().peek(socket) {
        Peek::End => Err(GateReason::HalfClosed),
        Peek::Failed => Err(GateReason::Closed),
        Peek::Data => Ok(true),
        Peek::Empty => {
            if counted {
                // Somebody has read before the tap was put on: a connector that spoke with a proxy first.
                refute(&mut ledger.book());
            }
            Ok(false)
        }
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
