//! Many streams at once: on one connection, or on as many as the peer's limit asks for.

use http::Method;
use tokio::task::JoinSet;

use super::play::{COLUMNS, WIRES, builder, request, send};
use crate::kernel;
use crate::peer_h2::{Code, Execution2, Frame, Peer2, Script2, Stream, Tls};
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
        // SETTINGS that name no limit set none.
        for settings in [Script2::new(), Script2::max_streams(1_000)] {
            Mode::of(flavour).run(false, async move {
                let peer = Peer2::start(tls, move |_| settings.clone().serve_forever());
                let client = builder(&peer).build().unwrap();
                all_at_once(&client, &peer, "many", 200).await;
                assert_eq!(peer.connections(), 1, "{tls:?} {flavour:?}");
                assert_eq!(client.counters().opened(), 1);
            });
        }
    }
}

/// Takes ten requests and holds them until the cue. Whatever else comes meanwhile is not answered.
fn ten_held() -> Script2 {
    let one = Script2::bare().read_all().execute();
    let answers = (0..10).map(|n| Frame::Answer(Stream::Nth(n)));
    Script2::bare()
        .times(10, &one)
        .signal("ten")
        .read_until("more")
        .send(answers)
}

/// Sends ten requests, and one more when they are held, which must go over another connection.
async fn eleven(client: &unstale::Client, peer: &Peer2, name: &str) {
    let mut running = JoinSet::new();
    for n in 0..10 {
        let client = client.clone();
        let request = request(peer, &Method::POST, &format!("/{n}"));
        running.spawn(async move { send(&client, request).await });
    }
    peer.reached_async("ten").await;
    let eleventh = send(client, request(peer, &Method::POST, "/eleventh")).await;
    assert_eq!(eleventh.unwrap().failed, 0, "{name}");
    assert_eq!(peer.connections(), 2, "{name}");
    peer.go("more");
    for sent in running.join_all().await {
        assert_eq!(sent.unwrap().failed, 0, "{name}");
    }
    for n in 0..10 {
        assert_eq!(peer.executed("POST", &format!("/{n}")), 1, "{name}");
    }
}

#[test]
fn no_more_streams_than_the_peer_allows_are_on_a_connection_from_its_first_request_on() {
    for (tls, flavour) in COLUMNS {
        Mode::of(flavour).run(false, async move {
            let peer = Peer2::start(tls, |n| match n {
                0 => Script2::max_streams(10).then(ten_held()).serve_forever(),
                _ => Script2::max_streams(10).serve_forever(),
            });
            let client = builder(&peer).build().unwrap();
            eleven(&client, &peer, &format!("{tls:?} {flavour:?}")).await;
        });
    }
}

#[test]
fn of_many_at_once_on_a_new_connection_no_more_than_the_peer_allows_go_over_it() {
    for (tls, flavour) in COLUMNS {
        Mode::of(flavour).run(false, async move {
            let peer = Peer2::start(tls, |n| match n {
                0 => Script2::max_streams(10).then(ten_held()).serve_forever(),
                _ => Script2::max_streams(10).serve_forever(),
            });
            let client = builder(&peer).build().unwrap();
            let mut running = JoinSet::new();
            for n in 0..15 {
                let client = client.clone();
                let request = request(&peer, &Method::POST, &format!("/{n}"));
                running.spawn(async move { send(&client, request).await.unwrap().failed });
            }
            // While ten are held on the first connection the others are answered.
            for _ in 0..5 {
                assert_eq!(running.join_next().await.unwrap().unwrap(), 0);
            }
            peer.reached_async("ten").await;
            peer.go("more");
            assert_eq!(running.join_all().await, [0; 10], "{tls:?} {flavour:?}");
            let of_first = |one: &&Execution2| one.connection == 0;
            assert_eq!(peer.executions().iter().filter(of_first).count(), 10);
        });
    }
}

#[test]
fn a_limit_that_is_lowered_holds_from_when_it_is_acknowledged() {
    for tls in WIRES {
        // On one thread what was acknowledged is known to the pool before another task runs.
        Mode::of(Flavour::CurrentThread).run(false, async move {
            let peer = Peer2::start(tls, |n| match n {
                0 => Script2::max_streams(100)
                    .serve(1)
                    .limit_streams(10)
                    .read_acks(2)
                    .signal("lowered")
                    .then(ten_held_after_one())
                    .serve_forever(),
                _ => Script2::max_streams(10).serve_forever(),
            });
            let client = builder(&peer).build().unwrap();
            let warm = send(&client, request(&peer, &Method::GET, "/warm")).await;
            warm.unwrap();
            peer.reached_async("lowered").await;
            eleven(&client, &peer, &format!("{tls:?}")).await;
        });
    }
}

/// The same on a connection that has served one request.
fn ten_held_after_one() -> Script2 {
    let one = Script2::bare().read_all().execute();
    let answers = (1..=10).map(|n| Frame::Answer(Stream::Nth(n)));
    Script2::bare()
        .times(10, &one)
        .signal("ten")
        .read_until("more")
        .send(answers)
}

#[test]
fn a_limit_that_is_raised_lets_those_in_line_go_at_once() {
    for (tls, flavour) in COLUMNS {
        Mode::of(flavour).run(false, async move {
            let one = Script2::bare().read_all().execute();
            let script = Script2::max_streams(1)
                .then(one.clone())
                .signal("one")
                .read_until("raise")
                .limit_streams(100)
                .times(4, &one)
                .send((0..5).map(|n| Frame::Answer(Stream::Nth(n))))
                .serve_forever();
            let peer = Peer2::start(tls, move |_| script.clone());
            let client = builder(&peer).max_connections_per_host(1).build().unwrap();
            let mut running = JoinSet::new();
            for n in 0..5 {
                let (client, request) = (
                    client.clone(),
                    request(&peer, &Method::POST, &format!("/{n}")),
                );
                running.spawn(async move { send(&client, request).await });
            }
            peer.reached_async("one").await;
            peer.go("raise");
            for sent in running.join_all().await {
                assert_eq!(sent.unwrap().failed, 0, "{tls:?} {flavour:?}");
            }
            assert_eq!(peer.executions().len(), 5);
            assert_eq!(peer.connections(), 1, "{tls:?} {flavour:?}");
        });
    }
}

#[test]
fn those_that_wait_for_a_peers_settings_go_elsewhere_when_it_goes_away() {
    for (tls, flavour) in COLUMNS {
        Mode::of(flavour).run(false, async move {
            let peer = Peer2::start(tls, |n| match n {
                // It never says what it allows.
                0 => Script2::bare()
                    .read_all()
                    .execute()
                    .signal("first")
                    .read_until("leave")
                    .goaway(Stream::Last, Code::NoError)
                    .read_until("answer")
                    .answer()
                    .read_forever(),
                _ => Script2::new().serve_forever(),
            });
            let client = builder(&peer).build().unwrap();
            let sent = |path: &str| {
                let (client, request) = (client.clone(), request(&peer, &Method::POST, path));
                tokio::spawn(async move { send(&client, request).await })
            };
            let first = sent("/first");
            peer.reached_async("first").await;
            let second = sent("/second");
            peer.go("leave");
            // While the first is still under way on the connection that takes no more.
            assert_eq!(second.await.unwrap().unwrap().failed, 0);
            assert_eq!(peer.connections(), 2, "{tls:?} {flavour:?}");
            peer.go("answer");
            assert_eq!(first.await.unwrap().unwrap().failed, 0);
        });
    }
}

#[test]
fn a_connection_carries_no_more_exchanges_than_it_may() {
    for (tls, flavour) in COLUMNS {
        Mode::of(flavour).run(false, async move {
            let peer = Peer2::start(tls, |_| Script2::new().serve_forever());
            let client = builder(&peer).pool_max_exchanges(10).build().unwrap();
            all_at_once(&client, &peer, "many", 35).await;
            for connection in 0..peer.connections() {
                let of_it = |one: &&Execution2| one.connection == connection;
                let executions = peer.executions().iter().filter(of_it).count();
                assert!(executions <= 10, "{executions} {tls:?} {flavour:?}");
            }
            assert_eq!(peer.connections(), 4, "{tls:?} {flavour:?}");
        });
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
