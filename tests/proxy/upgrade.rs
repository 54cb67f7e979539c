//! Another protocol goes through, and the request for it is never sent twice.

use bytes::Bytes;
use http::Request;
use http_body_util::Empty;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use unstale::verdict::Refusal;

use crate::peer::{Peer, Script, Tls};
use crate::setup::{Proxy, get, read, soon, upstream, url};

const SWITCH: &str =
    "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\n";

fn upgrade() -> Request<Empty<Bytes>> {
    let mut request = get("/up");
    let fields = request.headers_mut();
    fields.insert("connection", "keep-alive, Upgrade".parse().unwrap());
    fields.insert("upgrade", "echo".parse().unwrap());
    request
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_either_side_says_after_a_101_goes_through_to_both_ends() {
    // The server speaks first, in the segment of the head.
    let switch = Script::new().read_head().send(format!("{SWITCH}welcome"));
    let switch = switch
        .read_some(5)
        .signal("heard")
        .send("bye")
        .fin()
        .discard();
    let peer = Peer::start(Tls::Off, move |n| match n {
        0 => Script::serve_forever(),
        _ => switch.clone().signal("ended"),
    });
    let proxy = Proxy::before(&url(&peer)).await;
    read(proxy.send(get("/first")).await).await;

    let answer = proxy.send(upgrade()).await;
    assert_eq!(answer.status(), 101);
    assert_eq!(answer.headers()["upgrade"], "echo");
    assert_eq!(answer.headers()["connection"], "upgrade");
    let mut there = TokioIo::new(soon(hyper::upgrade::on(answer)).await.unwrap());
    let mut said = [0; 7];
    soon(there.read_exact(&mut said)).await.unwrap();
    assert_eq!(&said, b"welcome");
    there.write_all(b"hello").await.unwrap();
    peer.reached_async("heard").await;
    let mut rest = String::new();
    soon(there.read_to_string(&mut rest)).await.unwrap();
    assert_eq!(rest, "bye");
    there.shutdown().await.unwrap();
    peer.reached_async("ended").await;
    // Over a connection that was opened for it, although one lay idle.
    assert_eq!(peer.connections(), 2);
}

#[tokio::test]
async fn a_request_to_upgrade_is_never_sent_again() {
    let peer = upstream(Script::new().read_all().execute().close());
    let proxy = Proxy::before(&url(&peer)).await;
    assert_eq!(proxy.send(upgrade()).await.status(), 502);
    assert_eq!(peer.executed("GET", "/up"), 1);
    assert_eq!(peer.connections(), 1);
    assert_eq!(proxy.failures()[0].refusal(), Refusal::Tunnel);
}

#[tokio::test]
async fn a_refused_upgrade_is_a_response_like_any_other() {
    let peer = upstream(Script::serve_forever());
    let proxy = Proxy::before(&url(&peer)).await;
    let mut sender = proxy.connect().await;
    for request in [upgrade(), get("/next")] {
        let answer = soon(sender.send_request(request)).await.unwrap();
        assert_eq!(answer.status(), 200);
        assert_eq!(read(answer).await, "ok");
    }
    let sent = &peer.executions()[0].headers;
    let told = |name: &str| {
        sent.iter()
            .find(|(known, _)| known == name)
            .unwrap()
            .1
            .clone()
    };
    assert_eq!(told("connection"), "upgrade");
    assert_eq!(told("upgrade"), "echo");
}

#[tokio::test]
async fn an_upgrade_that_nobody_asked_for_is_no_answer() {
    let script = Script::new().read_all().execute().send(SWITCH).discard();
    let peer = upstream(script);
    let proxy = Proxy::before(&url(&peer)).await;
    assert_eq!(proxy.send(get("/x")).await.status(), 502);
    assert_eq!(peer.executed("GET", "/x"), 1);
}

#[tokio::test]
async fn an_upgrade_is_not_asked_for_where_only_half_of_it_was() {
    let peer = upstream(Script::serve_forever());
    let proxy = Proxy::before(&url(&peer)).await;
    for request in [
        "GET /x HTTP/1.0\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n",
        "GET /x HTTP/1.1\r\nHost: a\r\nUpgrade: echo\r\n\r\n",
        "GET /x HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\n\r\n",
    ] {
        let answer = proxy.say(request).await;
        assert!(answer.contains(" 200 OK\r\n"), "{answer}");
    }
    for sent in peer.executions() {
        let mut names = sent.headers.iter().map(|(name, _)| name.as_str());
        assert!(
            !names.any(|name| ["upgrade", "connection"].contains(&name)),
            "{sent:?}"
        );
    }
    assert_eq!(peer.executions().len(), 3);
}
