//! What is counted and refused above TLS; in cleartext the tap on the socket does it too.
//!
//! One value a connection, used on the connection's task only. It tells where an exchange begins, and freezes the
//! connection at its end.

use std::io;
use std::sync::Arc;
use std::task::{Context, Poll};

use super::book::{Boundary, Freeze, Hold};
use super::ledger::Ledger;
use crate::evidence::GateReason;

const HTTP2_PREFACE: &[u8] = b"PRI * HTTP/2";

/// The refusal as hyper carries it.
#[derive(Debug, thiserror::Error)]
#[error("the kept-alive connection could not be used any more: {}", .0.explain())]
pub(super) struct RefusedAtGate(pub(super) GateReason);

/// The state above TLS of one connection.
#[derive(Debug)]
pub(super) struct Plaintext {
    /// hyper may hold bytes that it could not write yet.
    unflushed: bool,
}

impl Plaintext {
    pub(super) fn new() -> Self {
        Self { unflushed: false }
    }

    /// hyper reads. It does so at the start of every poll of the connection, thus before every exchange, and never
    /// between taking bytes from a body and trying to write them.
    pub(super) fn before_read(&mut self, ledger: &Ledger) {
        if !self.unflushed {
            ledger.book().settle();
        }
    }

    /// These bytes came; none means the end. Returns whether the tap on the socket has to run, to keep a descriptor.
    pub(super) fn after_read(ledger: &Ledger, bytes: &[u8]) -> bool {
        let mut book = ledger.book();
        let first = book.received == book.received_before;
        book.read_plain(bytes.len() as u64);
        let crossed = first && book.exchanges > 0 && is_request_timeout(bytes);
        if crossed && !book.is_sealed() && !book.failed && !book.multiplexed {
            book.freeze = Freeze::Suspected(None);
            book.hold = Hold::Wanted;
        }
        matches!(book.hold, Hold::Wanted)
    }

    /// A read failed above TLS. What failed on the socket itself has been seen there.
    pub(super) fn read_failed(ledger: &Ledger, error: &io::Error) {
        let mut book = ledger.book();
        if book.ending.is_none() {
            book.fail(error);
        }
    }

    /// hyper writes: the first write of an exchange is where the gate stands.
    pub(super) fn before_write(
        &mut self,
        ledger: &Ledger,
        bytes: &[u8],
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        self.unflushed = true;
        let mut book = ledger.book();
        if !book.plain_written && bytes.starts_with(HTTP2_PREFACE) {
            book.multiplexed = true;
            book.boundary = Boundary::Unknown;
        }
        match &mut book.freeze {
            Freeze::Thawed => {}
            Freeze::Ended => return Poll::Ready(Err(closed(book.refused))),
            Freeze::Suspected(waker) => {
                *waker = Some(cx.waker().clone());
                return Poll::Pending;
            }
        }
        book.begin_if_certain();
        if book.condemned && book.gate_due {
            book.refuse(GateReason::Condemned);
        }
        if let Some(reason) = book.refused {
            return Poll::Ready(Err(refusal(reason)));
        }
        book.plain_written = true;
        Poll::Ready(Ok(()))
    }

    /// hyper flushes: it does so only when it holds nothing that it has not written.
    pub(super) fn before_flush(&mut self) {
        self.unflushed = false;
    }
}

/// Whether a shutdown is to be swallowed: it would write `close_notify`, or a FIN, into a socket whose last word is
/// being waited for.
pub(super) fn swallows_shutdown(ledger: &Arc<Ledger>) -> bool {
    let book = ledger.book();
    book.refused.is_some() || !matches!(book.freeze, Freeze::Thawed)
}

/// The error of a write after the peer's end, or after the refusal.
pub(super) fn closed(refused: Option<GateReason>) -> io::Error {
    refused.map_or_else(
        || {
            io::Error::new(
                io::ErrorKind::BrokenPipe,
                "the peer has closed the connection",
            )
        },
        refusal,
    )
}

pub(super) fn refusal(reason: GateReason) -> io::Error {
    io::Error::new(io::ErrorKind::BrokenPipe, RefusedAtGate(reason))
}

fn is_request_timeout(head: &[u8]) -> bool {
    head.starts_with(b"HTTP/1.1 408") || head.starts_with(b"HTTP/1.0 408")
}
