//! The tap on the socket, below TLS: bytes, acknowledgements, FIN and RST. In cleartext it is the only one.

use std::fmt;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::client::legacy::connect::{Connected, Connection};

use super::book::Hold;
use super::facts::Facts;
use super::gate;
use super::ledger::Ledger;
use super::plaintext::{Plaintext, closed, refusal, swallows_shutdown};
use super::read::poll_read_seen;
use super::second_look::Held;
use super::socket::SocketRef;

/// How a transport shows its socket.
pub(super) type ShowSocket<T> = for<'a> fn(&'a T) -> Option<SocketRef<'a>>;

/// What a write that failed may have sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FailedWrite {
    /// Nothing: the system call failed.
    SentNothing,
    /// Some of it: what the transport does in a write is not known.
    MayHaveSent,
}

/// A transport whose socket is watched; made by [`TrackLayer`](super::TrackLayer).
pub struct TrackedIo<T> {
    inner: T,
    show: ShowSocket<T>,
    ledger: Arc<Ledger>,
    plaintext: Plaintext,
    plain_tcp: bool,
    failed_write: FailedWrite,
}

impl<T> TrackedIo<T> {
    pub(super) fn new(
        inner: T,
        show: ShowSocket<T>,
        ledger: Arc<Ledger>,
        failed_write: FailedWrite,
    ) -> Self {
        let plain_tcp = show(&inner).is_some_and(|socket| ledger.probe().is_plain_tcp(socket));
        Self {
            inner,
            show,
            ledger,
            plaintext: Plaintext::new(),
            plain_tcp,
            failed_write,
        }
    }

    /// The transport.
    pub fn inner(&self) -> &T {
        &self.inner
    }

    /// Whether a tap above TLS does what is to be done in plaintext.
    fn is_split(&self) -> bool {
        self.ledger.book().split
    }

    /// What stands before every write to the socket: the latch, the freeze, and at an exchange's begin the gate.
    fn admit(&self) -> io::Result<()> {
        let due = {
            let book = self.ledger.book();
            if book.is_sealed() {
                return Err(closed(book.refused));
            }
            book.gate_due
        };
        match (self.show)(&self.inner) {
            Some(socket) if due => gate::ask(&self.ledger, socket, self.plain_tcp).map_err(refusal),
            _ => Ok(()),
        }
    }

    /// Makes the descriptor for the second look, if one is wanted and not made yet.
    fn hold(&self) {
        let written = {
            let book = self.ledger.book();
            if !matches!(book.hold, Hold::Wanted) {
                return;
            }
            book.written
        };
        let held = (self.show)(&self.inner)
            .and_then(|socket| Held::take(socket, self.ledger.probe(), written));
        self.ledger.book().hold = held.map_or(Hold::Unavailable, Hold::Held);
        self.ledger.notify();
    }

    fn wrote(&self, result: &Poll<io::Result<usize>>) {
        match result {
            Poll::Ready(Ok(n)) => self.ledger.book().wrote_socket(*n as u64),
            Poll::Ready(Err(error)) => {
                let mut book = self.ledger.book();
                if self.failed_write == FailedWrite::MayHaveSent {
                    // One byte is enough for it not to be "not sent".
                    book.wrote_socket(1);
                }
                book.fail(error);
            }
            Poll::Pending => {}
        }
    }

    /// Writes by `write`, with everything that stands before and after it.
    fn poll_write_by(
        &mut self,
        cx: &mut Context<'_>,
        first: &[u8],
        write: impl FnOnce(Pin<&mut T>, &mut Context<'_>) -> Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>>
    where
        T: Unpin,
    {
        let split = self.is_split();
        if !split {
            self.plaintext.before_write(&self.ledger, first)?;
        }
        self.admit()?;
        let result = write(Pin::new(&mut self.inner), cx);
        self.wrote(&result);
        if !split {
            Plaintext::after_write(&self.ledger);
        }
        result
    }
}

impl<T: Read + Unpin> Read for TrackedIo<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        cursor: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let split = this.is_split();
        if !split {
            this.plaintext.before_read(&this.ledger);
        }
        let ledger = &this.ledger;
        let result = poll_read_seen(Pin::new(&mut this.inner), cx, cursor, |bytes| {
            ledger.book().read_socket(bytes.len() as u64);
            if !split {
                Plaintext::after_read(ledger, bytes);
            }
        });
        match &result {
            Poll::Ready(Err(error)) => ledger.book().fail(error),
            Poll::Ready(Ok(())) => this.hold(),
            Poll::Pending => {}
        }
        result
    }
}

impl<T: Write + Unpin> Write for TrackedIo<T> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_write_by(cx, buf, |io, cx| io.poll_write(cx, buf))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let first = bufs.first().map_or(&[][..], |first| first);
        self.poll_write_by(cx, first, |io, cx| io.poll_write_vectored(cx, bufs))
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.hold();
        self.plaintext.before_flush();
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if swallows_shutdown(&self.ledger) {
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

impl<T: Connection> Connection for TrackedIo<T> {
    fn connected(&self) -> Connected {
        self.ledger.open();
        self.inner
            .connected()
            .extra(Facts::Origin(Arc::clone(&self.ledger)))
    }
}

impl<T> Drop for TrackedIo<T> {
    fn drop(&mut self) {
        self.hold();
        let mut book = self.ledger.book();
        book.released = true;
        // Nothing of a failed attempt is sent any more, not even by the kernel: its replay may be on its way.
        let abandoned = book.is_abandoned();
        drop(book);
        self.ledger.notify();
        if let Some(socket) = (self.show)(&self.inner).filter(|_| abandoned) {
            let _ = socket2::SockRef::from(&socket).set_linger(Some(std::time::Duration::ZERO));
        }
    }
}

impl<T: fmt::Debug> fmt::Debug for TrackedIo<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TrackedIo")
            .field("inner", &self.inner)
            .field("connection", &self.ledger.id())
            .finish_non_exhaustive()
    }
}
