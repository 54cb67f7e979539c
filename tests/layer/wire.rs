//! Clients for the scripted peer, and what tests do with them again and again.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::{Builder, Client};
use hyper_util::rt::TokioExecutor;
use tower::{Service, ServiceExt};
use unstale::conn::Track;
use unstale::stack::{self, ReplayClient};
use unstale::verdict::{Grounds, Verdict};
use unstale::{Attempts, Error, RetryPolicy};

use crate::peer::{Peer, Script, Tls};

const PATIENCE: Duration = Duration::from_secs(60);

pub type Body = Full<Bytes>;

pub fn builder() -> Builder {
    Client::builder(TokioExecutor::new())
}

/// A client in cleartext with taps.
pub fn tapped<B>(policy: RetryPolicy) -> ReplayClient<Track<HttpConnector>, B>
where
    B: http_body::Body + Send + Unpin + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    stack::over_http(&builder(), HttpConnector::new(), policy)
}

/// A policy by which every replay of what may have been processed is free.
pub fn unbudgeted() -> RetryPolicy {
    RetryPolicy::builder().no_budget().build().unwrap()
}

/// A peer whose first connection serves one request, and then runs the rest; all others serve for ever.
pub fn peer_that_then(rest: Script) -> Peer {
    Peer::start(Tls::Off, move |n| match n {
        0 => Script::new().serve().then(rest.clone()),
        _ => Script::serve_forever(),
    })
}

/// Executes the second request, and resets.
pub fn loses_the_second() -> Peer {
    peer_that_then(Script::new().read_all().execute().rst())
}

pub fn request(peer: &Peer, method: &str, path: &str, body: &'static str) -> Request<Body> {
    Request::builder()
        .method(method)
        .uri(peer.url(path))
        .body(Full::new(Bytes::from_static(body.as_bytes())))
        .unwrap()
}

/// Sends a request.
///
/// # Panics
///
/// If the call has not ended within a minute of the test's clock: a test is to fail, not to hang. (Without a runtime there is
/// no clock; the tests that poll by hand go without.)
pub async fn send<S, B, R, E>(client: &S, request: Request<B>) -> Result<Response<R>, E>
where
    S: Service<Request<B>, Response = Response<R>, Error = E> + Clone,
{
    let call = client.clone().oneshot(request);
    if tokio::runtime::Handle::try_current().is_err() {
        return call.await;
    }
    let ended = tokio::time::timeout(PATIENCE, call).await;
    ended.expect("the call does not end")
}

/// Sends a first request, and sees its connection back in the pool.
pub async fn warm<S, B, R, E>(client: &S, peer: &Peer)
where
    S: Service<Request<B>, Response = Response<R>, Error = E> + Clone,
    B: Default,
    R: http_body::Body<Error: std::fmt::Debug>,
    E: std::fmt::Debug,
{
    let request = Request::get(peer.url("/warm")).body(B::default());
    let response = send(client, request.unwrap()).await.unwrap();
    response.into_body().collect().await.unwrap();
    settle().await;
}

/// Lets every task that can go on do so. All tasks are on this thread, and none of them spins: a fixed number of turns is
/// enough, whatever the machine is doing.
pub async fn settle() {
    for _ in 0..32 {
        tokio::task::yield_now().await;
    }
}

/// On what grounds the request was replayed, attempt by attempt.
pub fn grounds<R>(response: &Response<R>) -> Vec<Grounds> {
    Attempts::of(response)
        .iter()
        .map(|attempt| match attempt.decided() {
            Verdict::Replay(grounds) => grounds,
            other => panic!("not replayed: {other:?}"),
        })
        .collect()
}

/// The whole chain of an error's sources, its own message first.
pub fn chain(error: &Error) -> Vec<String> {
    let mut messages = vec![error.to_string()];
    let mut next = std::error::Error::source(error);
    while let Some(cause) = next {
        messages.push(cause.to_string());
        next = cause.source();
    }
    messages
}
