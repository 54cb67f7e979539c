//! The tap above TLS: response bytes, the end of the stream, the freeze.
//!
//! Over TLS the tap on the socket cannot tell a response from a session ticket, and rustls stops reading at
//! `close_notify`, so the FIN behind it is never read there.

use std::fmt;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::Extensions;
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::client::legacy::connect::{Connected, Connection};

use super::book::Admission;
use super::deaf;
use super::facts::Facts;
use super::ledger::Ledger;
use super::plaintext::{Plaintext, closed, swallows_shutdown};
use super::probe::Probe;
#[cfg(feature = "client")]
use super::probe::SYSTEM;
use super::read::poll_read_seen;

/// A connection watched above TLS; made by [`TrackLayer::above_tls`](super::TrackLayer::above_tls).
pub struct PlainIo<T> {
    inner: T,
    ledger: Arc<Ledger>,
    plaintext: Plaintext,
    /// No tap on the socket was found below: its counts are kept here, and there is no proof.
    alone: bool,
}

impl<T: Connection> PlainIo<T> {
    pub(super) fn new(inner: T, probe: &'static dyn Probe) -> Self {
        let mut extras = Extensions::new();
        inner.connected().get_extras(&mut extras);
        let below = extras.get::<Facts>().and_then(Facts::ledger);
        let alone = below.is_none();
        let ledger = below.unwrap_or_else(|| Ledger::new(probe));
        ledger.split();
        Self {
            inner,
            ledger,
            plaintext: Plaintext::new(),
            alone,
        }
    }
}

impl<T> PlainIo<T> {
    /// A tap on a connection that has none below.
    #[cfg(feature = "client")]
    pub(crate) fn alone(inner: T) -> Self {
        let ledger = Ledger::new(SYSTEM);
        ledger.split();
        Self {
            inner,
            ledger,
            plaintext: Plaintext::new(),
            alone: true,
        }
    }

    pub(crate) fn ledger(&self) -> Arc<Ledger> {
        Arc::clone(&self.ledger)
    }

    /// The connection.
    pub fn inner(&self) -> &T {
        &self.inner
    }

    #[cfg(test)]
    pub(super) fn inner_mut(&mut self) -> &mut T {
        &mut self.inner
    }

    /// Whether the write is to be made; if not, it is to be thrown away.
    fn admit(&mut self, first: &[u8]) -> io::Result<bool> {
        let mut book = self.ledger.book();
        let turns = self.ledger.turns();
        let admission = self.plaintext.before_write(&mut book, turns, first);
        drop(book);
        match admission {
            Admission::Granted => Ok(true),
            Admission::Swallowed => Ok(false),
            Admission::Refused(refused) => Err(closed(refused)),
        }
    }

    /// Notes what became of a write. Returns whether its failure is to be kept from whoever wrote.
    fn wrote(&self, offered: usize, result: &Poll<io::Result<usize>>) -> bool {
        let n = match result {
            Poll::Ready(Ok(n)) => *n,
            // TLS may have sent some records of it before it failed, and nobody below has counted them.
            Poll::Ready(Err(_)) => offered,
            Poll::Pending => 0,
        };
        let mut book = self.ledger.book();
        if self.alone {
            book.wrote_socket(n as u64);
        }
        Plaintext::after_write(&mut book);
        match result {
            Poll::Ready(Err(error)) if book.multiplexed => {
                // What failed on the socket itself has been seen there.
                if !book.failed {
                    book.fail(error);
                }
                book.is_deaf()
            }
            _ => false,
        }
    }
}

impl<T: Read + Write + Unpin> Read for PlainIo<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        cursor: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        this.plaintext.before_read(&this.ledger);
        let ledger = &this.ledger;
        let mut wants_hold = false;
        let mut is_end = false;
        let result = poll_read_seen(Pin::new(&mut this.inner), cx, cursor, |bytes| {
            is_end = bytes.is_empty();
            wants_hold = Plaintext::after_read(&mut ledger.book(), bytes);
        });
        if result.is_ready() {
            ledger.has_come();
        }
        if let Poll::Ready(Err(error)) = &result {
            Plaintext::read_failed(&mut ledger.book(), error);
            is_end = true;
        }
        if is_end {
            ledger.teach(None);
        }
        if this.alone && result.is_pending() && ledger.is_deaf() {
            return deaf::read_nothing(ledger, None);
        }
        if wants_hold {
            // Reaches the tap on the socket, which then keeps a descriptor. There is nothing to flush: TLS hands on
            // what it has as soon as it has it, and if it has more, the frozen write loses the proof and nothing else.
            let _ = Pin::new(&mut this.inner).poll_flush(cx);
        }
        result
    }
}

impl<T: Write + Unpin> Write for PlainIo<T> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        if !this.admit(buf)? {
            return deaf::swallow(&this.ledger, cx, &[IoSlice::new(buf)]);
        }
        let result = Pin::new(&mut this.inner).poll_write(cx, buf);
        if this.wrote(buf.len(), &result) {
            return deaf::swallow(&this.ledger, cx, &[IoSlice::new(buf)]);
        }
        result
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        let first = bufs.first().map_or(&[][..], |first| first);
        let len = bufs.iter().map(|buf| buf.len()).sum();
        if !this.admit(first)? {
            return deaf::swallow(&this.ledger, cx, bufs);
        }
        let result = Pin::new(&mut this.inner).poll_write_vectored(cx, bufs);
        if this.wrote(len, &result) {
            return deaf::swallow(&this.ledger, cx, bufs);
        }
        result
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.plaintext.before_flush();
        if self.ledger.is_deaf() {
            return Poll::Ready(Ok(()));
        }
        let result = Pin::new(&mut self.inner).poll_flush(cx);
        deaf::flushed(&self.ledger, cx, result)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if swallows_shutdown(&self.ledger) {
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

impl<T: Connection> Connection for PlainIo<T> {
    fn connected(&self) -> Connected {
        let connected = self.inner.connected();
        if self.alone {
            self.ledger.open();
            connected.extra(Facts::Origin(Arc::clone(&self.ledger)))
        } else {
            connected
        }
    }
}

impl<T> Drop for PlainIo<T> {
    fn drop(&mut self) {
        if self.alone {
            self.ledger.book().released = true;
            self.ledger.notify();
        }
    }
}

impl<T: fmt::Debug> fmt::Debug for PlainIo<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PlainIo")
            .field("inner", &self.inner)
            .field("connection", &self.ledger.id())
            .finish_non_exhaustive()
    }
}
