//! Many streams at once: on one connection, or on as many as the peer's limit asks for.

use http::Method;
use tokio::task::JoinSet;

use super::play::{COLUMNS, WIRES, builder, request, send};
use crate::kernel;
use crate::peer_h2::{Peer2, Script2, Tls};
use crate::scenario::mode::{Flavour, Mode};

async fn all_at_once(client: &unstale::Client, peer: &Peer2, name: &str, requests: usize) {
    let mut running = JoinSet::new();
    for n in 0..requests {
        let (client, request) = (
            client.clone(),
            request(peer, &Method::POST, &format!("/{name}/{n}")),
        );
        running.spawn(async move { send(&client, request).await.unwrap().body.unwrap() });
    }
    running.join_all().await;
    for n in 0..requests {
        assert_eq!(peer.executed("POST", &format!("/{name}/{n}")), 1);
    }
}

#[test]
fn two_hundred_requests_share_one_connection_that_is_opened_once() {
    for (tls, flavour) in COLUMNS {
        {
            Mode::of(flavour).run(false, async move {
                let peer = Peer2::start(tls, |_| Script2::max_streams(1_000).serve_forever());
                let client = builder(&peer).build().unwrap();
                // Before the peer has said how many it allows, one hundred are taken for its limit.
                all_at_once(&client, &peer, "first", 100).await;
                // What it said is noticed with the next request.
                send(&client, request(&peer, &Method::GET, "/next"))
                    .await
                    .unwrap();
                all_at_once(&client, &peer, "many", 200).await;
                assert_eq!(peer.connections(), 1, "{tls:?} {flavour:?}");
                assert_eq!(client.counters().opened(), 1);
            });
        }
    }
}

#[test]
fn streams_beyond_the_peers_limit_go_over_further_connections() {
    for (tls, flavour) in COLUMNS {
        {
            Mode::of(flavour).run(false, async move {
                let peer = Peer2::start(tls, |_| Script2::max_streams(10).serve_forever());
                let client = builder(&peer).build().unwrap();
                for path in ["/warm", "/next"] {
                    send(&client, request(&peer, &Method::GET, path))
                        .await
                        .unwrap();
                }
                all_at_once(&client, &peer, "many", 35).await;
                let connections = peer.connections();
                assert!(
                    (2..=4).contains(&connections),
                    "{connections} {tls:?} {flavour:?}"
                );
            });
        }
    }
}

#[test]
fn one_connection_alone_serves_all_in_turns_if_no_more_is_allowed() {
    Mode::of(Flavour::MultiThread).run(false, async {
        let peer = Peer2::start(Tls::Off, |_| Script2::max_streams(10).serve_forever());
        let client = builder(&peer).max_connections_per_host(1).build().unwrap();
        send(&client, request(&peer, &Method::GET, "/warm"))
            .await
            .unwrap();
        all_at_once(&client, &peer, "many", 200).await;
        assert_eq!(peer.connections(), 1);
    });
}

#[test]
fn nothing_is_left_when_the_client_was_closed() {
    for tls in WIRES {
        Mode::of(Flavour::CurrentThread).run(false, async move {
            let peer = Peer2::start(tls, |_| Script2::new().serve_forever());
            let before = tokio::runtime::Handle::current()
                .metrics()
                .num_alive_tasks();
            let client = builder(&peer).build().unwrap();
            all_at_once(&client, &peer, "many", 20).await;
            client.close().await;
            assert!(client.connections().all().is_empty());
            send(&client, request(&peer, &Method::GET, "/late"))
                .await
                .unwrap_err();
            drop(client);
            let tasks = || {
                tokio::runtime::Handle::current()
                    .metrics()
                    .num_alive_tasks()
            };
            kernel::until("all tasks have ended", || tasks() == before).await;
        });
    }
}

#[test]
fn a_request_that_is_given_up_ends_its_stream_alone() {
    for tls in WIRES {
        Mode::of(Flavour::CurrentThread).run(false, async move {
            let peer = Peer2::start(tls, |_| {
                Script2::new()
                    .serve(1)
                    .read_all()
                    .signal("read")
                    .read_reset()
                    .serve_forever()
            });
            let client = builder(&peer).build().unwrap();
            send(&client, request(&peer, &Method::GET, "/warm"))
                .await
                .unwrap();
            let sending = send(&client, request(&peer, &Method::GET, "/given-up"));
            tokio::select! {
                _ = sending => panic!("it is not answered"),
                () = peer.reached_async("read") => {}
            }
            send(&client, request(&peer, &Method::POST, "/next"))
                .await
                .unwrap();
            assert_eq!(peer.connections(), 1, "{tls:?}");
        });
    }
}
