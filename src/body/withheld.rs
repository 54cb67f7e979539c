//! A body that waits behind a valve.
//!
//! Apart from the recording because it knows nothing of attempts: what is behind the valve is any body. Invariant: while
//! the valve was not opened no frame was taken from the body, and once it is shut for good none ever will be.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

use super::erased::Erased;
use super::error::BodyError;
use super::valve::Valve;

/// A body behind a valve. It presents itself as the body does, so that the head of the request is the same.
pub(super) struct Withheld {
    pub(super) body: Erased,
    pub(super) valve: Valve,
}

impl Body for Withheld {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        match self.valve.poll_open(cx) {
            Poll::Ready(Ok(())) => Pin::new(&mut self.body).poll_frame(cx),
            Poll::Ready(Err(error)) => Poll::Ready(Some(Err(error))),
            Poll::Pending => Poll::Pending,
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use futures_util::FutureExt;
    use http_body_util::{BodyExt, Full};

    use super::*;
    use crate::body::ReplayBody;

    fn withheld() -> (Erased, Valve) {
        let valve = Valve::default();
        let body = ReplayBody::once(Full::new(Bytes::from_static(b"pay")));
        (Erased::from(body).behind(valve.clone()), valve)
    }

    #[tokio::test]
    async fn nothing_is_taken_before_the_valve_is_opened_and_then_all_of_it() {
        let (mut body, valve) = withheld();
        assert_eq!(body.size_hint().exact(), Some(3));
        assert!(!body.is_end_stream());
        assert!(body.frame().now_or_never().is_none());
        assert!(valve.holds_back());
        let opened = valve.clone();
        let (collected, ()) = tokio::join!(body.collect(), async move {
            tokio::task::yield_now().await;
            opened.open();
        });
        assert_eq!(collected.unwrap().to_bytes(), "pay");
        assert!(!valve.holds_back());
    }

    #[tokio::test]
    async fn once_shut_for_good_it_yields_an_error_and_is_opened_by_nobody() {
        let (mut body, valve) = withheld();
        let waiting = tokio::spawn(async move { body.frame().await.unwrap().unwrap_err() });
        tokio::task::yield_now().await;
        valve.shut_for_good();
        valve.open();
        assert!(!waiting.await.unwrap().is_caller());
        assert!(valve.holds_back());
    }

    #[tokio::test]
    async fn what_was_opened_is_never_shut() {
        let (mut body, valve) = withheld();
        valve.open();
        valve.shut_for_good();
        assert!(!valve.holds_back());
        let frame = poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await;
        assert_eq!(frame.unwrap().unwrap().into_data().unwrap(), "pay");
    }
}
