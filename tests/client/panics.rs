//! Whatever panics of the caller's, the connection's place comes back: here there is one, so the next request shows it.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Method, Request, Uri};
use http_body::{Body, Frame};
use http_body_util::BodyExt;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tower::service_fn;
use unstale::{Client, DiscardReason, Observer};

use super::setup::{get, on_both, post, read, soon, until_idle, url};
use crate::client::pooled;
use crate::kernel;
use crate::peer::{Peer, Script, Tls};

/// Yields one piece, and then panics.
struct Panics(bool);

impl Body for Panics {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        assert!(!self.0, "on purpose: the body of a request fails");
        self.0 = true;
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(b"begin")))))
    }
}

fn one_place(peer: &Peer) -> Client {
    let builder = pooled(peer).max_connections_per_host(1);
    builder.build().unwrap()
}

async fn still_works(peer: &Peer, client: &Client) {
    assert_eq!(soon(get(client, url(peer, "/after"))).await.unwrap(), "ok");
    until_idle(client, 1).await;
    assert_eq!(kernel::held(peer.addr()), 1);
}

#[test]
fn a_body_that_panics_fails_its_request_and_gives_the_place_back() {
    on_both(async || {
        for method in [Method::PUT, Method::POST] {
            let peer = Peer::start(Tls::Off, |_| Script::serve_forever());
            let client = one_place(&peer);
            let request = Request::builder().method(method).uri(url(&peer, "/up"));
            let request = request.body(Panics(false)).unwrap();
            let sent = tokio::spawn(client.request(request));
            // On either thread, the caller's or the connection's.
            let failed = soon(sent).await;
            assert!(failed.is_err() || failed.unwrap().is_err());
            still_works(&peer, &client).await;
            assert!(peer.executions().iter().all(|it| it.path == "/after"));
        }
    });
}

#[test]
fn a_consumer_of_a_response_that_panics_gives_the_place_back() {
    on_both(async || {
        let whole = "HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\nhalf";
        let scripts = [
            Script::serve_forever(),
            Script::new().read_all().execute().send(whole).discard(),
        ];
        for script in scripts {
            let peer = Peer::start(Tls::Off, move |n| match n {
                0 => script.clone(),
                _ => Script::serve_forever(),
            });
            let client = one_place(&peer);
            let answer = soon(client.get(url(&peer, "/x"))).await.unwrap();
            let consumer = tokio::spawn(async move {
                let mut body = answer.into_body();
                body.frame().await.unwrap().unwrap();
                panic!("on purpose: the consumer of a response fails");
            });
            assert!(consumer.await.unwrap_err().is_panic());
            still_works(&peer, &client).await;
        }
    });
}

#[derive(Debug, Default)]
struct PanicsAtEach(Arc<AtomicUsize>);

impl PanicsAtEach {
    fn call(&self) {
        self.0.fetch_add(1, Ordering::SeqCst);
        panic!("on purpose: an observer fails");
    }
}

impl Observer for PanicsAtEach {
    fn opened(&self, _: &str, _: u64) {
        self.call();
    }

    fn reused(&self, _: &str, _: u64) {
        self.call();
    }

    fn discarded(&self, _: &str, _: u64, _: DiscardReason) {
        self.call();
    }

    fn closed(&self, _: &str, _: u64) {
        self.call();
    }
}

#[test]
fn an_observer_that_panics_each_time_is_not_noticed_by_requests() {
    on_both(async || {
        let peer = Peer::start(Tls::Off, |_| Script::serve_forever());
        let observer = PanicsAtEach::default();
        let calls = Arc::clone(&observer.0);
        let builder = pooled(&peer).observer(observer);
        let client = builder.max_connections_per_host(1).build().unwrap();
        for _ in 0..3 {
            still_works(&peer, &client).await;
        }
        soon(client.close()).await;
        // Opened, reused twice, discarded, closed.
        assert_eq!(calls.load(Ordering::SeqCst), 5);
    });
}

#[test]
fn a_connector_that_panics_fails_the_request_that_needed_it_and_no_other() {
    on_both(async || {
        let peer = Peer::start(Tls::Off, |_| Script::serve_forever());
        let (addr, calls) = (peer.addr(), Arc::new(AtomicUsize::new(0)));
        let connector = service_fn(move |_: Uri| {
            let first = calls.fetch_add(1, Ordering::SeqCst) == 0;
            Box::pin(async move {
                assert!(!first, "on purpose: a connector fails");
                TcpStream::connect(addr).await.map(TokioIo::new)
            })
        });
        let builder = pooled(&peer).connector(connector);
        let client = builder.max_connections_per_host(1).build().unwrap();
        let error = soon(client.request(post(url(&peer, "/pay")))).await;
        assert!(error.unwrap_err().is_connect());
        let answer = soon(client.request(post(url(&peer, "/pay"))))
            .await
            .unwrap();
        assert_eq!(read(answer).await, "ok");
        assert_eq!(peer.executed("POST", "/pay"), 1);
    });
}
