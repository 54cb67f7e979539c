//! Bodies go through while they are being sent, whole, and break off where they broke off.

use std::convert::Infallible;

use bytes::Bytes;
use http::Request;
use http_body::Frame;
use http_body_util::{BodyExt, Full, StreamBody};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;

use crate::peer::Script;
use crate::setup::{Proxy, get, read, soon, upstream, url};

/// A body whose pieces come by a channel.
fn streamed(
    pieces: mpsc::UnboundedReceiver<&'static str>,
) -> impl http_body::Body<Data = Bytes, Error = Infallible> + Send + Unpin + 'static {
    let next = async |mut pieces: mpsc::UnboundedReceiver<&'static str>| {
        let piece = pieces.recv().await?;
        Some((Ok(Frame::data(Bytes::from(piece))), pieces))
    };
    StreamBody::new(Box::pin(futures_util::stream::unfold(pieces, next)))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_body_of_a_request_is_passed_on_while_it_is_being_sent() {
    let script = Script::new().read_head().read_body(5).signal("half");
    let peer = upstream(script.read_all().execute().answer());
    let proxy = Proxy::before(&url(&peer)).await;
    let (pieces, body) = mpsc::unbounded_channel();
    let request = Request::post("/up")
        .header("host", "a")
        .body(streamed(body));
    let mut sender = proxy.connect().await;
    let answer = tokio::spawn(sender.send_request(request.unwrap()));
    pieces.send("hello").unwrap();
    peer.reached_async("half").await;
    pieces.send("world").unwrap();
    drop(pieces);
    let answer = soon(answer).await.unwrap().unwrap();
    assert_eq!(read(answer).await, "ok");
    let [execution] = &peer.executions()[..] else {
        panic!("it was executed once");
    };
    assert_eq!(execution.body, b"helloworld");
}

#[tokio::test]
async fn a_client_that_waits_for_a_100_gets_one_and_its_body_is_passed_on() {
    let peer = upstream(Script::serve_forever());
    let proxy = Proxy::before(&url(&peer)).await;
    let mut stream = TcpStream::connect(proxy.addr).await.unwrap();
    let head = "POST /up HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut go_on = [0; 25];
    soon(stream.read_exact(&mut go_on)).await.unwrap();
    assert_eq!(&go_on, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(b"hello").await.unwrap();
    let mut answer = [0; 12];
    soon(stream.read_exact(&mut answer)).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 200");
    assert_eq!(peer.executions()[0].body, b"hello");
}

#[tokio::test]
async fn the_body_of_a_response_is_passed_on_while_it_is_being_sent() {
    let script = Script::new().read_all().execute();
    let script = script.send("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n");
    let script = script.wait("more").send("5\r\nworld\r\n0\r\n\r\n");
    let peer = upstream(script.discard());
    let proxy = Proxy::before(&url(&peer)).await;
    let mut body = proxy.send(get("/down")).await.into_body();
    let first = soon(body.frame()).await.unwrap().unwrap();
    assert_eq!(first.into_data().unwrap(), "hello");
    peer.go("more");
    let rest = soon(body.collect()).await.unwrap();
    assert_eq!(rest.to_bytes(), "world");
}

#[tokio::test]
async fn bodies_that_are_larger_than_what_is_kept_arrive_whole() {
    let sent: Bytes = (0..3_000_000_u32).map(|n| n.to_le_bytes()[0]).collect();
    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", sent.len());
    let script = Script::new().read_all().execute().send(head);
    let peer = upstream(script.send(sent.to_vec()).discard());
    let proxy = Proxy::before(&url(&peer)).await;
    let request = Request::put("/large").header("host", "a");
    let answer = proxy
        .send(request.body(Full::new(sent.clone())).unwrap())
        .await;
    assert_eq!(answer.headers()["content-length"], "3000000");
    assert!(soon(read(answer)).await == sent);
    assert!(peer.executions()[0].body == sent);
}

#[tokio::test]
async fn a_response_that_breaks_off_does_so_for_the_client() {
    let script = Script::new().read_all().execute();
    let script = script
        .send("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhello")
        .fin();
    let peer = upstream(script.discard());
    let proxy = Proxy::before(&url(&peer)).await;
    let answer = proxy.send(get("/cut")).await;
    assert_eq!(answer.status(), 200);
    let body = soon(answer.into_body().collect()).await;
    assert!(body.is_err(), "{body:?}");
}

#[tokio::test]
async fn a_client_that_goes_ends_the_upload_and_nothing_is_sent_again() {
    let peer = upstream(
        Script::new()
            .read_head()
            .read_body(5)
            .signal("half")
            .discard(),
    );
    let proxy = Proxy::before(&url(&peer)).await;
    let (pieces, body) = mpsc::unbounded_channel();
    let request = Request::post("/up")
        .header("host", "a")
        .body(streamed(body));
    let mut sender = proxy.connect().await;
    let answer = tokio::spawn(sender.send_request(request.unwrap()));
    pieces.send("hello").unwrap();
    peer.reached_async("half").await;
    answer.abort();
    drop((pieces, sender));
    crate::kernel::until("the connection to the server is closed", || {
        proxy.client.connections().all().is_empty()
    })
    .await;
    assert_eq!(peer.connections(), 1);
    assert!(peer.executions().is_empty());
}
