//! What the proxy sends again: what never left, and what the HTTP/2 layer of the server refused. Nothing else, unless told so.

use unstale::evidence::Delivery;
use unstale::verdict::Refusal;
use unstale::{Client, RetryPolicy};

use crate::kernel;
use crate::peer::{Peer, Script, Tls};
use crate::peer_h2::{Code, Peer2, Script2, Stream};
use crate::setup::{Proxy, get, post, read, upstream, url};

/// A proxy that has a connection which the server has closed meanwhile; its runtime has not noticed.
async fn with_a_stale_connection() -> (Peer, Proxy) {
    let end = Script::new().serve().wait("end").close();
    let peer = Peer::start(Tls::Off, move |n| match n {
        0 => end.clone(),
        _ => Script::serve_forever(),
    });
    let proxy = Proxy::before(&url(&peer)).await;
    read(proxy.send(get("/first")).await).await;
    (peer, proxy)
}

#[tokio::test]
async fn a_post_that_meets_a_stale_connection_goes_over_another() {
    let (peer, proxy) = with_a_stale_connection().await;
    // Taken before the end of the first connection is noticed.
    let mut sender = proxy.connect().await;
    peer.go("end");
    kernel::block_until("the end has arrived", || {
        kernel::half_closed(peer.addr()) == 1
    });
    let answer = sender.send_request(post("/pay", "one=1")).await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(peer.executed("POST", "/pay"), 1);
    assert_eq!(peer.connections(), 2);
}

#[tokio::test]
async fn what_may_have_been_processed_is_the_clients_to_repeat() {
    for method in ["GET", "PUT", "POST"] {
        let lose = Script::new().serve().read_all().execute().close();
        let peer = upstream(lose);
        let proxy = Proxy::before(&url(&peer)).await;
        read(proxy.send(get("/first")).await).await;
        let mut request = post("/x", "one=1");
        *request.method_mut() = method.parse().unwrap();
        assert_eq!(proxy.send(request).await.status(), 502);
        assert_eq!(peer.executed(method, "/x"), 1);
        assert_eq!(peer.connections(), 1);
        let failure = &proxy.failures()[0];
        assert_eq!(failure.evidence().unwrap().delivery(), Delivery::Unknown);
    }
}

#[tokio::test]
async fn a_proxy_that_is_told_to_repeats_what_is_safe() {
    let peer = Peer::start(Tls::Off, |n| match n {
        0 => Script::new().serve().read_all().execute().close(),
        _ => Script::serve_forever(),
    });
    let client = Client::builder().retry_policy(RetryPolicy::safe_only());
    let proxy = Proxy::with(client, &url(&peer)).await;
    read(proxy.send(get("/first")).await).await;
    assert_eq!(proxy.send(get("/x")).await.status(), 200);
    assert_eq!(peer.executed("GET", "/x"), 2);
}

fn over_http2() -> unstale::ClientBuilder {
    let client = Client::builder().retry_policy(RetryPolicy::proxy());
    client.http2_prior_knowledge()
}

#[tokio::test]
async fn a_post_that_the_http2_layer_refused_is_sent_again() {
    let peer = Peer2::start(Tls::Off, |n| {
        let script = Script2::new();
        match n {
            0 => script.read_all().reset(Stream::Last, Code::RefusedStream),
            _ => script,
        }
        .serve_forever()
    });
    let proxy = Proxy::with(over_http2(), &peer.url("")).await;
    assert_eq!(proxy.send(post("/pay", "one=1")).await.status(), 200);
    assert_eq!(peer.executed("POST", "/pay"), 1);
}

#[tokio::test]
async fn a_stream_that_was_reset_otherwise_is_not() {
    let peer = Peer2::start(Tls::Off, |_| {
        let lose = Script2::new().serve(1).read_all().execute();
        let lose = lose.reset(Stream::Last, Code::InternalError);
        lose.serve_forever()
    });
    let proxy = Proxy::with(over_http2(), &peer.url("")).await;
    read(proxy.send(get("/first")).await).await;
    assert_eq!(proxy.send(get("/x")).await.status(), 502);
    assert_eq!(peer.executed("GET", "/x"), 1);
}

#[tokio::test]
async fn a_status_that_declines_a_request_is_passed_on() {
    for status in [
        "408 Request Timeout",
        "421 Misdirected Request",
        "425 Too Early",
    ] {
        let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n");
        let peer = upstream(
            Script::new()
                .serve()
                .read_all()
                .execute()
                .send(answer)
                .discard(),
        );
        let proxy = Proxy::before(&url(&peer)).await;
        read(proxy.send(get("/first")).await).await;
        let answer = proxy.send(get("/x")).await;
        assert_eq!(answer.status().as_str(), &status[..3]);
        assert_eq!(peer.executed("GET", "/x"), 1);
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_is_a_502() {
    let peer = upstream(Script::serve_forever());
    let gone = url(&peer);
    drop(peer);
    let proxy = Proxy::before(&gone).await;
    assert_eq!(proxy.send(get("/x")).await.status(), 502);
    assert_eq!(proxy.failures()[0].refusal(), Refusal::Connect);
}
