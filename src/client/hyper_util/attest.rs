//! The service: one call is one attempt.

use std::task::{Context, Poll};

use http::{Request, Response};
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::capture_connection;
use tokio::time::Instant;
use tower_service::Service;

use super::future::ResponseFuture;
use crate::body::ReplayBody;
use crate::client::invalid::InvalidRequest;
use crate::conn::scope::Slot;
use crate::evidence::{AttemptError, AttemptToken, End, Evidence};
use crate::request::{OnFreshConnection, OnRecentConnection, RequestProfile, Semantics};

/// A hyper-util client whose errors carry evidence.
///
/// Wraps the client itself, with nothing between: a layer that sends further requests of its own would make the evidence
/// about those.
///
/// # Cancel safety
///
/// Dropping the future cancels the request as hyper-util does: the connection is closed unless the response had arrived.
#[derive(Clone, Debug)]
pub struct Attest<S> {
    client: S,
}

impl<S> Attest<S> {
    /// Wraps a client.
    pub fn new(client: S) -> Self {
        Self { client }
    }

    /// The client.
    pub fn inner(&self) -> &S {
        &self.client
    }
}

impl<S, B, R> Service<Request<ReplayBody<B>>> for Attest<S>
where
    S: Service<Request<ReplayBody<B>>, Response = Response<R>, Error = legacy::Error>,
{
    type Response = Response<R>;
    type Error = AttemptError;
    type Future = ResponseFuture<S::Future, R>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.client
            .poll_ready(cx)
            .map_err(|error| AttemptError::new(Evidence::new(End::Unknown), error))
    }

    fn call(&mut self, mut request: Request<ReplayBody<B>>) -> Self::Future {
        let token = request.body_mut().take_token();
        let begun = token.as_ref().map(AttemptToken::begun);
        let sending = token.map(|token| token.take(request.method(), request.uri()));
        if let Some(invalid) = InvalidRequest::in_request(&request) {
            let evidence = Evidence::new(End::InvalidRequest).about(sending);
            return ResponseFuture::failed(AttemptError::new(evidence, invalid));
        }
        let fresh: Option<OnFreshConnection> = request.extensions_mut().remove();
        let recent: Option<OnRecentConnection> = request.extensions_mut().remove();
        if fresh.is_some() || recent.is_some() {
            // The extra is then cloned before the request is handed to hyper, where one that is not accepted is condemned.
            // Not on the way that works: it costs a seventh of a request.
            drop(capture_connection(&mut request));
        }
        let profile = RequestProfile::of(&request, false);
        let slot = Slot {
            progress: request.body().progress(),
            started: begun.map_or_else(Instant::now, Instant::from_std),
            opened_after: fresh.map(|fresh| Instant::from_std(fresh.moment())),
            idle_at_most: recent.map(|recent| recent.limit()),
            tunnel: profile.semantics() == Semantics::Tunnel,
            opened: None,
            seen: None,
        };
        ResponseFuture::sending(self.client.call(request), slot, sending)
    }
}
