//! The future of one attempt.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use http::Request;

use super::attempt::{Outcome, attempt};
use crate::body::Erased;
use crate::evidence::{AttemptError, AttemptToken};
use crate::pool::Checkout;

/// The future of [`Pooled`](super::Pooled).
///
/// # Cancel safety
///
/// Dropping it closes the connection if the request may have been written (HTTP/2: resets the stream), and gives its place
/// back in any case.
pub struct AttemptFuture(State);

enum State {
    Attempting(Pin<Box<dyn Future<Output = Outcome> + Send>>),
    /// It cannot be sent.
    Invalid(Option<Box<AttemptError>>),
}

impl AttemptFuture {
    pub(super) fn new(
        checkout: Checkout,
        request: Request<Erased>,
        token: Option<AttemptToken>,
    ) -> Self {
        Self(State::Attempting(Box::pin(attempt(
            checkout, request, token,
        ))))
    }

    pub(super) fn failed(error: AttemptError) -> Self {
        Self(State::Invalid(Some(Box::new(error))))
    }
}

impl Future for AttemptFuture {
    type Output = Outcome;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut self.0 {
            State::Attempting(attempt) => attempt.as_mut().poll(cx),
            State::Invalid(error) => {
                Poll::Ready(Err(*error.take().expect("polled after completion")))
            }
        }
    }
}

impl fmt::Debug for AttemptFuture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AttemptFuture").finish_non_exhaustive()
    }
}
