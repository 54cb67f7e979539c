//! The body of a request that does not end before others have gone out too.
//!
//! Of many requests that are sent at once some are answered before others have a connection, and those take theirs. A body
//! that waits for all of them makes each request hold a connection of its own.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use tokio::sync::Barrier;

type Wait = Pin<Box<dyn Future<Output = ()> + Send>>;

/// One piece, once everybody is there.
pub(crate) struct Together {
    wait: Option<Wait>,
    piece: Option<Bytes>,
}

impl Together {
    /// So many, none of which is sent to its end before the first byte of each has left.
    pub(crate) fn many(count: usize, piece: &'static str) -> Vec<Self> {
        let barrier = Arc::new(Barrier::new(count));
        let one = |_| {
            let barrier = Arc::clone(&barrier);
            Self {
                wait: Some(Box::pin(async move {
                    barrier.wait().await;
                })),
                ..Self::alone(piece)
            }
        };
        (0..count).map(one).collect()
    }

    /// One that waits for nobody.
    pub(crate) fn alone(piece: &'static str) -> Self {
        let piece = Some(Bytes::from_static(piece.as_bytes()));
        Self { wait: None, piece }
    }
}

impl http_body::Body for Together {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if let Some(wait) = &mut self.wait {
            ready!(wait.as_mut().poll(cx));
            self.wait = None;
        }
        Poll::Ready(self.piece.take().map(|piece| Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.piece.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.piece.as_ref().map_or(0, |piece| piece.len() as u64))
    }
}
