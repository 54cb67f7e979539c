//! Requests of all kinds, their bodies and their options, and reqwest's types on both sides.

use reqwest::{Method, StatusCode};
use tower::{Service, ServiceExt};
use unstale::Attempts;
use unstale::request::{ConnectionWish, RequestOptions};
use unstale::reqwest::Client;
use unstale::verdict::{Grounds, Refusal, Verdict};

use crate::client::{ours, stream, url};
use crate::peer::{Peer, Script, Tls};

fn serving() -> Peer {
    Peer::start(Tls::Off, |_| Script::serve_forever())
}

/// The first connection serves once, then executes the next request and closes; any other serves.
fn losing() -> Peer {
    Peer::start(Tls::Off, |n| match n {
        0 => Script::new().serve().read_all().execute().rst(),
        _ => Script::serve_forever(),
    })
}

async fn warm(client: &Client, peer: &Peer) {
    let response = client.get(url(peer, Tls::Off, "/warm")).send().await;
    response.unwrap().bytes().await.unwrap();
}

#[tokio::test]
async fn every_method_has_its_builder() {
    let peer = serving();
    let client = ours(&peer);
    let at = url(&peer, Tls::Off, "/");
    for request in [
        client.get(&at),
        client.post(&at),
        client.put(&at),
        client.patch(&at),
        client.delete(&at),
        client.head(&at),
        client.request(Method::OPTIONS, &at),
    ] {
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.remote_addr(), Some(peer.addr()));
        assert_eq!(response.url().as_str(), at);
    }
    let methods: Vec<_> = peer.executions().into_iter().map(|it| it.method).collect();
    let expected = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];
    assert_eq!(methods, expected);
    assert_eq!(peer.connections(), 1);
}

#[tokio::test]
async fn what_the_builder_says_is_sent() {
    let peer = serving();
    let request = ours(&peer).post(url(&peer, Tls::Off, "/"));
    let request = request
        .header("x-a", "1")
        .headers(
            [("x-b".parse().unwrap(), "2".parse().unwrap())]
                .into_iter()
                .collect(),
        )
        .basic_auth("u", Some("p"))
        .with(|request| request.header("x-c", "3"))
        .body("one=1");
    request.send().await.unwrap();
    let sent = peer.executions().pop().unwrap();
    assert_eq!(sent.body, b"one=1");
    for (name, value) in [
        ("x-a", "1"),
        ("x-b", "2"),
        ("x-c", "3"),
        ("authorization", "Basic dTpw"),
        ("content-length", "5"),
    ] {
        let header = (name.to_owned(), value.to_owned());
        assert!(sent.headers.contains(&header), "{sent:?}");
    }
}

#[tokio::test]
async fn what_is_no_request_is_an_error_of_the_request() {
    let peer = serving();
    let client = ours(&peer);
    for wrong in ["no address", "ftp://example.com/", "http://"] {
        let error = client.get(wrong).send().await.unwrap_err();
        assert!(error.is_request(), "{wrong}: {error:?}");
    }
    let request = client.get(url(&peer, Tls::Off, "/")).header("a\n", "b");
    assert!(request.send().await.unwrap_err().is_request());
    assert_eq!(peer.connections(), 0);
}

#[tokio::test]
async fn it_is_a_service_of_requests() {
    let peer = serving();
    let client = ours(&peer);
    let request = || client.get(url(&peer, Tls::Off, "/")).build().unwrap();
    let response = client.clone().oneshot(request()).await.unwrap();
    assert_eq!(response.text().await.unwrap(), "ok");
    let response = (&client).ready().await.unwrap().call(request()).await;
    assert_eq!(response.unwrap().text().await.unwrap(), "ok");
}

#[tokio::test]
async fn bytes_and_streams_are_sent_again_whole() {
    for is_stream in [false, true] {
        let peer = losing();
        let client = ours(&peer);
        warm(&client, &peer).await;
        let put = client.post(url(&peer, Tls::Off, "/post"));
        let put = put.options(RequestOptions::new().may_repeat());
        let response = if is_stream {
            let (sender, body) = stream();
            sender.send("hello ".into()).unwrap();
            sender.send("world".into()).unwrap();
            drop(sender);
            put.body(reqwest::Body::wrap(body)).send().await
        } else {
            put.body("hello world").send().await
        };
        let response = response.unwrap();
        let [lost] = Attempts::in_extensions(response.extensions()) else {
            panic!("{response:?}")
        };
        assert_eq!(lost.decided(), Verdict::Replay(Grounds::CallerPermits));
        let executions = peer.executions();
        let bodies: Vec<_> = executions.iter().map(|it| it.body.as_slice()).collect();
        assert_eq!(bodies, [&b""[..], b"hello world", b"hello world"]);
        assert_eq!(executions[2].connection, 1);
    }
}

#[tokio::test]
async fn options_come_by_the_builder_or_in_the_request() {
    let never = RequestOptions::new().never_replay();
    let peer = losing();
    let client = ours(&peer);
    warm(&client, &peer).await;
    let request = client.get(url(&peer, Tls::Off, "/")).options(never);
    let error = request.send().await.unwrap_err();
    assert_eq!(error.refusal(), Refusal::CallerForbids, "{error:?}");

    let peer = losing();
    let client = ours(&peer);
    warm(&client, &peer).await;
    let request = http::Request::get(url(&peer, Tls::Off, "/"));
    let request = request.extension(never).body("").unwrap();
    let request = reqwest::Request::try_from(request).unwrap();
    let error = client.execute(request).await.unwrap_err();
    assert_eq!(error.refusal(), Refusal::CallerForbids, "{error:?}");
}

#[tokio::test]
async fn a_request_that_wants_a_new_connection_has_one() {
    let peer = serving();
    let client = ours(&peer);
    warm(&client, &peer).await;
    for (n, wish) in [
        ConnectionWish::Fresh,
        ConnectionWish::IdleAtMost(std::time::Duration::from_secs(1)),
    ]
    .into_iter()
    .enumerate()
    {
        let options = RequestOptions::new().connection(wish);
        let request = client.get(url(&peer, Tls::Off, "/")).options(options);
        request.send().await.unwrap();
        assert_eq!(peer.connections(), n + 2);
    }
    warm(&client, &peer).await;
    assert_eq!(peer.connections(), 3);
}

#[tokio::test]
async fn a_421_is_asked_again_on_a_new_connection() {
    let peer = Peer::start(Tls::Off, |n| match n {
        0 => Script::new()
            .read_all()
            .execute()
            .send("HTTP/1.1 421 Misdirected Request\r\nContent-Length: 0\r\n\r\n"),
        _ => Script::serve_forever(),
    });
    let post = ours(&peer).post(url(&peer, Tls::Off, "/")).body("a");
    let response = post.send().await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    let [lost] = Attempts::in_extensions(response.extensions()) else {
        panic!("{response:?}")
    };
    assert_eq!(lost.decided(), Verdict::Replay(Grounds::Refused));
    assert_eq!(peer.connections(), 2);
}

#[tokio::test]
async fn a_body_that_fails_is_no_stale_connection() {
    #[derive(Debug, thiserror::Error)]
    #[error("the body's own")]
    struct Own;

    let peer = losing();
    let client = ours(&peer);
    warm(&client, &peer).await;
    let mut frames = 0;
    let chunks = futures_util::stream::poll_fn(move |_| {
        frames += 1;
        std::task::Poll::Ready(match frames {
            1 => Some(Ok(http_body::Frame::data(bytes::Bytes::from_static(b"a")))),
            _ => Some(Err(Own)),
        })
    });
    let body = reqwest::Body::wrap(http_body_util::StreamBody::new(chunks));
    let put = client.put(url(&peer, Tls::Off, "/")).body(body);
    let error = put.send().await.unwrap_err();
    assert!(error.is_body(), "{error:?}");
    assert_eq!(error.refusal(), Refusal::CallerBody);
}
