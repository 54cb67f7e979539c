//! The tap on the socket, below TLS: bytes, acknowledgements, FIN and RST. In cleartext it is the only one.

use std::fmt;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::client::legacy::connect::{Connected, Connection};

use super::book::Admission;
use super::deaf;
use super::facts::Facts;
use super::gate;
use super::ledger::Ledger;
use super::plaintext::{Plaintext, closed, refusal, swallows_shutdown};
use super::read::poll_read_seen;
use super::reader::Reader;
use super::second_look::Held;
use super::seldom::Hold;
use super::socket::{LastingSocket, SocketRef};

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
    /// Whether the last read had to wait, of a socket which wakes when there is something to read, and not before.
    has_to_wait: bool,
    is_lasting: bool,
    reader: Reader,
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
            has_to_wait: false,
            is_lasting: false,
            reader: Reader::Unknown,
        }
    }

    /// Lets the pool ask about a socket that stays open as long as the transport lives.
    pub(super) fn note(&mut self, lasting: Option<LastingSocket>) {
        self.is_lasting = lasting.is_some();
        if let Some(socket) = lasting {
            self.ledger.watched.note(socket, self.plain_tcp);
        }
    }

    /// The transport.
    pub fn inner(&self) -> &T {
        &self.inner
    }

    /// What stands before every write to the socket: the latch, the freeze, and at an exchange's begin the gate.
    /// Whether the write is to be made; if not, it is to be thrown away.
    #[expect(clippy::inline_always, reason = "it is what a write begins with")]
    #[inline(always)]
    fn admit(&mut self, split: bool, first: &[u8]) -> io::Result<bool> {
        let (admission, is_due) = {
            let mut book = self.ledger.book();
            let admission = if split {
                book.admission()
            } else {
                let turns = self.ledger.turns();
                self.plaintext.before_write(&mut book, turns, first)
            };
            (admission, book.gate_due)
        };
        match admission {
            Admission::Granted => {}
            Admission::Swallowed => return Ok(false),
            Admission::Refused(refused) => return Err(closed(refused)),
        }
        if let Some(socket) = (self.show)(&self.inner).filter(|_| is_due) {
            gate::ask(&self.ledger, socket, self.plain_tcp).map_err(refusal)?;
        }
        Ok(true)
    }

    /// Makes the descriptor for the second look, if one is wanted and not made yet.
    fn hold(&self) {
        let written = {
            let book = self.ledger.book();
            if !book.wants_hold() {
                return;
            }
            book.written
        };
        let held = (self.show)(&self.inner)
            .and_then(|socket| Held::take(socket, self.ledger.probe(), written));
        let made = held.map_or(Hold::Unavailable, Hold::Held);
        self.ledger.book().set_hold(made);
        self.ledger.notify();
    }

    /// A read has failed, or wants a descriptor for the second look, or found nothing on a connection that is deaf.
    #[cold]
    fn conclude_read(
        &self,
        result: Poll<io::Result<()>>,
        wants_hold: bool,
    ) -> Poll<io::Result<()>> {
        match &result {
            Poll::Ready(Ok(())) => {}
            Poll::Ready(Err(error)) => {
                self.ledger.fail(error);
                self.ledger.teach(None);
            }
            Poll::Pending => return deaf::read_nothing(&self.ledger, (self.show)(&self.inner)),
        }
        if wants_hold {
            self.hold();
        }
        result
    }

    /// Notes what became of a write. Returns whether its failure is to be kept from whoever wrote.
    #[expect(clippy::inline_always, reason = "it is what a write ends with")]
    #[inline(always)]
    fn wrote(&self, split: bool, result: &Poll<io::Result<usize>>) -> bool {
        let mut book = self.ledger.book();
        match result {
            Poll::Ready(Ok(n)) => book.wrote_socket(*n as u64),
            Poll::Ready(Err(error)) => {
                if self.failed_write == FailedWrite::MayHaveSent {
                    // One byte is enough for it not to be "not sent".
                    book.wrote_socket(1);
                }
                book.fail(error);
            }
            Poll::Pending => {}
        }
        if !split {
            Plaintext::after_write(&mut book);
        }
        matches!(result, Poll::Ready(Err(_))) && book.is_deaf()
    }

    /// Writes by `write`, with everything that stands before and after it.
    fn poll_write_by(
        &mut self,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
        write: impl FnOnce(Pin<&mut T>, &mut Context<'_>) -> Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>>
    where
        T: Unpin,
    {
        let first = bufs.first().map_or(&[][..], |first| first);
        let split = self.ledger.is_split();
        if !self.admit(split, first)? {
            return deaf::swallow(&self.ledger, cx, bufs);
        }
        let result = write(Pin::new(&mut self.inner), cx);
        if self.wrote(split, &result) {
            return deaf::swallow(&self.ledger, cx, bufs);
        }
        result
    }
}

/// Counts what came. Returns whether a descriptor for the second look is wanted.
#[inline(never)]
fn came(ledger: &Ledger, split: bool, bytes: &[u8]) -> bool {
    let mut book = ledger.book();
    book.read_socket(bytes.len() as u64);
    if split {
        book.wants_hold()
    } else {
        Plaintext::after_read(&mut book, bytes)
    }
}

impl<T: Read + Unpin> TrackedIo<T> {
    /// Whether the last read had to wait, and nothing has come since; for the one who waits.
    #[inline]
    fn is_waiting(&self, cx: &Context<'_>) -> bool {
        self.has_to_wait
            && !self.ledger.may_read()
            && !self.ledger.is_deaf()
            && self.reader.is_by(cx, &self.ledger)
    }

    /// Reads the socket, by a waker that notes that there is something to read if there is one.
    #[inline(never)]
    fn read_by(&mut self, cx: &mut Context<'_>, cursor: ReadBufCursor<'_>) -> Poll<io::Result<()>> {
        let is_by = self.is_lasting && self.ledger.is_by(cx);
        if self.is_lasting && !is_by {
            return self.read_for_task(cx, cursor);
        }
        if is_by && !matches!(self.reader, Reader::InTurns) {
            self.reader = Reader::InTurns;
        }
        self.read_socket(cx, cursor, is_by)
    }

    /// Reads a lasting socket for a task that has a waker of its own.
    #[inline(never)]
    fn read_for_task(
        &mut self,
        cx: &mut Context<'_>,
        cursor: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let waker = self.reader.stand_in(cx.waker(), &self.ledger);
        let waker = waker.as_ref();
        let mut by = Context::from_waker(waker.unwrap_or_else(|| cx.waker()));
        self.read_socket(&mut by, cursor, waker.is_some())
    }

    /// Reads the socket. `is_by`: by the ledger's waker.
    #[expect(clippy::inline_always, reason = "it is what a read consists of")]
    #[inline(always)]
    fn read_socket(
        &mut self,
        cx: &mut Context<'_>,
        cursor: ReadBufCursor<'_>,
        is_by: bool,
    ) -> Poll<io::Result<()>> {
        let ledger = &self.ledger;
        let split = ledger.is_split();
        if is_by {
            ledger.is_read();
        }
        let mut wants_hold = false;
        let mut is_end = false;
        let result = poll_read_seen(Pin::new(&mut self.inner), cx, cursor, |bytes| {
            is_end = bytes.is_empty();
            wants_hold = came(ledger, split, bytes);
        });
        self.has_to_wait = is_by && result.is_pending();
        if result.is_pending() && !ledger.is_deaf() {
            return result;
        }
        ledger.has_come();
        if is_end {
            ledger.teach(None);
        }
        if matches!(result, Poll::Ready(Ok(()))) && !wants_hold {
            return result;
        }
        self.conclude_read(result, wants_hold)
    }
}

impl<T: Read + Unpin> Read for TrackedIo<T> {
    #[inline]
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        cursor: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if !this.ledger.is_split() {
            this.plaintext.before_read(&this.ledger);
        }
        // hyper reads several times in each of its polls. Nothing need be asked of the runtime before it has something to say.
        if this.is_waiting(cx) {
            return Poll::Pending;
        }
        this.read_by(cx, cursor)
    }
}

impl<T: Write + Unpin> Write for TrackedIo<T> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_write_by(cx, &[IoSlice::new(buf)], |io, cx| io.poll_write(cx, buf))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if let [only] = bufs {
            // hyper makes a list of a single buffer too, which the kernel takes for less by itself.
            return self.poll_write(cx, only);
        }
        self.poll_write_by(cx, bufs, |io, cx| io.poll_write_vectored(cx, bufs))
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.ledger.is_split() {
            // The tap above TLS flushes so that a descriptor is made; in cleartext the read that wants one makes it.
            self.hold();
        }
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
        // Before the transport goes, and its descriptor with it.
        self.ledger.watched.forget();
        self.hold();
        let mut book = self.ledger.book();
        book.released = true;
        // Nothing of a failed attempt is sent any more, not even by the kernel: its replay may be on its way.
        let abandoned = book.is_abandoned() || self.ledger.is_awaited();
        drop(book);
        if let Some(socket) = (self.show)(&self.inner).filter(|_| abandoned) {
            let _ = socket2::SockRef::from(&socket).set_linger(Some(std::time::Duration::ZERO));
        }
        self.ledger.notify();
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
