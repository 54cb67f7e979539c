//! The body of a response, which holds the connection until it ends.

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::runtime::Handle;
use tokio::time::timeout;

use crate::pool::{DiscardReason, Lease, Protocol};

/// How much of a body that nobody reads to its end is read for the connection's sake.
const DRAIN_LIMIT: u64 = 64 * 1024;
/// And for how long.
const DRAIN_TIME: Duration = Duration::from_millis(500);

/// The body of a response.
///
/// When it has ended its connection goes back to the pool. Dropped before that, what is left is read in the background,
/// 64 KiB and half a second at most, so that the connection can be used again; if more is left, or it takes longer, the
/// connection is closed. (Of HTTP/2 the stream alone is reset; the connection stays.)
pub struct ResponseBody {
    incoming: Option<Incoming>,
    lease: Option<Lease>,
}

impl ResponseBody {
    #[inline]
    pub(super) fn new(incoming: Incoming, lease: Option<Lease>) -> Self {
        let mut body = Self {
            incoming: Some(incoming),
            lease,
        };
        body.release_at_end();
        body
    }

    /// Reads it to its end, and gives all of its bytes. They are held in memory, however many the server sends: for what may
    /// be large, poll the frames.
    ///
    /// # Errors
    ///
    /// If the response breaks off, or is no HTTP from some byte on.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future drops the body, with what was read of it.
    pub async fn bytes(mut self) -> Result<Bytes, ResponseBodyError> {
        let mut all = Bytes::new();
        let mut joined = BytesMut::new();
        while let Some(frame) = poll_fn(|cx| Pin::new(&mut self).poll_frame(cx)).await {
            let Ok(data) = frame?.into_data() else {
                continue;
            };
            // Mostly there is one piece, which need not be copied.
            if all.is_empty() && joined.is_empty() {
                all = data;
                continue;
            }
            joined.extend_from_slice(&std::mem::take(&mut all));
            joined.extend_from_slice(&data);
        }
        Ok(if joined.is_empty() {
            all
        } else {
            joined.freeze()
        })
    }

    /// Of a body that has ended nothing more is asked of hyper.
    #[inline]
    fn release_at_end(&mut self) {
        if self.is_end_stream() {
            self.incoming = None;
            if let Some(lease) = self.lease.take() {
                lease.give_back();
            }
        }
    }
}

/// A response broke off, or was none from some byte on.
#[derive(Debug, thiserror::Error)]
#[error(
    "the response broke off: the server closed the connection, or sent what is no HTTP, before its body was complete"
)]
pub struct ResponseBodyError {
    source: hyper::Error,
}

impl Body for ResponseBody {
    type Data = Bytes;
    type Error = ResponseBodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, ResponseBodyError>>> {
        let this = &mut *self;
        let Some(incoming) = &mut this.incoming else {
            return Poll::Ready(None);
        };
        let read = || Pin::new(incoming).poll_frame(cx);
        let polled = match &this.lease {
            Some(lease) => lease.read(read),
            None => read(),
        };
        match ready!(polled) {
            Some(Ok(frame)) => {
                self.release_at_end();
                Poll::Ready(Some(Ok(frame)))
            }
            Some(Err(source)) => {
                self.incoming = None;
                if let Some(lease) = self.lease.take() {
                    broke_off(&source, lease);
                }
                Poll::Ready(Some(Err(ResponseBodyError { source })))
            }
            None => {
                self.incoming = None;
                self.release_at_end();
                Poll::Ready(None)
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.incoming.as_ref().is_none_or(Incoming::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        let incoming = self.incoming.as_ref();
        incoming.map_or_else(|| SizeHint::with_exact(0), Incoming::size_hint)
    }
}

impl Drop for ResponseBody {
    fn drop(&mut self) {
        let Some(incoming) = self.incoming.take() else {
            return;
        };
        let Some(lease) = self.lease.take() else {
            return;
        };
        if lease.protocol() == Protocol::Http2 {
            // hyper resets the stream when `incoming` goes.
            return lease.give_back();
        }
        let is_small = incoming.size_hint().lower() <= DRAIN_LIMIT;
        match Handle::try_current() {
            Ok(runtime) if is_small => drop(runtime.spawn(drain(incoming, lease))),
            _ => lease.discard(DiscardReason::NotDrained),
        }
    }
}

/// The body broke off: with its connection, or over HTTP/2 perhaps alone.
#[cold]
fn broke_off(error: &hyper::Error, lease: Lease) {
    #[cfg(feature = "http2")]
    if lease.protocol() == Protocol::Http2 && crate::client::h2_words::is_of_one_stream(error) {
        return lease.end_stream();
    }
    let _ = error;
    lease.discard(DiscardReason::Failed);
}

async fn drain(mut incoming: Incoming, lease: Lease) {
    match timeout(DRAIN_TIME, is_read_to_end(&mut incoming)).await {
        Ok(true) => lease.give_back(),
        _ => lease.discard(DiscardReason::NotDrained),
    }
}

/// Reads a body that nobody wants. Returns whether it came to its end within the limit.
pub(super) async fn is_read_to_end(incoming: &mut Incoming) -> bool {
    let mut left = DRAIN_LIMIT;
    loop {
        let frame = poll_fn(|cx| Pin::new(&mut *incoming).poll_frame(cx)).await;
        let len = match frame {
            None => return true,
            Some(Err(_)) => return false,
            Some(Ok(frame)) => frame.data_ref().map_or(0, Bytes::len),
        };
        let Some(rest) = left.checked_sub(len as u64) else {
            return false;
        };
        left = rest;
        if incoming.is_end_stream() {
            return true;
        }
    }
}

impl fmt::Debug for ResponseBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseBody")
            .field("ended", &self.is_end_stream())
            .finish_non_exhaustive()
    }
}
