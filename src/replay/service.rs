//! The service.

use std::error::Error as StdError;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use http::{Request, Response};
use http_body::Body;
use tower_service::Service;

use super::future::Call;
use super::through::Through;
use crate::body::ReplayBody;
use crate::error::Error;
use crate::evidence::Attested;
use crate::policy::RetryPolicy;
use crate::verdict::{Attempt, Refusal, Verdict};

type BoxError = Box<dyn StdError + Send + Sync>;

/// A service that sends requests again that died of a stale connection. Made by [`ReplayLayer`](super::ReplayLayer).
///
/// Its clones share the policy's budget. The inner service is cloned for each call that may be replayed; `poll_ready` is
/// driven on the clone before every further attempt.
///
/// # Errors
///
/// [`Error`], with the evidence on every attempt.
///
/// # Cancel safety
///
/// A call begins when its future is first polled, deadline and all; dropped before that, nothing was sent. Dropping the
/// future drops the attempt that is under way, as the inner service does, and leaves nothing behind.
#[derive(Clone, Debug)]
pub struct Replay<S> {
    service: S,
    policy: RetryPolicy,
}

impl<S> Replay<S> {
    /// Wraps a service.
    pub fn new(service: S, policy: RetryPolicy) -> Self {
        Self { service, policy }
    }

    /// The service within.
    pub fn inner(&self) -> &S {
        &self.service
    }
}

impl<S, B, R> Service<Request<B>> for Replay<S>
where
    S: Service<Request<ReplayBody<B>>, Response = Response<R>> + Clone,
    S::Error: Attested + Into<BoxError>,
    B: Body,
    B::Error: Into<BoxError>,
{
    type Response = Response<R>;
    type Error = Error;
    type Future = ResponseFuture<S, B, R>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.service.poll_ready(cx).map_err(not_ready)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        // The one that is ready goes with the request, and a clone of it stays.
        let next = self.service.clone();
        let ready = std::mem::replace(&mut self.service, next);
        ResponseFuture {
            call: Call::boxed(&self.policy, Through(ready), request),
        }
    }
}

/// The future of [`Replay`].
pub struct ResponseFuture<S, B, R>
where
    S: Service<Request<ReplayBody<B>>, Response = Response<R>>,
{
    call: Pin<Box<Call<Through<S>, B>>>,
}

impl<S, B, R> Future for ResponseFuture<S, B, R>
where
    S: Service<Request<ReplayBody<B>>, Response = Response<R>>,
    S::Error: Attested + Into<BoxError>,
    B: Body,
    B::Error: Into<BoxError>,
{
    type Output = Result<Response<R>, Error>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.call.as_mut().poll(cx)
    }
}

impl<S, B, R> fmt::Debug for ResponseFuture<S, B, R>
where
    S: Service<Request<ReplayBody<B>>, Response = Response<R>>,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").finish_non_exhaustive()
    }
}

/// The error of a service that cannot take a request: none was sent.
fn not_ready<E: Attested + Into<BoxError>>(error: E) -> Error {
    let refusal = Refusal::NoEvidence;
    let attempt = Attempt::new(
        error.evidence().cloned(),
        Duration::ZERO,
        Verdict::Refuse(refusal),
    );
    Error::new(refusal, vec![attempt], Some(error.into()))
}
