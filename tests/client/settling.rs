//! An early answer, and an upload that goes on after it was read: the connection is neither awaited nor in the way for ever.

use std::time::Duration;

use bytes::Bytes;
use http::Request;
use tokio::sync::mpsc::UnboundedSender;
use tokio::time::Instant;
use unstale::{Client, ClientBuilder, DiscardReason};

use super::setup::{A_WHILE, get, on_both, read, soon, until, until_idle, url};
use crate::client::{pooled, stream};
use crate::kernel;
use crate::peer::{Peer, Script, Tls};

/// The documentation says so.
const TIME: Duration = Duration::from_millis(500);

const EARLY: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

fn peer() -> Peer {
    Peer::start(Tls::Off, |n| match n {
        0 => Script::new().read_head().execute().send(EARLY).discard(),
        _ => Script::serve_forever(),
    })
}

/// A client whose one connection carries an upload that has been answered, and goes on while what is returned lives.
async fn upload(peer: &Peer, builder: ClientBuilder) -> (Client, UnboundedSender<Bytes>) {
    let client = builder.build().unwrap();
    let (feed, body) = stream();
    feed.send(Bytes::from_static(b"begin")).unwrap();
    let request = Request::post(url(peer, "/up")).body(body).unwrap();
    let answer = soon(client.request(request)).await.unwrap();
    assert_eq!(read(answer).await, "ok");
    let settles = |all: &[unstale::Connection]| {
        all.iter()
            .all(|one| one.activity() == unstale::Activity::Settling)
    };
    until(&client, "it settles", settles).await;
    (client, feed)
}

#[test]
fn a_request_beside_an_upload_is_not_made_to_wait_for_it() {
    on_both(async || {
        let peer = peer();
        let (client, feed) = upload(&peer, pooled(&peer)).await;
        let begun = Instant::now();
        assert_eq!(soon(get(&client, url(&peer, "/x"))).await.unwrap(), "ok");
        assert!(begun.elapsed() < TIME, "{:?}", begun.elapsed());
        assert_eq!(peer.connections(), 2);
        // Nobody needs its place: it may go on.
        tokio::time::sleep(TIME + A_WHILE).await;
        feed.send(Bytes::from_static(b"more")).unwrap();
        assert_eq!(kernel::established(peer.addr()), 2);
    });
}

#[test]
fn an_upload_without_end_gives_its_place_to_a_request_in_line_after_half_a_second() {
    for in_total in [false, true] {
        on_both(async || {
            let peer = peer();
            let builder = if in_total {
                pooled(&peer).max_connections(1)
            } else {
                pooled(&peer).max_connections_per_host(1)
            };
            let (client, _feed) = upload(&peer, builder).await;
            let begun = Instant::now();
            assert_eq!(soon(get(&client, url(&peer, "/x"))).await.unwrap(), "ok");
            let waited = begun.elapsed();
            // Not at once; how much later is the machine's affair, within the patience of `soon`.
            assert!(waited >= TIME / 2, "{waited:?}");
            assert_eq!(peer.connections(), 2);
            assert_eq!(kernel::held(peer.addr()), 1);
            let counters = client.counters();
            assert_eq!(counters.discarded(DiscardReason::MadeRoom), 1, "{counters}");
        });
    }
}

#[test]
fn an_upload_without_end_gives_its_place_to_another_host() {
    on_both(async || {
        let (peer, other) = (peer(), Peer::start(Tls::Off, |_| Script::serve_forever()));
        let (client, _feed) = upload(&peer, pooled(&peer).max_connections(1)).await;
        assert_eq!(soon(get(&client, url(&other, "/x"))).await.unwrap(), "ok");
        assert!(kernel::held(peer.addr()) == 0);
    });
}

#[test]
fn a_request_that_was_in_line_before_the_upload_was_answered_does_not_wait_for_ever() {
    on_both(async || {
        let peer = Peer::start(Tls::Off, |n| match n {
            0 => Script::new()
                .read_head()
                .execute()
                .wait("answer")
                .send(EARLY)
                .discard(),
            _ => Script::serve_forever(),
        });
        let builder = pooled(&peer).max_connections_per_host(1);
        let client = builder.build().unwrap();
        let (_feed, body) = stream();
        let request = Request::post(url(&peer, "/up")).body(body).unwrap();
        let up = tokio::spawn({
            let client = client.clone();
            async move { read(client.request(request).await.unwrap()).await }
        });
        kernel::until("it is there", || peer.executed("POST", "/up") == 1).await;
        let waiting = tokio::spawn({
            let (client, url) = (client.clone(), url(&peer, "/x"));
            async move { get(&client, url).await.unwrap() }
        });
        kernel::until("it is in line", || client.counters().waits() == 1).await;
        peer.go("answer");
        assert_eq!(soon(up).await.unwrap(), "ok");
        assert_eq!(soon(waiting).await.unwrap(), "ok");
    });
}

#[test]
fn an_upload_that_ends_in_time_keeps_its_connection_for_the_next() {
    on_both(async || {
        let peer = Peer::start(Tls::Off, |_| {
            let early = Script::new().read_head().execute().send(EARLY);
            early.read_all().then(Script::serve_forever())
        });
        let builder = pooled(&peer).max_connections_per_host(1);
        let (client, feed) = upload(&peer, builder).await;
        let waiting = tokio::spawn({
            let (client, url) = (client.clone(), url(&peer, "/x"));
            async move { get(&client, url).await.unwrap() }
        });
        kernel::until("it is in line", || client.counters().waits() == 1).await;
        drop(feed);
        assert_eq!(soon(waiting).await.unwrap(), "ok");
        assert_eq!(peer.connections(), 1);
        until_idle(&client, 1).await;
    });
}

#[test]
fn a_client_that_is_closed_does_not_wait_for_an_upload_without_end() {
    on_both(async || {
        let peer = peer();
        let (client, _feed) = upload(&peer, pooled(&peer)).await;
        soon(client.close()).await;
        assert!(kernel::held(peer.addr()) == 0);
        let counters = client.counters();
        assert_eq!(
            counters.discarded(DiscardReason::ClientClosed),
            1,
            "{counters}"
        );
    });
}

#[test]
fn a_client_that_is_dropped_leaves_no_upload_without_end_behind() {
    on_both(async || {
        let peer = peer();
        let (client, _feed) = upload(&peer, pooled(&peer)).await;
        drop(client);
        let none_held = || kernel::held(peer.addr()) == 0;
        kernel::until("its socket is closed", none_held).await;
    });
}
