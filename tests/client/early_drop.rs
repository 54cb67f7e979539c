//! A response that is not read to its end: a small rest is read for the connection's sake, a large or slow one is not.

use std::time::Duration;

use http_body_util::BodyExt;
use tokio::time::Instant;
use unstale::{Client, DiscardReason};

use super::setup::{get, on_both, soon, until_idle, url};
use crate::client::pooled;
use crate::kernel;
use crate::peer::{Peer, Script, Tls};

/// The documentation of `ResponseBody` says so.
const LIMIT: usize = 64 * 1024;
const TIME: Duration = Duration::from_millis(500);

fn sized(length: usize) -> (String, Vec<u8>) {
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n");
    (head, vec![b'x'; length])
}

fn chunked(length: usize) -> (String, Vec<u8>) {
    let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_owned();
    let mut body = Vec::new();
    for at in (0..length).step_by(1_000) {
        let size = (length - at).min(1_000);
        body.extend_from_slice(format!("{size:x}\r\n{}\r\n", "x".repeat(size)).as_bytes());
    }
    body.extend_from_slice(b"0\r\n\r\n");
    (head, body)
}

/// Sends the body when the response was dropped, so that none of it has come before.
fn peer((head, body): (String, Vec<u8>)) -> Peer {
    Peer::start(Tls::Off, move |n| match n {
        0 => Script::new()
            .read_all()
            .send(head.clone())
            .wait("dropped")
            .send(body.clone())
            .then(Script::serve_forever()),
        _ => Script::serve_forever(),
    })
}

async fn drop_response(client: &Client, peer: &Peer) {
    drop(soon(client.get(url(peer, "/dropped"))).await.unwrap());
    peer.go("dropped");
}

/// Whether the next request goes over the same connection.
async fn is_reused(client: &Client, peer: &Peer) -> bool {
    let is_decided = || {
        let connections = client.connections();
        let idle = connections.iter().any(|one| one.idle().is_some());
        idle || client.counters().discarded(DiscardReason::NotDrained) == 1
    };
    kernel::until("it was read or given up", is_decided).await;
    assert_eq!(soon(get(client, url(peer, "/next"))).await.unwrap(), "ok");
    peer.connections() == 1
}

#[test]
fn a_rest_within_the_limit_is_read_and_the_connection_used_again() {
    on_both(async || {
        for body in [sized(1), sized(LIMIT), chunked(1), chunked(LIMIT)] {
            let peer = peer(body);
            let client = pooled(&peer).build().unwrap();
            drop_response(&client, &peer).await;
            assert!(is_reused(&client, &peer).await);
            assert_eq!(client.counters().discarded(DiscardReason::NotDrained), 0);
        }
    });
}

#[test]
fn a_rest_above_the_limit_closes_the_connection() {
    on_both(async || {
        for body in [sized(LIMIT + 1), chunked(LIMIT + 1)] {
            let peer = peer(body);
            let client = pooled(&peer).build().unwrap();
            drop_response(&client, &peer).await;
            assert!(!is_reused(&client, &peer).await);
            assert_eq!(client.counters().discarded(DiscardReason::NotDrained), 1);
            kernel::until("one is left", || kernel::held(peer.addr()) == 1).await;
        }
    });
}

#[test]
fn of_a_large_response_only_the_rest_counts() {
    on_both(async || {
        let (head, body) = sized(10 * LIMIT);
        let peer = Peer::start(Tls::Off, move |_| {
            let script = Script::new().read_all().send(head.clone());
            script.send(body.clone()).then(Script::serve_forever())
        });
        let client = pooled(&peer).build().unwrap();
        let answer = soon(client.get(url(&peer, "/dropped"))).await.unwrap();
        let mut body = answer.into_body();
        let mut left = 10 * LIMIT;
        while left > LIMIT {
            left -= soon(body.frame())
                .await
                .unwrap()
                .unwrap()
                .data_ref()
                .unwrap()
                .len();
        }
        drop(body);
        assert!(is_reused(&client, &peer).await);
    });
}

#[test]
fn a_rest_that_does_not_come_closes_the_connection_after_half_a_second() {
    on_both(async || {
        let (head, mut body) = sized(100);
        body.truncate(50);
        let peer = Peer::start(Tls::Off, move |_| {
            let script = Script::new().read_all().send(head.clone());
            script.send(body.clone()).discard()
        });
        let client = pooled(&peer).build().unwrap();
        let answer = soon(client.get(url(&peer, "/dropped"))).await.unwrap();
        let begun = Instant::now();
        drop(answer);
        let is_closed = || kernel::held(peer.addr()) == 0;
        kernel::until("it is closed", is_closed).await;
        // Not sooner; how much later is the machine's affair, within `PATIENCE`.
        let waited = begun.elapsed();
        assert!(waited >= TIME, "{waited:?}");
        assert_eq!(client.counters().discarded(DiscardReason::NotDrained), 1);
    });
}

#[test]
fn a_response_without_a_body_needs_no_reading_and_no_drop() {
    on_both(async || {
        let peer = Peer::start(Tls::Off, |_| {
            let empty = "HTTP/1.1 204 No Content\r\n\r\n";
            Script::new().repeat(Script::new().read_all().send(empty))
        });
        let client = pooled(&peer).build().unwrap();
        let first = soon(client.get(url(&peer, "/1"))).await.unwrap();
        until_idle(&client, 1).await;
        let second = soon(client.get(url(&peer, "/2"))).await.unwrap();
        assert_eq!(peer.connections(), 1, "though the first is still there");
        drop((first, second));
    });
}
