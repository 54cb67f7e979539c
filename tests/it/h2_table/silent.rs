//! A peer that says nothing: the keep-alive finds out.

use std::time::Duration;

use http::Method;
use unstale::DiscardReason;
use unstale::verdict::Refusal;

use super::play::{COLUMNS, PATH, WIRES, builder, request, send};
use crate::kernel;
use crate::peer_h2::{Peer2, Script2, Tls};
use crate::scenario::mode::{Flavour, Mode};

const INTERVAL: Duration = Duration::from_millis(100);
/// Long enough for a peer that lives on a busy machine.
const TIMEOUT: Duration = Duration::from_secs(1);

fn silent_after_one(n: usize) -> Script2 {
    match n {
        0 => Script2::new().serve(1).ack_pings(false).read_forever(),
        _ => Script2::new().serve_forever(),
    }
}

#[test]
fn an_idle_connection_whose_peer_is_silent_is_not_used() {
    for (tls, flavour) in COLUMNS {
        {
            Mode::of(flavour).run(false, async move {
                let peer = Peer2::start(tls, silent_after_one);
                let client = builder(&peer)
                    .http2_keep_alive_interval(INTERVAL)
                    .http2_keep_alive_timeout(TIMEOUT)
                    .build()
                    .unwrap();
                send(&client, request(&peer, &Method::GET, "/warm"))
                    .await
                    .unwrap();
                let gone = || client.connections().all().is_empty();
                kernel::until("the keep-alive ends the connection", gone).await;
                let answer = send(&client, request(&peer, &Method::POST, PATH))
                    .await
                    .unwrap();
                assert_eq!(answer.failed, 0, "{tls:?}");
                assert_eq!(peer.executed("POST", PATH), 1);
            });
        }
    }
}

#[test]
fn a_connection_that_was_not_heard_of_while_the_machine_slept_is_not_used() {
    // The runtime is what sleeps here: it is blocked for longer than interval and timeout, and polls nothing.
    for tls in WIRES {
        Mode::of(Flavour::CurrentThread).run(true, async move {
            let peer = Peer2::start(tls, silent_after_one);
            let client = builder(&peer)
                .http2_keep_alive_interval(INTERVAL)
                .http2_keep_alive_timeout(TIMEOUT)
                .build()
                .unwrap();
            send(&client, request(&peer, &Method::GET, "/warm"))
                .await
                .unwrap();
            let started = tokio::time::Instant::now();
            kernel::block_until("it slept", || started.elapsed() > 2 * (INTERVAL + TIMEOUT));
            let answer = send(&client, request(&peer, &Method::POST, PATH))
                .await
                .unwrap();
            assert_eq!(answer.failed, 0, "{tls:?}");
            assert_eq!(peer.executed("POST", PATH), 1);
            assert_eq!(
                client.counters().discarded(DiscardReason::Unheard),
                1,
                "{tls:?}"
            );
        });
    }
}

#[test]
fn a_peer_that_answers_the_keep_alive_is_kept_however_long_nobody_asks_it_anything() {
    for (tls, flavour) in COLUMNS {
        Mode::of(flavour).run(false, async move {
            let peer = Peer2::start(tls, |_| Script2::new().serve_forever());
            let client = builder(&peer)
                .http2_keep_alive_interval(INTERVAL)
                .http2_keep_alive_timeout(TIMEOUT)
                .build()
                .unwrap();
            let warm = send(&client, request(&peer, &Method::GET, "/warm")).await;
            warm.unwrap();
            let read = peer.bytes_read(0);
            // A PING has 17 bytes: a dozen of them take longer than interval and timeout.
            let asked = || peer.bytes_read(0) >= read + 12 * 17;
            kernel::until("it is asked twelve times", asked).await;
            let answer = send(&client, request(&peer, &Method::POST, PATH)).await;
            assert_eq!(answer.unwrap().failed, 0, "{tls:?} {flavour:?}");
            assert_eq!(peer.connections(), 1, "{tls:?} {flavour:?}");
            assert_eq!(client.counters().discarded(DiscardReason::Unheard), 0);
        });
    }
}

#[test]
fn a_request_in_flight_to_a_silent_peer_is_unknown_and_nothing_of_it_is_sent_any_more() {
    for (tls, flavour) in COLUMNS {
        for method in [Method::GET, Method::PUT, Method::POST] {
            Mode::of(flavour).run(false, unanswered(tls, method));
        }
    }
}

async fn unanswered(tls: Tls, method: Method) {
    let peer = Peer2::start(tls, |n| match n {
        // It reads nothing either: what is sent to it stays in the kernels.
        0 => Script2::new().serve(1).stall(),
        _ => Script2::new().serve_forever(),
    });
    let client = builder(&peer)
        .http2_keep_alive_interval(INTERVAL)
        .http2_keep_alive_timeout(TIMEOUT)
        .build()
        .unwrap();
    let warm = send(&client, request(&peer, &Method::GET, "/warm")).await;
    warm.unwrap();
    let sent = send(&client, request(&peer, &method, PATH)).await;
    if method == Method::POST {
        let error = sent.unwrap_err();
        assert_eq!(error.refusal(), Refusal::MayHaveBeenProcessed, "{tls:?}");
        assert_eq!(peer.executed("POST", PATH), 0);
        assert_eq!(peer.connections(), 1);
        assert_eq!(kernel::established(peer.addr()), 0, "{tls:?}");
    } else {
        assert_eq!(sent.unwrap().failed, 1, "{tls:?}");
        assert_eq!(peer.executed(method.as_str(), PATH), 1);
        assert_eq!(kernel::established(peer.addr()), 1, "{tls:?}");
    }
    assert_eq!(kernel::closing(peer.addr()), 0, "it was aborted: {tls:?}");
}

#[test]
fn a_stream_that_dies_with_its_connection_is_aborted_with_it_though_others_were_answered() {
    for (tls, flavour) in COLUMNS {
        Mode::of(flavour).run(false, async move {
            let peer = Peer2::start(tls, |n| match n {
                0 => Script2::new()
                    .serve(1)
                    .read_all()
                    .signal("held")
                    .serve(1)
                    .wait("end")
                    .fin()
                    .stall(),
                _ => Script2::new().serve_forever(),
            });
            let client = builder(&peer).build().unwrap();
            let warm = send(&client, request(&peer, &Method::GET, "/warm")).await;
            warm.unwrap();
            let held = tokio::spawn({
                let (client, request) = (client.clone(), request(&peer, &Method::PUT, PATH));
                async move { send(&client, request).await }
            });
            peer.reached_async("held").await;
            let other = send(&client, request(&peer, &Method::GET, "/other")).await;
            other.unwrap();
            peer.go("end");
            assert_eq!(held.await.unwrap().unwrap().failed, 1);
            assert_eq!(kernel::parted(peer.addr()), 0, "{tls:?} {flavour:?}");
            assert_eq!(peer.executed("PUT", PATH), 1, "{tls:?} {flavour:?}");
        });
    }
}
