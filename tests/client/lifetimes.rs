//! What outlives what: a client its runtimes, a tunnel its place in the pool.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use http::{Request, StatusCode};
use http_body_util::Empty;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use unstale::{Client, DiscardReason, Observer};

use super::setup::{current_thread, get, on_both, soon, two_threads, until, until_idle, url};
use crate::client::pooled;
use crate::kernel;
use crate::peer::{Peer, Script, Tls};

#[test]
fn a_client_outlives_the_runtimes_that_it_is_used_on() {
    let peer = Peer::start(Tls::Off, |_| Script::serve_forever());
    let builder = pooled(&peer).max_connections_per_host(1);
    let client = builder.build().unwrap();
    for round in 1..=4 {
        let runtime = if round % 2 == 0 {
            two_threads()
        } else {
            current_thread()
        };
        runtime.block_on(async {
            assert_eq!(soon(get(&client, url(&peer, "/x"))).await.unwrap(), "ok");
            until_idle(&client, 1).await;
        });
        // Its connection goes with it, and leaves its place.
        drop(runtime);
        assert_eq!(kernel::held(peer.addr()), 0);
        assert!(client.connections().all().is_empty());
        assert_eq!(peer.connections(), round);
    }
}

#[test]
fn a_request_outside_of_a_runtime_is_an_error_and_no_panic() {
    let peer = Peer::start(Tls::Off, |_| Script::serve_forever());
    let builder = pooled(&peer).max_connections_per_host(1);
    let client = builder.build().unwrap();
    let waker = std::task::Waker::noop();
    for _ in 0..2 {
        let mut request = Box::pin(get(&client, url(&peer, "/x")));
        let mut context = std::task::Context::from_waker(waker);
        let mut answer = request.as_mut().poll(&mut context);
        if answer.is_pending() {
            answer = request.as_mut().poll(&mut context);
        }
        let std::task::Poll::Ready(Err(error)) = answer else {
            panic!("nothing can come of it");
        };
        let words = super::setup::chain(&error);
        assert!(words.contains("tokio"), "{words}");
    }
    // Nothing is left of them.
    current_thread().block_on(async {
        assert_eq!(soon(get(&client, url(&peer, "/x"))).await.unwrap(), "ok");
    });
}

#[test]
fn what_was_upgraded_is_no_longer_the_pools() {
    on_both(async || {
        let switch =
            "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n";
        let peer = Peer::start(Tls::Off, move |n| match n {
            0 => Script::new()
                .read_head()
                .send(switch)
                .wait("said")
                .send("hello")
                .discard(),
            _ => Script::serve_forever(),
        });
        let builder = pooled(&peer).max_connections_per_host(1);
        let client = builder.build().unwrap();
        let request = Request::get(url(&peer, "/echo"))
            .header("connection", "upgrade")
            .header("upgrade", "echo")
            .body(Empty::<Bytes>::new())
            .unwrap();
        let answer = soon(client.request(request)).await.unwrap();
        assert_eq!(answer.status(), StatusCode::SWITCHING_PROTOCOLS);
        let upgraded = soon(hyper::upgrade::on(answer)).await.unwrap();
        let mut upgraded = TokioIo::new(upgraded);
        upgraded.write_all(b"hello").await.unwrap();
        peer.go("said");
        let mut heard = [0; 5];
        soon(upgraded.read_exact(&mut heard)).await.unwrap();
        assert_eq!(&heard, b"hello");
        // Its place is free, though it is open.
        assert_eq!(soon(get(&client, url(&peer, "/next"))).await.unwrap(), "ok");
        assert_eq!(client.counters().discarded(DiscardReason::Upgraded), 1);
        assert_eq!(kernel::held(peer.addr()), 2);
        soon(client.close()).await;
        assert_eq!(kernel::held(peer.addr()), 1, "the tunnel is its holder's");
        drop(upgraded);
        assert_eq!(kernel::held(peer.addr()), 0);
    });
}

/// Asks the client about itself whenever it is told of something.
#[derive(Debug, Default)]
struct Curious(Arc<OnceLock<Client>>);

impl Curious {
    fn ask(&self) {
        if let Some(client) = self.0.get() {
            let _ = (
                client.connections().to_string(),
                client.counters().to_string(),
            );
        }
    }
}

impl Observer for Curious {
    fn opened(&self, _: &str, _: u64) {
        self.ask();
    }

    fn reused(&self, _: &str, _: u64) {
        self.ask();
    }

    fn discarded(&self, _: &str, _: u64, _: DiscardReason) {
        self.ask();
    }

    fn closed(&self, _: &str, _: u64) {
        self.ask();
    }
}

#[test]
fn an_observer_may_ask_the_client_that_tells_it() {
    on_both(async || {
        let peer = Peer::start(Tls::Off, |_| Script::new().serve().serve().close());
        let curious = Curious::default();
        let slot = Arc::clone(&curious.0);
        let client = pooled(&peer).observer(curious).build().unwrap();
        slot.set(client.clone()).unwrap();
        for _ in 0..4 {
            assert_eq!(soon(get(&client, url(&peer, "/x"))).await.unwrap(), "ok");
        }
        soon(client.close()).await;
    });
}
