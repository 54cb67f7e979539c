//! Stacks with other people's layers, above and below, written without a type annotation: the body's type is inferred from
//! the request. Each loses a GET and must bring it home.

use std::time::Duration;

use http::{HeaderValue, Request, header};
use http_body_util::BodyExt;
use hyper_util::client::legacy::connect::HttpConnector;
use tower::timeout::TimeoutLayer;
use tower::{Layer, ServiceBuilder, ServiceExt};
use tower_http::decompression::DecompressionLayer;
use tower_http::follow_redirect::FollowRedirectLayer;
use tower_http::set_header::SetRequestHeaderLayer;
use tower_http::trace::TraceLayer;
use unstale::client::hyper_util::Attest;
use unstale::verdict::{Grounds, Refusal};
use unstale::{ReplayLayer, RetryPolicy, TrackLayer};

use crate::peer::{Peer, Script, Tls};
use crate::wire;

/// `salut` by gzip.
const GZIPPED: [u8; 25] = [
    0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0x2b, 0x4e, 0xcc, 0x29, 0x2d, 0x01,
    0x00, 0xb6, 0xf7, 0x27, 0xbf, 0x05, 0x00, 0x00, 0x00,
];

fn connector() -> unstale::conn::Track<HttpConnector> {
    TrackLayer::new().layer(HttpConnector::new())
}

pub fn agent() -> SetRequestHeaderLayer<HeaderValue> {
    let value = HeaderValue::from_static("stacked");
    SetRequestHeaderLayer::overriding(header::USER_AGENT, value)
}

pub fn assert_agent_on_every_get(peer: &Peer) {
    let stacked = ("user-agent".to_owned(), "stacked".to_owned());
    let executed = peer.executions();
    assert_eq!(executed.len(), 3, "the first, the lost, and its replay");
    for execution in executed {
        assert!(execution.headers.contains(&stacked), "{execution:?}");
    }
}

/// Loses the second request; the third is answered by gzip.
pub fn answers_by_gzip() -> Peer {
    let mut answer =
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 25\r\n\r\n".to_vec();
    answer.extend(GZIPPED);
    Peer::start(Tls::Off, move |n| match n {
        0 => Script::new().serve().read_all().execute().rst(),
        _ => Script::new()
            .read_all()
            .execute()
            .send(answer.clone())
            .stall(),
    })
}

#[tokio::test]
async fn with_layers_above() {
    let peer = answers_by_gzip();
    let client = ServiceBuilder::new()
        .layer(TraceLayer::new_for_http())
        .layer(DecompressionLayer::new())
        .layer(FollowRedirectLayer::new())
        .layer(agent())
        .layer(ReplayLayer::new(wire::unbudgeted()))
        .service(Attest::new(wire::builder().build(connector())));
    let request = wire::request(&peer, "GET", "/warm", "");
    let response = client.clone().oneshot(request).await.unwrap();
    response.into_body().collect().await.unwrap();
    wire::settle().await;
    let call = client.oneshot(wire::request(&peer, "GET", "/", ""));
    let response = tokio::spawn(call).await.unwrap().unwrap();
    assert_eq!(wire::grounds(&response), [Grounds::Idempotent]);
    let body = response.into_body().collect().await.unwrap();
    assert_eq!(body.to_bytes(), "salut");
    assert_agent_on_every_get(&peer);
}

#[tokio::test]
async fn with_a_boxing_layer_and_one_that_sets_headers_below() {
    let peer = wire::loses_the_second();
    let client = ServiceBuilder::new()
        .layer(ReplayLayer::new(wire::unbudgeted()))
        .layer(TimeoutLayer::new(Duration::from_secs(60)))
        .layer(agent())
        .service(Attest::new(wire::builder().build(connector())));
    let first = client
        .clone()
        .oneshot(wire::request(&peer, "GET", "/warm", ""));
    first.await.unwrap().into_body().collect().await.unwrap();
    wire::settle().await;
    let call = client.oneshot(wire::request(&peer, "GET", "/", ""));
    let response = tokio::spawn(call).await.unwrap().unwrap();
    assert_eq!(wire::grounds(&response), [Grounds::Idempotent]);
    assert_agent_on_every_get(&peer);
}

#[tokio::test]
async fn with_layers_on_both_sides_and_a_body_of_ones_own() {
    let peer = wire::loses_the_second();
    let client = ServiceBuilder::new()
        .layer(TraceLayer::new_for_http())
        .layer(ReplayLayer::new(wire::unbudgeted()))
        .layer(tower::buffer::BufferLayer::new(4))
        .layer(TimeoutLayer::new(Duration::from_secs(60)))
        .layer(FollowRedirectLayer::new())
        .layer(TraceLayer::new_for_http())
        .layer(agent())
        .service(Attest::new(wire::builder().build(connector())));
    for path in ["/warm", "/"] {
        let body = crate::frames::Frames::data([bytes::Bytes::from("piece")]);
        let request = Request::put(peer.url(path)).body(body).unwrap();
        let response = client.clone().oneshot(request).await.unwrap();
        response.into_body().collect().await.unwrap();
        wire::settle().await;
    }
    assert_agent_on_every_get(&peer);
    assert_eq!(peer.executed("PUT", "/"), 2);
}

#[tokio::test(start_paused = true)]
async fn a_timeout_below_is_no_staleness() {
    let mock = crate::mock::Mock::new([crate::mock::Reply::Hang]);
    let client = ServiceBuilder::new()
        .layer(ReplayLayer::new(RetryPolicy::default()))
        .layer(TimeoutLayer::new(Duration::from_secs(1)))
        .service(mock.clone());
    let request = Request::get("http://mock/")
        .body(wire::Body::default())
        .unwrap();
    let error = client.oneshot(request).await.unwrap_err();
    assert_eq!((error.refusal(), mock.calls()), (Refusal::NoEvidence, 1));
    assert!(!error.is_stale());
    let source = std::error::Error::source(&error).unwrap();
    assert!(source.is::<tower::timeout::error::Elapsed>());
}

#[tokio::test]
async fn one_client_takes_bodies_of_one_type_each_inferred_from_its_request() {
    let peer = wire::peer_that_then(Script::serve_forever());
    let text = ReplayLayer::default().layer(Attest::new(wire::builder().build(connector())));
    let request = Request::post(peer.url("/"))
        .body("text".to_owned())
        .unwrap();
    text.oneshot(request).await.unwrap();
    let empty = ReplayLayer::default().layer(Attest::new(wire::builder().build(connector())));
    let body = http_body_util::Empty::<bytes::Bytes>::new();
    empty
        .oneshot(Request::get(peer.url("/")).body(body).unwrap())
        .await
        .unwrap();
    assert_eq!(peer.executions().len(), 2);
}
