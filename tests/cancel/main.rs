//! Cancelled requests leave nothing behind: the pool stays usable, no socket stays half-closed, no descriptor stays open.
//!
//! A binary of its own, and one test at a time in it, because it counts the descriptors of the whole process.

#![allow(
    missing_docs,
    dead_code,
    unnameable_types,
    unused_imports,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    reason = "test code, which shares the peer and the client with `it` and uses a part of them"
)]

#[path = "../it/client.rs"]
mod client;
#[path = "../it/kernel.rs"]
mod kernel;

use std::future::poll_fn;
use std::sync::{Mutex, PoisonError};
use std::task::Poll;

use http::{Method, Request};
use http_body_util::BodyExt;
use tokio::runtime::{Builder, Runtime};
use tower::ServiceExt;
use unstale::evidence::Delivery;
use unstale::test_peer as peer;

use crate::client::{Body, Client, Stack, client, full, url};
use crate::peer::{Peer, Script, Tls};

static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

const WIRES: [Tls; 3] = [
    Tls::Off,
    Tls::V13 { close_notify: true },
    Tls::V13 {
        close_notify: false,
    },
];

/// More polls than any request here takes.
const CUTS: usize = 12;

fn descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}

/// Plays on either runtime and every wire, and sees to it that afterwards there are no more descriptors than before.
fn on_all(play: &impl AsyncFn(&Peer, Tls, Client), scripts: fn(usize) -> Script) {
    let _guard = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    // Whatever the process opens once and for all is open after this.
    once(&runtimes()[1], Tls::Off, play, scripts);
    for tls in WIRES {
        for runtime in runtimes() {
            let before = descriptors();
            once(&runtime, tls, play, scripts);
            let none_left = || descriptors() <= before;
            kernel::block_until("no descriptor is left", none_left);
        }
    }
}

fn runtimes() -> [Runtime; 2] {
    [
        Builder::new_current_thread().enable_all().build().unwrap(),
        Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap(),
    ]
}

fn once(
    runtime: &Runtime,
    tls: Tls,
    play: &impl AsyncFn(&Peer, Tls, Client),
    scripts: fn(usize) -> Script,
) {
    for stack in Stack::BOTH {
        once_by(stack, runtime, tls, play, scripts);
    }
}

fn once_by(
    stack: Stack,
    runtime: &Runtime,
    tls: Tls,
    play: &impl AsyncFn(&Peer, Tls, Client),
    scripts: fn(usize) -> Script,
) {
    let peer = Peer::start(tls, scripts);
    runtime.block_on(async {
        let client = client(stack, &peer, tls);
        play(&peer, tls, client.clone()).await;
        let addr = peer.addr();
        let no_half_closed = || kernel::half_closed(addr) == 0;
        kernel::until("no socket is half-closed", no_half_closed).await;
        drop(client);
        let all_closed = || kernel::established(addr) == 0 && kernel::half_closed(addr) == 0;
        kernel::until("all sockets are closed", all_closed).await;
        // A turn of the runtime, in which stopped tasks are dropped, and what they hold.
        tokio::task::yield_now().await;
    });
}

fn request(peer: &Peer, tls: Tls, method: Method, path: &str) -> Request<Body> {
    Request::builder()
        .method(method)
        .uri(url(peer, tls, path))
        .body(full("hello"))
        .unwrap()
}

/// That a request on this client still works, though it may have to be a repetition.
async fn still_works(peer: &Peer, tls: Tls, client: &Client) {
    let request = request(peer, tls, Method::PUT, "/after");
    let response = client.clone().oneshot(request).await.unwrap();
    let body = response.into_body().collect().await.unwrap();
    assert_eq!(body.to_bytes(), "ok");
}

/// Drops one request after so many polls, for every number of them.
async fn cut_everywhere(peer: &Peer, tls: Tls, client: Client) {
    for polls in 0..CUTS {
        for method in [Method::PUT, Method::POST] {
            let exchange = async {
                let request = request(peer, tls, method, "/cut");
                let response = client.clone().oneshot(request).await.ok()?;
                response.into_body().collect().await.ok()
            };
            cut_after(polls, exchange).await;
        }
        still_works(peer, tls, &client).await;
    }
}

/// Polls so many times at most, then drops the future; `None` if it did not end before.
async fn cut_after<F: Future>(polls: usize, future: F) -> Option<F::Output> {
    let mut future = Box::pin(future);
    let mut left = polls;
    poll_fn(move |cx| {
        if left == 0 {
            return Poll::Ready(None);
        }
        left -= 1;
        match future.as_mut().poll(cx) {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            Poll::Pending if left == 0 => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}

#[test]
fn a_request_dropped_at_any_poll_leaves_nothing_behind() {
    on_all(&cut_everywhere, |_| Script::serve_forever());
}

#[test]
fn a_request_dropped_at_any_poll_of_its_replay_leaves_nothing_behind() {
    // Every connection but each fourth half-closes under its second request.
    on_all(&cut_everywhere, |n| match n % 4 {
        0 => Script::serve_forever(),
        1 => Script::new().serve().wait_first_byte().fin().discard(),
        2 => Script::new().serve().wait_first_byte().close(),
        _ => Script::new().serve().fin().discard(),
    });
}

#[test]
fn a_request_dropped_while_its_response_comes_leaves_nothing_behind() {
    let scripts: [fn(usize) -> Script; 2] = [
        |n| match n {
            0 => Script::new().read_head().signal("here").stall(),
            _ => Script::serve_forever(),
        },
        |n| match n {
            0 => Script::new().read_all().send(HALF).signal("here").stall(),
            _ => Script::serve_forever(),
        },
    ];
    for scripts in scripts {
        let play = async |peer: &Peer, tls, client: Client| {
            let exchange = async {
                let request = request(peer, tls, Method::POST, "/cut");
                let response = client.clone().oneshot(request).await.unwrap();
                response.into_body().collect().await.unwrap()
            };
            tokio::select! {
                _ = exchange => panic!("there is no whole answer"),
                () = peer.reached_async("here") => {}
            }
            still_works(peer, tls, &client).await;
        };
        on_all(&play, scripts);
    }
}

const HALF: &str = "HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nhalf";

#[test]
fn failed_requests_leave_no_half_closed_socket_while_the_client_lives() {
    let play = async |peer: &Peer, tls, client: Client| {
        for _ in 0..5 {
            // Each connection answers once, and half-closes under the request after that.
            for path in ["/first", "/lost"] {
                let request = request(peer, tls, Method::POST, path);
                match client.clone().oneshot(request).await {
                    Ok(response) => drop(response.into_body().collect().await.unwrap()),
                    Err(error) => {
                        let delivery = error.evidence().unwrap().delivery();
                        assert_eq!(delivery, Delivery::Unknown, "{error:?}");
                    }
                }
            }
        }
    };
    on_all(&play, |_| {
        Script::new().serve().wait_first_byte().fin().discard()
    });
}
