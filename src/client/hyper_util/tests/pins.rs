//! Single behaviours of hyper and hyper-util, each with a test that fails when it changes.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Extensions, Request, Uri};
use http_body_util::{Empty, StreamBody};
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::{HttpConnector, capture_connection};
use hyper_util::rt::TokioExecutor;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::time::Instant;
use tower_layer::Layer;

use crate::body::ReplayBody;
use crate::conn::scope::{self, Slot};
use crate::conn::{Facts, Track, TrackLayer};

const FRAME: usize = 1000;

/// A transport that takes a few bytes at a time, and checks at each flush what it has taken.
#[derive(Default)]
struct Narrow {
    seen: Arc<Mutex<Seen>>,
    is_full: bool,
}

#[derive(Default)]
struct Seen {
    taken: Vec<u8>,
    flushes: usize,
}

impl Read for Narrow {
    fn poll_read(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        _: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Poll::Pending
    }
}

impl Write for Narrow {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.is_full = !self.is_full;
        if self.is_full {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let n = buf.len().min(7);
        self.seen.lock().unwrap().taken.extend_from_slice(&buf[..n]);
        Poll::Ready(Ok(n))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut seen = self.seen.lock().unwrap();
        let head = seen.taken.windows(4).position(|end| end == b"\r\n\r\n");
        if !seen.taken.is_empty() {
            let body = seen.taken.len() - (head.expect("a flush within the head") + 4);
            assert_eq!(body % FRAME, 0, "a flush within a frame");
            seen.flushes += 1;
        }
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[tokio::test]
async fn hyper_flushes_only_when_it_holds_nothing_unwritten() {
    let narrow = Narrow::default();
    let seen = Arc::clone(&narrow.seen);
    let (mut sender, connection) = hyper::client::conn::http1::handshake(narrow).await.unwrap();
    let frames = (0..3).map(|_| {
        let data = Bytes::from_static(&[b'x'; FRAME]);
        Ok::<_, io::Error>(http_body::Frame::data(data))
    });
    let body = StreamBody::new(futures_util::stream::iter(frames));
    let request = Request::post("/")
        .header("content-length", 3 * FRAME)
        .body(body)
        .unwrap();
    let answer = sender.send_request(request);
    let mut connection = Box::pin(connection.without_shutdown());
    for _ in 0..2_000 {
        let turn = poll_fn(|cx| Poll::Ready(connection.as_mut().poll(cx))).await;
        assert!(turn.is_pending());
    }
    drop(answer);
    let seen = seen.lock().unwrap();
    assert!(seen.flushes > 0);
    assert!(seen.taken.ends_with(&[b'x'; 3 * FRAME]));
}

/// A server that answers the first request on each connection and closes at the second. Returns its address and how many
/// connections it has accepted.
async fn answers_once() -> (Uri, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let uri = format!("http://{}/", listener.local_addr().unwrap());
    let accepted = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&accepted);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            count.fetch_add(1, Ordering::Relaxed);
            tokio::spawn(async move {
                let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
                let mut request = [0; 1024];
                let n = stream.read(&mut request).await?;
                assert!(request[..n].ends_with(b"\r\n\r\n"));
                stream.write_all(answer).await?;
                stream.read(&mut request).await
            });
        }
    });
    (uri.parse().unwrap(), accepted)
}

fn tracked() -> Client<Track<HttpConnector>, Empty<Bytes>> {
    let connector = TrackLayer::new().layer(HttpConnector::new());
    Client::builder(TokioExecutor::new()).build(connector)
}

#[tokio::test]
async fn a_failed_attempt_names_its_connection() {
    let (uri, _) = answers_once().await;
    let client = tracked();
    let response = client.get(uri.clone()).await.unwrap();
    let facts: Facts = response.extensions().get().cloned().unwrap();
    let connection = facts.ledger().unwrap();
    let error = client.get(uri).await.unwrap_err();
    let mut extras = Extensions::new();
    error.connect_info().unwrap().get_extras(&mut extras);
    let named = extras.get().and_then(Facts::ledger).unwrap();
    assert_eq!(named.id(), connection.id());
}

#[tokio::test]
async fn a_poisoned_connection_is_not_used_again() {
    let (uri, accepted) = answers_once().await;
    let client = tracked();
    let mut request = Request::get(uri.clone()).body(Empty::new()).unwrap();
    let captured = capture_connection(&mut request);
    client.request(request).await.unwrap();
    captured.connection_metadata().as_ref().unwrap().poison();
    client.get(uri).await.unwrap();
    assert_eq!(accepted.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn a_captured_request_names_its_connection_before_hyper_is_given_it() {
    for is_captured in [true, false] {
        let (uri, _) = answers_once().await;
        let client = tracked();
        client.get(uri.clone()).await.unwrap();
        let mut request = Request::get(uri).body(Empty::new()).unwrap();
        if is_captured {
            drop(capture_connection(&mut request));
        }
        let mut slot = Some(Box::new(Slot {
            progress: ReplayBody::once(Empty::<Bytes>::new()).progress(),
            started: Instant::now(),
            is_captured: false,
            opened_after: None,
            idle_at_most: None,
            silent_since: None,
            tunnel: false,
            opened: None,
            seen: None,
        }));
        let mut future = client.request(request);
        let poll =
            poll_fn(|cx| Poll::Ready(scope::within(&mut slot, || Pin::new(&mut future).poll(cx))));
        assert!(poll.await.is_pending());
        // The connection's task has not run since.
        let seen = slot.unwrap().seen;
        assert_eq!(seen.is_some(), is_captured);
        if let Some(seen) = seen {
            let book = seen.ledger.book();
            assert_eq!(book.written, book.mark);
        }
    }
}
