//! A peer that says nothing: the keep-alive finds out.

use std::time::Duration;

use http::Method;
use unstale::DiscardReason;

use super::play::{COLUMNS, PATH, WIRES, builder, request, send};
use crate::kernel;
use crate::peer_h2::{Peer2, Script2};
use crate::scenario::mode::{Flavour, Mode};

const INTERVAL: Duration = Duration::from_millis(100);
const TIMEOUT: Duration = Duration::from_millis(200);

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
fn a_request_in_flight_to_a_silent_peer_is_unknown() {
    for tls in WIRES {
        for method in [Method::GET, Method::POST] {
            Mode::of(Flavour::CurrentThread).run(false, async move {
                let peer = Peer2::start(tls, silent_after_one);
                let client = builder(&peer)
                    .http2_keep_alive_interval(INTERVAL)
                    .http2_keep_alive_timeout(TIMEOUT)
                    .build()
                    .unwrap();
                send(&client, request(&peer, &Method::GET, "/warm"))
                    .await
                    .unwrap();
                let sent = send(&client, request(&peer, &method, PATH)).await;
                if method == Method::GET {
                    assert_eq!(sent.unwrap().failed, 1, "{tls:?}");
                    assert_eq!(peer.executed("GET", PATH), 1);
                } else {
                    sent.unwrap_err();
                    assert_eq!(peer.executed("POST", PATH), 0);
                    assert_eq!(peer.connections(), 1);
                }
            });
        }
    }
}
