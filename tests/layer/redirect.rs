//! Redirects and other layers that send more than one request for a call: around ours each of their requests is a call of
//! its own; inside of ours the token sees to it that nothing is replayed on the strength of another request's failure.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use http::{Request, StatusCode};
use hyper_util::client::legacy::connect::HttpConnector;
use tower::{Layer, Service};
use tower_http::follow_redirect::FollowRedirectLayer;
use unstale::client::hyper_util::Attest;
use unstale::verdict::{Grounds, Refusal};
use unstale::{ReplayBody, ReplayLayer, RetryPolicy, TrackLayer};

use crate::peer::{Peer, Script, Tls};
use crate::wire;

fn see_other(location: &str) -> String {
    format!("HTTP/1.1 303 See Other\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n")
}

/// Answers a POST with 303, executes the second hop on the same connection, and resets it.
pub fn loses_the_second_hop() -> Peer {
    wire::peer_that_then(
        Script::new()
            .read_all()
            .execute()
            .send(see_other("/done"))
            .read_all()
            .execute()
            .rst(),
    )
}

/// Answers a POST with 303 to a port where nobody listens.
pub fn points_nowhere() -> Peer {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let nowhere = format!("http://{}/done", closed.local_addr().unwrap());
    wire::peer_that_then(
        Script::new()
            .read_all()
            .execute()
            .send(see_other(&nowhere))
            .stall(),
    )
}

fn connector() -> unstale::conn::Track<HttpConnector> {
    TrackLayer::new().layer(HttpConnector::new())
}

pub fn policy() -> RetryPolicy {
    // Connects are retried, so that a redirect to nowhere gives the layer something to get wrong.
    RetryPolicy::builder()
        .no_budget()
        .connect(2)
        .build()
        .unwrap()
}

#[tokio::test]
async fn a_redirect_around_ours_repeats_its_second_hop_and_not_the_post() {
    let peer = loses_the_second_hop();
    let client = FollowRedirectLayer::new().layer(wire::tapped(policy()));
    wire::warm(&client, &peer).await;
    let request = wire::request(&peer, "POST", "/order", "body");
    let response = wire::send(&client, request).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(wire::grounds(&response), [Grounds::Idempotent]);
    assert_eq!(peer.executed("POST", "/order"), 1);
    assert_eq!(peer.executed("GET", "/done"), 2);
}

#[tokio::test]
async fn a_redirect_around_ours_that_leads_nowhere_does_not_repeat_the_post() {
    let peer = points_nowhere();
    let client = FollowRedirectLayer::new().layer(wire::tapped(policy()));
    wire::warm(&client, &peer).await;
    let request = wire::request(&peer, "POST", "/order", "body");
    let error = wire::send(&client, request).await.unwrap_err();
    assert!(error.is_connect());
    assert_eq!(
        (error.refusal(), error.attempts().len()),
        (Refusal::AttemptsExhausted, 3)
    );
    assert_eq!(peer.executed("POST", "/order"), 1);
}

#[tokio::test]
async fn a_redirect_inside_of_ours_whose_second_hop_dies_replays_nothing() {
    for (peer, hops) in [(loses_the_second_hop(), 1), (points_nowhere(), 0)] {
        let client = Attest::new(wire::builder().build(connector()));
        let client = FollowRedirectLayer::new().layer(client);
        let client = ReplayLayer::new(policy()).layer(client);
        wire::warm(&client, &peer).await;
        let request = wire::request(&peer, "POST", "/order", "body");
        let error = wire::send(&client, request).await.unwrap_err();
        assert_eq!(error.refusal(), Refusal::NotThisSending);
        let said = error.to_string();
        assert!(
            said.contains("put unstale's ReplayLayer inside of whatever follows"),
            "{said}"
        );
        assert_eq!(peer.executed("POST", "/order"), 1);
        assert_eq!(peer.executed("GET", "/done"), hops);
    }
}

#[tokio::test]
async fn a_redirect_inside_of_ours_does_not_stop_the_replay_of_what_never_left() {
    let peer = wire::peer_that_then(Script::new().wait("go").fin().signal("fin").discard());
    let client = Attest::new(wire::builder().build(connector()));
    let client = FollowRedirectLayer::new().layer(client);
    let client = ReplayLayer::new(policy()).layer(client);
    wire::warm(&client, &peer).await;
    peer.go("go");
    peer.reached("fin");
    let request = wire::request(&peer, "POST", "/order", "body");
    let response = wire::send(&client, request).await.unwrap();
    assert_eq!(wire::grounds(&response), [Grounds::NotSent]);
    assert_eq!(peer.executed("POST", "/order"), 1);
}

/// A retry of the kind that people write: any error, once more, whatever it was.
#[derive(Clone)]
struct Naive<S>(S);

impl<S, B> Service<Request<ReplayBody<B>>> for Naive<S>
where
    S: Service<Request<ReplayBody<B>>> + Clone + Send + 'static,
    S::Future: Send,
    S::Response: Send,
    S::Error: Send,
    B: Send + 'static,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, request: Request<ReplayBody<B>>) -> Self::Future {
        let mut again = Request::new(ReplayBody::default());
        *again.method_mut() = request.method().clone();
        *again.uri_mut() = request.uri().clone();
        *again.extensions_mut() = request.extensions().clone();
        let first = self.0.call(request);
        let mut service = self.0.clone();
        Box::pin(async move {
            match first.await {
                Err(_) => service.call(again).await,
                answered => answered,
            }
        })
    }
}

#[tokio::test]
async fn on_top_of_a_naive_retry_ours_adds_nothing() {
    // The first sending is executed and lost; the naive one after it meets a server that accepts and closes at once, which
    // on its own would be evidence enough for a replay.
    let peer = Peer::start(Tls::Off, |n| match n {
        0 => Script::new().serve().read_all().execute().rst(),
        _ => Script::new(),
    });
    let client = Naive(Attest::new(wire::builder().build(connector())));
    let client = ReplayLayer::new(policy()).layer(client);
    wire::warm(&client, &peer).await;
    let request = wire::request(&peer, "POST", "/order", "body");
    let error = wire::send(&client, request).await.unwrap_err();
    assert_eq!(error.refusal(), Refusal::NotThisSending);
    assert_eq!(error.attempts().len(), 1);
    assert_eq!(
        (peer.executed("POST", "/order"), peer.connections()),
        (1, 2)
    );
}
