//! Requests that are dropped, wherever they are: what they held goes to others, and no socket stays behind.

use std::time::Duration;

use bytes::Bytes;
use http::Request;
use tokio::task::JoinSet;
use tokio::time::sleep;
use unstale::{Client, DiscardReason};

use super::setup::{A_WHILE, Held, alone, begin, get, on_both, post, soon, until, until_idle, url};
use super::watch::Watch;
use crate::client::{pooled, stream};
use crate::kernel;
use crate::peer::{Peer, Script, Tls};

const CAP: usize = 8;

#[test]
fn of_a_thousand_requests_half_are_dropped_at_some_moment_and_the_others_answered() {
    let _alone = alone();
    on_both(async || {
        let peer = Peer::start(Tls::Off, |_| Script::serve_forever());
        let builder = pooled(&peer).max_connections_per_host(CAP);
        let client = builder.build().unwrap();
        let watch = Watch::start(vec![peer.addr()]);
        let (mut dropped, mut answered) = (JoinSet::new(), JoinSet::new());
        for n in 0_u64..1_000 {
            let url = url(&peer, &format!("/{n}"));
            let client = client.clone();
            if n % 2 == 0 {
                answered.spawn(async move { get(&client, url).await.unwrap() });
            } else {
                // Spread over the time that the others take, from the first poll on.
                let moment = Duration::from_micros(n * 7_919 % 400 * 1_000);
                dropped.spawn(async move {
                    let _ = tokio::time::timeout(moment, get(&client, url)).await;
                });
            }
        }
        for body in soon(answered.join_all()).await {
            assert_eq!(body, "ok");
        }
        soon(dropped.join_all()).await;
        let all_idle = |all: &[unstale::Connection]| all.iter().all(|one| one.idle().is_some());
        until(&client, "nothing runs any more", all_idle).await;
        let seen = watch.stop();
        assert!(seen.held <= CAP, "{seen:?}");
        let mut even: Vec<_> = peer
            .executions()
            .iter()
            .map(|it| it.path[1..].parse::<u64>().unwrap())
            .filter(|n| n % 2 == 0)
            .collect();
        even.sort_unstable();
        let expected: Vec<_> = (0..1_000).step_by(2).collect();
        assert_eq!(even, expected, "each that was answered, once");
        assert_eq!(kernel::held(peer.addr()), client.connections().all().len());
        soon(client.close()).await;
        assert_eq!(kernel::held(peer.addr()), 0);
    });
}

/// The one place must be free again: the next request is answered.
async fn place_is_free(client: &Client, peer: &Peer) {
    let answer = soon(get(client, url(peer, "/next"))).await.unwrap();
    assert_eq!(answer, "ok");
    until_idle(client, 1).await;
    kernel::until("one socket", || kernel::held(peer.addr()) == 1).await;
}

fn one_place(peer: &Peer) -> Client {
    let builder = pooled(peer).max_connections_per_host(1);
    builder.build().unwrap()
}

#[test]
fn dropped_in_line_it_leaves_its_place_to_those_behind() {
    on_both(async || {
        let peer = Peer::start(Tls::Off, |_| {
            let first = Script::new().read_all().execute().wait("go").answer();
            first.then(Script::serve_forever())
        });
        let client = one_place(&peer);
        let running = tokio::spawn({
            let (client, url) = (client.clone(), url(&peer, "/running"));
            async move { get(&client, url).await.unwrap() }
        });
        let executed = || peer.executed("GET", "/running") == 1;
        kernel::until("it runs", executed).await;
        let mut dropped = Box::pin(get(&client, url(&peer, "/dropped")));
        let mut behind = Box::pin(get(&client, url(&peer, "/behind")));
        begin(&mut dropped).await;
        begin(&mut behind).await;
        drop(dropped);
        peer.go("go");
        assert_eq!(soon(behind).await.unwrap(), "ok");
        soon(running).await.unwrap();
        place_is_free(&client, &peer).await;
        assert_eq!(peer.executed("GET", "/dropped"), 0);
        assert_eq!(peer.connections(), 1);
    });
}

#[test]
fn dropped_while_its_connection_is_opened_it_leaves_it_to_the_next() {
    on_both(async || {
        let peer = Peer::start(Tls::Off, |_| Script::serve_forever());
        let connector = Held::with(0);
        let builder = pooled(&peer).connector(connector.tracked());
        let client = builder.max_connections_per_host(1).build().unwrap();
        let mut dropped = Box::pin(get(&client, url(&peer, "/dropped")));
        begin(&mut dropped).await;
        drop(dropped);
        connector.release(1);
        place_is_free(&client, &peer).await;
        assert_eq!(peer.connections(), 1);
        assert_eq!(peer.executed("GET", "/dropped"), 0);
    });
}

#[test]
fn dropped_while_it_is_answered_its_socket_is_closed() {
    on_both(async || {
        // Before the head, in the middle of it, in the middle of the body.
        let begins = [
            "",
            "HTTP/1.1 200",
            "HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\nhalf",
        ];
        for begin in begins {
            let peer = Peer::start(Tls::Off, move |n| match n {
                0 => {
                    let script = Script::new().read_all().execute();
                    script.send(begin).signal("here").discard()
                }
                _ => Script::serve_forever(),
            });
            let client = one_place(&peer);
            let request = async {
                let answer = client.request(post(url(&peer, "/dropped"))).await.unwrap();
                super::setup::read(answer).await
            };
            tokio::select! {
                _ = request => panic!("there is no whole answer"),
                () = peer.reached_async("here") => {}
            }
            place_is_free(&client, &peer).await;
            assert_eq!(peer.executed("POST", "/dropped"), 1);
        }
    });
}

#[test]
fn dropped_in_an_upload_without_end_its_socket_is_closed() {
    on_both(async || {
        let large = "HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\nhalf";
        let garbage = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nno chunk at all\r\n";
        for answer in ["", large, garbage] {
            let peer = Peer::start(Tls::Off, move |n| match n {
                0 => {
                    let script = Script::new().read_head().execute();
                    script.send(answer).signal("here").discard()
                }
                _ => Script::serve_forever(),
            });
            let client = one_place(&peer);
            let (feed, body) = stream();
            feed.send(Bytes::from_static(b"begin")).unwrap();
            let up = Request::post(url(&peer, "/up")).body(body).unwrap();
            let request = async {
                use http_body_util::BodyExt;
                let answer = client.request(up).await.unwrap();
                answer.into_body().collect().await.is_err()
            };
            tokio::select! {
                failed = request => assert!(failed && answer == garbage),
                () = async { peer.reached_async("here").await; sleep(A_WHILE).await } => {}
            }
            // The upload goes on as long as this lives.
            place_is_free(&client, &peer).await;
            assert_eq!(client.counters().discarded(DiscardReason::MadeRoom), 0);
            drop(feed);
        }
    });
}
