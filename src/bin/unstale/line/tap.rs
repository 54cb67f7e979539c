//! What hyper and h2 read and write: it notes every byte and the end.
//!
//! Apart from the record, which outlives it. Invariant: once the server has ended the connection nothing is written any more,
//! not even our own end: what is seen afterwards is the server's doing, and not an answer to ours.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::Stream;
use super::record::{How, Record};

/// A stream, in cleartext or above TLS.
pub(crate) struct Tap {
    stream: Box<dyn Stream>,
    record: Arc<Record>,
}

impl Tap {
    pub(super) fn new(stream: impl Stream + 'static, record: Arc<Record>) -> Self {
        Self {
            stream: Box::new(stream),
            record,
        }
    }

    fn note_end(&self, read: &io::Result<()>) {
        match read {
            Ok(()) => self.record.note_fin(self.record.is_tls().then_some(true)),
            // rustls: the FIN came without a close_notify.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                self.record.note_fin(self.record.is_tls().then_some(false));
            }
            Err(error) => self.record.note_error(error),
        }
    }

    /// Whether the server has closed; after a GOAWAY alone our half of HTTP/2 goes on.
    fn is_closed(&self) -> bool {
        let end = self.record.end();
        end.is_some_and(|end| !matches!(end.how, How::GoAway(_)))
    }
}

impl fmt::Debug for Tap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tap")
            .field("record", &self.record)
            .finish_non_exhaustive()
    }
}

impl Drop for Tap {
    fn drop(&mut self) {
        self.record.note_unread();
    }
}

impl AsyncRead for Tap {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let room = buf.remaining();
        let read = ready!(Pin::new(&mut self.stream).poll_read(cx, buf));
        let bytes = buf.filled().get(before..).unwrap_or_default();
        if read.is_ok() && (!bytes.is_empty() || room == 0) {
            self.record.note_bytes(bytes);
        } else {
            self.note_end(&read);
        }
        Poll::Ready(read)
    }
}

impl AsyncWrite for Tap {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.is_closed() {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        let written = ready!(Pin::new(&mut self.stream).poll_write(cx, buf));
        if let Err(error) = &written {
            self.record.note_error(error);
        }
        Poll::Ready(written)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.is_closed() {
            return Poll::Ready(Ok(()));
        }
        let flushed = ready!(Pin::new(&mut self.stream).poll_flush(cx));
        if let Err(error) = &flushed {
            self.record.note_error(error);
        }
        Poll::Ready(flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.record.end().is_some() {
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
