//! How many system calls a request costs on the way that works, counted by strace, beside hyper-util's own client.

#![cfg(target_os = "linux")]
#![allow(
    missing_docs,
    dead_code,
    unused_imports,
    unreachable_pub,
    unnameable_types,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    reason = "test code: nothing is exported, and a panic is how a test fails; the peer is shared with other tests"
)]

#[path = "../it/loopback/mod.rs"]
mod loopback;
#[path = "../it/peer/mod.rs"]
mod peer;

use std::process::Command;

use bytes::Bytes;
use http_body_util::{BodyExt, Empty};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tower::{Service, ServiceExt};
use unstale::{RetryPolicy, stack};

use peer::{Peer, Script, Tls};

const REQUESTS: usize = 2_000;
const URL: &str = "UNSTALE_SYSCALLS_URL";
const CLIENT: &str = "UNSTALE_SYSCALLS_CLIENT";

#[test]
#[ignore = "needs strace"]
fn a_request_costs_one_system_call_more_than_without() {
    let peer = Peer::start(Tls::Off, |_| Script::serve_forever());
    let plain = count(&peer, "plain");
    let ours = count(&peer, "unstale");
    println!("system calls of {REQUESTS} requests: plain {plain:?}, unstale {ours:?}");
    // SO_PROTOCOL once a connection, and TCP_INFO once a request.
    assert!(ours.getsockopt <= plain.getsockopt + REQUESTS + 1);
    // The rest varies with what the scheduler makes of two threads.
    let more = ours.all.saturating_sub(plain.all);
    assert!(more <= REQUESTS + REQUESTS / 20, "{more} more");
}

#[derive(Debug)]
struct Count {
    getsockopt: usize,
    all: usize,
}

/// Runs the test below under strace.
fn count(peer: &Peer, client: &str) -> Count {
    let trace = std::env::temp_dir().join(format!("unstale-{}-{client}", std::process::id()));
    let status = Command::new("strace")
        .args(["-f", "-qq", "-o"])
        .arg(&trace)
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "sends_requests", "--ignored"])
        .env(URL, peer.url("/"))
        .env(CLIENT, client)
        .status()
        .expect("this test needs strace: install it (Debian: apt-get install strace)");
    assert!(status.success(), "{client}");
    let calls = std::fs::read_to_string(&trace).unwrap();
    std::fs::remove_file(&trace).unwrap();
    // A call that another thread interrupts is written in two lines.
    let begun = || calls.lines().filter(|line| !line.contains(" resumed>"));
    Count {
        getsockopt: begun().filter(|line| line.contains(" getsockopt(")).count(),
        all: begun().count(),
    }
}

#[tokio::test]
#[ignore = "run by the other under strace; by itself it needs a peer of its own"]
async fn sends_requests() {
    let peer = Peer::start(Tls::Off, |_| Script::serve_forever());
    let url = std::env::var(URL).unwrap_or_else(|_| peer.url("/"));
    let uri: http::Uri = url.parse().unwrap();
    let builder = Client::builder(TokioExecutor::new());
    let is_plain = std::env::var(CLIENT).is_ok_and(|client| client == "plain");
    if is_plain {
        let client: Client<_, Empty<Bytes>> = builder.build(HttpConnector::new());
        for _ in 0..REQUESTS {
            let response = client.get(uri.clone()).await.unwrap();
            response.into_body().collect().await.unwrap();
        }
    } else {
        let mut client = stack::over_http(&builder, HttpConnector::new(), RetryPolicy::default());
        for _ in 0..REQUESTS {
            let request = http::Request::get(uri.clone()).body(Empty::<Bytes>::new());
            let response = client
                .ready()
                .await
                .unwrap()
                .call(request.unwrap())
                .await
                .unwrap();
            response.into_body().collect().await.unwrap();
        }
    }
}
