//! The future of one attempt.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::Response;
use hyper::body::Incoming;

use super::trying::{Trying, attribute, is_plain};
use crate::evidence::{AttemptError, Sending};

/// The future of [`Attest`](super::Attest).
pub struct ResponseFuture {
    trying: Trying,
    sending: Option<Sending>,
}

impl ResponseFuture {
    #[inline]
    pub(super) fn new(trying: Trying, sending: Option<Sending>) -> Self {
        Self { trying, sending }
    }
}

impl Future for ResponseFuture {
    type Output = Result<Response<Incoming>, AttemptError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match ready!(self.trying.poll(cx)) {
            Ok(response) if is_plain(&response) => Poll::Ready(Ok(response)),
            mut outcome => {
                attribute(&mut outcome, self.sending.take());
                Poll::Ready(outcome)
            }
        }
    }
}

impl fmt::Debug for ResponseFuture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").finish_non_exhaustive()
    }
}
