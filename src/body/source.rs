//! The caller's body, polled no further than it allows.
//!
//! Apart from the recording because the pass-through body needs it too. It keeps the invariant that the original is
//! never polled after its end or its error, and is dropped there, and reduces what it yields to data in [`Bytes`] and
//! trailers.
//!
//! ```text
//! Live ── None, trailers, or a frame after which it is_end_stream ──▶ Ended
//!   └──── error ──▶ Failed (the same error again, whenever asked)
//! ```

use std::error::Error;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use http_body::{Body, Frame, SizeHint};

use super::error::BodyError;

/// What a body yields when it is ready; `None` at its end.
pub(super) type Taken = Option<Result<Frame<Bytes>, BodyError>>;

pub(super) enum Source<B> {
    /// Boxed, so that what holds it is `Unpin` and can be moved while the original stays where it is.
    Live(Pin<Box<B>>),
    Ended,
    Failed(BodyError),
}

impl<B> Source<B> {
    pub(super) fn new(original: B) -> Self {
        Self::Live(Box::pin(original))
    }

    /// Whether the original was read to its end. False for one that failed.
    pub(super) const fn is_read_out(&self) -> bool {
        matches!(self, Self::Ended)
    }
}

impl<B> Source<B>
where
    B: Body,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    pub(super) fn poll_take(&mut self, cx: &mut Context<'_>) -> Poll<Taken> {
        let original = match self {
            Self::Live(original) => original,
            Self::Ended => return Poll::Ready(None),
            Self::Failed(error) => return Poll::Ready(Some(Err(error.clone()))),
        };
        // Whoever polls this drives a connection, which others may use, too: a panic is an error of this body, and of
        // nothing else. Never polled again, the body need not be fit for it.
        let taken = catch_unwind(AssertUnwindSafe(|| poll_known_frame(original.as_mut(), cx)));
        let taken = taken.unwrap_or_else(|_| Poll::Ready(Some(Err(BodyError::caller(Panicked)))));
        let frame = match ready!(taken) {
            Some(Ok(frame)) => frame,
            Some(Err(error)) => {
                *self = Self::Failed(error.clone());
                return Poll::Ready(Some(Err(error)));
            }
            None => {
                *self = Self::Ended;
                return Poll::Ready(None);
            }
        };
        // Trailers end a message (RFC 9110 6.5). hyper polls no further after them, so waiting for the `None` would
        // leave the body unfinished for ever.
        if frame.is_trailers() || original.is_end_stream() {
            *self = Self::Ended;
        }
        Poll::Ready(Some(Ok(frame)))
    }

    /// Whether nothing follows; also when the original says so before it was polled.
    pub(super) fn is_end_stream(&self) -> bool {
        match self {
            Self::Live(original) => original.is_end_stream(),
            Self::Ended => true,
            Self::Failed(_) => false,
        }
    }

    /// The size hint of what is still to be taken, in bytes of data.
    pub(super) fn size_hint(&self) -> SizeHint {
        match self {
            Self::Live(original) => original.size_hint(),
            Self::Ended => SizeHint::with_exact(0),
            Self::Failed(_) => SizeHint::default(),
        }
    }
}

/// The caller's body panicked; what with, the panic hook has told.
#[derive(Debug, thiserror::Error)]
#[error("the body panicked")]
struct Panicked;

/// Takes the next frame of data or trailers; frames of a kind yet to be invented are passed over.
fn poll_known_frame<B>(mut original: Pin<&mut B>, cx: &mut Context<'_>) -> Poll<Taken>
where
    B: Body,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    loop {
        let frame = match ready!(original.as_mut().poll_frame(cx)) {
            Some(Ok(frame)) => frame,
            Some(Err(error)) => return Poll::Ready(Some(Err(BodyError::caller(error)))),
            None => return Poll::Ready(None),
        };
        // `Bytes` gives itself away here without a copy; a foreign buffer is copied once, for all attempts.
        let known = match frame.into_data() {
            Ok(mut data) => Ok(Frame::data(data.copy_to_bytes(data.remaining()))),
            Err(other) => other.into_trailers().map(Frame::trailers),
        };
        if let Ok(frame) = known {
            return Poll::Ready(Some(Ok(frame)));
        }
    }
}
