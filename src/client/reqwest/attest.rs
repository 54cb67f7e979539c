//! The service: one call is one attempt.

use std::fmt;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Duration;

use http::{Request, Response};
use reqwest::{Body, Client};
use tokio::time::{Instant, timeout};
use tower_service::Service;

use super::begun::Begun;
use super::clients::Clients;
use super::inquest;
use super::known::Start;
use crate::body::ReplayBody;
use crate::client::invalid::InvalidRequest;
use crate::evidence::{AttemptError, End, Evidence};
use crate::request::{OnFreshConnection, OnRecentConnection};

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// For how long connections are held for an attempt. What is stale shows itself within a round trip; and should their owner
/// let go of one without a word, its peer is not to wait longer for the end.
const HELD: Duration = Duration::from_millis(900);

/// In a request's extensions: when it must have been answered, its response's body read to the end included.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Until(pub(crate) Instant);

/// reqwest's client, with errors that carry evidence. A response keeps its type, and goes as the body of one.
#[derive(Clone, Debug)]
pub(crate) struct Attest {
    clients: Clients,
}

/// An attempt that is under way. Dropping it cancels it as reqwest does.
pub(crate) struct ResponseFuture(
    Pin<Box<dyn Future<Output = Result<Response<reqwest::Response>, AttemptError>> + Send>>,
);

impl Attest {
    pub(crate) fn new(clients: Clients) -> Self {
        Self { clients }
    }

    pub(crate) fn clients(&self) -> &Clients {
        &self.clients
    }
}

impl Service<Request<ReplayBody<Body>>> for Attest {
    type Response = Response<reqwest::Response>;
    type Error = AttemptError;
    type Future = ResponseFuture;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<ReplayBody<Body>>) -> Self::Future {
        ResponseFuture(Box::pin(attempt(self.clients.clone(), request)))
    }
}

async fn attempt(
    clients: Clients,
    mut request: Request<ReplayBody<Body>>,
) -> Result<Response<reqwest::Response>, AttemptError> {
    let begun = Begun::of(&mut request);
    let wants_fresh = wants_fresh(&mut request);
    let request = match sendable(request) {
        Ok(request) => request,
        Err(invalid) => {
            let evidence = Evidence::new(End::InvalidRequest).about(begun.sending);
            return Err(AttemptError::new(evidence, invalid));
        }
    };
    let from_pool = begun.origin.as_ref().filter(|_| !wants_fresh);
    let mut start = clients.known().begin(from_pool);
    match execute(clients.for_attempt(wants_fresh), request, &mut start).await {
        Ok(answer) => {
            clients.known().answered(&answer, &begun);
            let status = answer.status();
            let mut response = Response::new(answer);
            *response.status_mut() = status;
            if let Some(evidence) = inquest::on_status(status, &clients) {
                let evidence = evidence.about(begun.sending);
                response.extensions_mut().insert(evidence);
            }
            Ok(response)
        }
        Err(error) => {
            let evidence = inquest::on_error(&error, &clients, begun, start).await;
            Err(AttemptError::new(evidence, error))
        }
    }
}

/// What the attempt may be sent on is held while it is.
async fn execute(
    client: &Client,
    request: reqwest::Request,
    start: &mut Start,
) -> reqwest::Result<reqwest::Response> {
    let mut executing = pin!(client.execute(request));
    if !start.held.is_empty() {
        if let Ok(executed) = timeout(HELD, executing.as_mut()).await {
            return executed;
        }
        start.held.clear();
    }
    executing.await
}

/// Whether the attempt is to have a new connection. How long one has been idle reqwest's pool does not tell; a new one
/// fulfils that wish as well.
fn wants_fresh(request: &mut Request<ReplayBody<Body>>) -> bool {
    let extensions = request.extensions_mut();
    let fresh: Option<OnFreshConnection> = extensions.remove();
    let recent: Option<OnRecentConnection> = extensions.remove();
    fresh.is_some() || recent.is_some()
}

/// The request as reqwest wants it.
fn sendable(mut request: Request<ReplayBody<Body>>) -> Result<reqwest::Request, BoxError> {
    if let Some(invalid) = InvalidRequest::in_request(&request) {
        return Err(invalid.into());
    }
    let until: Option<Until> = request.extensions_mut().remove();
    let mut request = reqwest::Request::try_from(request.map(Body::wrap))?;
    if let Some(Until(until)) = until {
        // What is left of it: reqwest's own begins anew with each attempt.
        *request.timeout_mut() = Some(until.saturating_duration_since(Instant::now()));
    }
    Ok(request)
}

impl Future for ResponseFuture {
    type Output = Result<Response<reqwest::Response>, AttemptError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.as_mut().poll(cx)
    }
}

impl fmt::Debug for ResponseFuture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").finish_non_exhaustive()
    }
}
