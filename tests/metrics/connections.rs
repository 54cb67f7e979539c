//! Connections by state, why they ended, and what was learned of their servers.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use http::Request;
use tokio::task::JoinSet;
use tokio::time::sleep;
use unstale::Client;
use unstale::metrics::{
    CONNECT_FAILURES, CONNECTIONS, CONNECTIONS_DISCARDED, CONNECTIONS_OPENED, LEARNED_IDLE_TIMEOUT,
};

use crate::client::{pooled, stream};
use crate::kernel;
use crate::peer::{Peer, Script, Tls};
use crate::peer_h2::{Peer2, Script2};
use crate::recorded::Recorded;

const STATES: [&str; 5] = ["connecting", "busy", "idle", "settling", "closing"];

/// Asserts that so many connections are in this state, and none in another.
#[track_caller]
fn all_are(recorded: &Recorded, state: &str, count: u32) {
    for known in STATES {
        let expected = if known == state { count } else { 0 };
        recorded.of(CONNECTIONS, ("state", known), expected);
    }
}

fn url(peer: &Peer) -> String {
    format!("http://{}/", peer.addr())
}

async fn until_closed(client: &Client) {
    kernel::until("all are closed", || client.connections().all().is_empty()).await;
}

#[test]
fn a_connection_is_counted_in_each_state_that_it_comes_to() {
    Recorded::during(async |recorded| {
        let peer = Peer::start(Tls::Off, |_| Script::serve_forever());
        let client = pooled(&peer).build().unwrap();
        let mut sending = pin!(client.get(url(&peer)));
        let begun = poll_fn(|cx| Poll::Ready(sending.as_mut().poll(cx).is_pending()));
        assert!(begun.await);
        all_are(recorded, "connecting", 1);
        let answer = sending.await.unwrap();
        all_are(recorded, "busy", 1);
        answer.into_body().bytes().await.unwrap();
        kernel::until("it is idle", || {
            client.connections().all()[0].idle().is_some()
        })
        .await;
        all_are(recorded, "idle", 1);
        recorded.is(CONNECTIONS_OPENED, 1);
        client.close().await;
        all_are(recorded, "idle", 0);
        recorded.of(CONNECTIONS_DISCARDED, ("reason", "ClientClosed"), 1);
    });
}

#[test]
fn a_connection_whose_upload_goes_on_is_settling() {
    Recorded::during(async |recorded| {
        let early = Script::new().read_head().execute().answer().wait("end");
        let peer = Peer::start(Tls::Off, move |_| early.clone().read_all());
        let client = pooled(&peer).build().unwrap();
        let (pieces, body) = stream();
        let request = Request::post(url(&peer)).body(body).unwrap();
        let answer = client.request(request).await.unwrap();
        answer.into_body().bytes().await.unwrap();
        all_are(recorded, "settling", 1);
        drop(pieces);
        kernel::until("it is idle", || {
            client.connections().all()[0].idle().is_some()
        })
        .await;
        all_are(recorded, "idle", 1);
        peer.go("end");
    });
}

#[test]
fn a_connection_that_ends_with_its_streams_is_closing_until_then() {
    Recorded::during(async |recorded| {
        let peer = Peer2::start(Tls::Off, |_| {
            Script2::new()
                .read_all()
                .execute()
                .half_answer()
                .serve_forever()
        });
        let client = Client::builder().http2_prior_knowledge().no_proxy();
        let client = client.build().unwrap();
        let answer = client.get(peer.url("/")).await.unwrap();
        all_are(recorded, "busy", 1);
        let mut closing = pin!(client.close());
        let begun = poll_fn(|cx| Poll::Ready(closing.as_mut().poll(cx).is_pending()));
        assert!(begun.await);
        all_are(recorded, "closing", 1);
        drop(answer);
        closing.await;
        all_are(recorded, "closing", 0);
    });
}

#[test]
fn an_http2_connection_is_busy_while_streams_run_on_it() {
    Recorded::during(async |recorded| {
        let peer = Peer2::start(Tls::Off, |_| Script2::new().serve_forever());
        let client = Client::builder().http2_prior_knowledge().no_proxy();
        let client = client.build().unwrap();
        for _ in 0..2 {
            let answer = client.get(peer.url("/")).await.unwrap();
            all_are(recorded, "busy", 1);
            drop(answer);
            all_are(recorded, "idle", 1);
        }
        drop(client);
        all_are(recorded, "idle", 0);
    });
}

#[test]
fn a_connection_that_cannot_be_opened_is_counted_and_none_that_there_is() {
    Recorded::during(async |recorded| {
        let peer = Peer::start(Tls::Off, |_| Script::serve_forever());
        let gone = url(&peer);
        let client = pooled(&peer).build().unwrap();
        drop(peer);
        client.get(gone).await.unwrap_err();
        until_closed(&client).await;
        recorded.is(CONNECT_FAILURES, 1);
        recorded.is(CONNECTIONS_OPENED, 0);
        all_are(recorded, "connecting", 0);
    });
}

#[test]
fn a_client_that_is_dropped_takes_its_connections_with_it() {
    Recorded::during(async |recorded| {
        let peer = Peer::start(Tls::Off, |_| Script::serve_forever());
        let client = pooled(&peer).build().unwrap();
        let other = pooled(&peer).build().unwrap();
        for client in [&client, &other] {
            let answer = client.get(url(&peer)).await.unwrap();
            answer.into_body().bytes().await.unwrap();
        }
        drop(client);
        kernel::until("the other's is idle", || {
            other.connections().all()[0].idle().is_some()
        })
        .await;
        all_are(recorded, "idle", 1);
    });
}

/// Plays a connection to its end by the client's word, and sees why that was.
fn ends_by(reason: &str, script: Script, end: impl AsyncFnOnce(&Client, &Peer)) {
    Recorded::during(async |recorded| {
        let peer = Peer::start(Tls::Off, move |_| script.clone());
        let client = pooled(&peer).build().unwrap();
        let answer = client.get(url(&peer)).await.unwrap();
        answer.into_body().bytes().await.unwrap();
        kernel::until("it is idle", || {
            client.connections().all()[0].idle().is_some()
        })
        .await;
        end(&client, &peer).await;
        until_closed(&client).await;
        recorded.of(CONNECTIONS_DISCARDED, ("reason", reason), 1);
        recorded.is(CONNECTIONS_OPENED, 1);
        all_are(recorded, "idle", 0);
    });
}

#[test]
fn why_a_connection_ended_is_counted() {
    let post = |peer: &Peer| Request::post(url(peer)).body("pay".to_owned()).unwrap();
    let serve = || Script::new().serve();
    ends_by(
        "PeerClosed",
        serve().wait("end").close(),
        async |_, peer| {
            peer.go("end");
        },
    );
    let lose = serve().read_all().execute().close();
    ends_by("Failed", lose, async |client, peer| {
        client.request(post(peer)).await.unwrap_err();
    });
    let stall = serve().read_all().execute().signal("there").stall();
    ends_by("Canceled", stall, async |client, peer| {
        tokio::select! {
            answer = client.request(post(peer)) => panic!("{answer:?}"),
            () = peer.reached_async("there") => {}
        }
    });
    ends_by(
        "ClientClosed",
        Script::serve_forever(),
        async |client, _| {
            client.close().await;
        },
    );
}

/// Asserts that as many are busy, idle and settling as the client says. What is being opened, or was not, is in no table.
#[track_caller]
fn agree(recorded: &Recorded, client: &Client) {
    let table = client.connections();
    for state in ["busy", "idle", "settling"] {
        let listed = table.iter().filter(|it| it.activity().name() == state);
        let listed = u32::try_from(listed.count()).unwrap();
        recorded.of(CONNECTIONS, ("state", state), listed);
    }
}

async fn get_some(client: Client, url: String) {
    for _ in 0..4 {
        if let Ok(answer) = client.get(url.clone()).await {
            drop(answer.into_body().bytes().await);
        }
    }
}

#[test]
fn the_gauge_agrees_with_the_table_whatever_happens() {
    for seed in 0..20 {
        Recorded::during(async |recorded| {
            let script = move |n| crate::random::script(seed * 1000 + u64::try_from(n).unwrap());
            let peer = Peer::start(Tls::Off, script);
            let client = pooled(&peer).pool_max_idle_per_host(2).build().unwrap();
            let tasks = (0..8).map(|_| get_some(client.clone(), url(&peer)));
            let mut tasks: JoinSet<()> = tasks.collect();
            while tasks.join_next().await.is_some() {
                agree(recorded, &client);
            }
            client.close().await;
            all_are(recorded, "closing", 0);
        });
    }
}

#[test]
fn what_is_learned_of_a_server_is_shown_by_its_origin() {
    Recorded::during(async |recorded| {
        let timeout = Duration::from_millis(700);
        let peer = Peer::start(Tls::Off, move |_| {
            Script::new().serve().pause(timeout).close()
        });
        let client = pooled(&peer).build().unwrap();
        let shown = format!("{LEARNED_IDLE_TIMEOUT} origin=http://{}", peer.addr());
        for _ in 0..2 {
            assert!(!recorded.all().contains_key(&shown));
            let answer = client.get(url(&peer)).await.unwrap();
            answer.into_body().bytes().await.unwrap();
            until_closed(&client).await;
            // One moment is not enough to learn from.
            sleep(Duration::from_millis(400)).await;
        }
        let learned = recorded.all()[&shown];
        assert!((0.65..1.5).contains(&learned), "{learned}");
    });
}
