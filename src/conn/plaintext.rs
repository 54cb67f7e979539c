//! What is counted and refused above TLS; in cleartext the tap on the socket does it too.
//!
//! One value a connection, used on the connection's task only; the tap locks the book for it, once before a call into the
//! transport and once after, never across. It tells where an exchange begins, and freezes the
//! connection at its end.

use std::io;
use std::sync::Arc;

use super::book::{Admission, Book, Boundary, Ending, Freeze};
use super::ledger::Ledger;
use crate::evidence::GateReason;

const HTTP2_PREFACE: &[u8] = b"PRI * HTTP/2";
/// How a TLS handshake begins: a handshake record of version 3.
const TLS_HANDSHAKE: &[u8] = &[22, 3];

/// The refusal as hyper carries it.
#[derive(Debug, thiserror::Error)]
#[error("the kept-alive connection could not be used any more: {}", .0.explain())]
pub(super) struct RefusedAtGate(pub(super) GateReason);

/// The state above TLS of one connection.
#[derive(Debug)]
pub(super) struct Plaintext {
    /// hyper may hold bytes that it could not write yet.
    unflushed: bool,
    /// The turns of the ledger when hyper last read.
    turns_at_read: u32,
    /// The body of the exchange before was still on its way when hyper last read.
    unsettled: bool,
}

impl Plaintext {
    pub(super) fn new() -> Self {
        Self {
            unflushed: false,
            turns_at_read: 0,
            unsettled: false,
        }
    }

    /// hyper reads. It does so at the start of every poll of the connection, thus before every exchange, and never
    /// between taking bytes from a body and trying to write them. A turn on another thread may fall between the two.
    ///
    /// Most reads find nothing to do here, and take no lock: the boundary is set by a turn, which is counted, or by this
    /// task. A turn that is not seen yet comes after this read.
    #[inline]
    pub(super) fn before_read(&mut self, ledger: &Ledger) {
        if self.unsettled || ledger.turns() != self.turns_at_read {
            self.settle(ledger);
        }
    }

    fn settle(&mut self, ledger: &Ledger) {
        let mut book = ledger.book();
        self.turns_at_read = ledger.turns();
        if !self.unflushed {
            book.settle();
        }
        self.unsettled = matches!(book.boundary, Boundary::AfterBody(_));
    }

    /// These bytes came; none means the end. Returns whether the tap on the socket has to run, to keep a descriptor.
    #[inline]
    pub(super) fn after_read(book: &mut Book, bytes: &[u8]) -> bool {
        let is_head = book.received == book.received_before;
        book.read_plain(bytes.len() as u64);
        if is_head {
            match status(bytes) {
                Some(b"101") => book.tunnel = true,
                Some(b"408") => book.suspect(),
                _ => {}
            }
        }
        book.wants_hold()
    }

    /// A read failed above TLS. What failed on the socket itself has been seen there.
    pub(super) fn read_failed(book: &mut Book, error: &io::Error) {
        match error.kind() {
            _ if book.ending.is_some() => {}
            // The stream ended without a `close_notify`.
            io::ErrorKind::UnexpectedEof => book.end(Ending::Closed),
            _ => book.fail(error),
        }
    }

    /// hyper writes: the first write of an exchange is where the gate stands. `turns`: read under the lock.
    #[expect(clippy::inline_always, reason = "it is what a write begins with")]
    #[inline(always)]
    pub(super) fn before_write(&mut self, book: &mut Book, turns: u32, bytes: &[u8]) -> Admission {
        self.unflushed = true;
        // Either may come after a proxy's CONNECT. What is spoken within TLS cannot be told from below: it may be HTTP/2.
        if is_http2_preface(bytes) || (!book.split && bytes.starts_with(TLS_HANDSHAKE)) {
            book.multiplexed = true;
        }
        book.overtake(turns != self.turns_at_read);
        let begins = book.begin_if_certain();
        if let Some(reason) = book.condemned.filter(|_| begins) {
            book.refuse(reason);
        }
        let admission = book.admission();
        if admission != Admission::Granted {
            return admission;
        }
        book.tunnel |= begins && bytes.starts_with(b"CONNECT ");
        book.thaw();
        book.plain_written = true;
        book.is_resting = false;
        book.outstanding = true;
        book.writes = book.writes.saturating_add(1);
        book.writing = true;
        admission
    }

    /// The write is over; whatever goes into the socket now is a rest that TLS had kept back.
    #[inline]
    pub(super) fn after_write(book: &mut Book) {
        book.writing = false;
    }

    /// hyper flushes: it does so only when it holds nothing that it has not written.
    #[inline]
    pub(super) fn before_flush(&mut self) {
        self.unflushed = false;
    }
}

/// Whether a shutdown is to be swallowed: it would write `close_notify`, or a FIN, into a socket whose last word is
/// being waited for.
pub(super) fn swallows_shutdown(ledger: &Arc<Ledger>) -> bool {
    let book = ledger.book();
    book.refused.is_some() || book.freeze != Freeze::Thawed || book.is_deaf()
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

/// Mostly the first byte decides, without a call for each write.
#[inline]
fn is_http2_preface(bytes: &[u8]) -> bool {
    bytes.first() == HTTP2_PREFACE.first() && bytes.starts_with(HTTP2_PREFACE)
}

/// The status of a response that begins with these bytes.
fn status(head: &[u8]) -> Option<&[u8]> {
    head.strip_prefix(b"HTTP/1.")?.get(2..5)
}
