//! Attempts, replays, refusals, the gate, and the bytes that are held.

use http_body_util::BodyExt;
use tower::ServiceExt;
use unstale::RetryPolicy;
use unstale::metrics::{ATTEMPTS, GATE_REFUSALS, REFUSALS, REPLAY_HELD, REPLAYS};

use crate::client::{Client, Stack, client, client_by, full, url};
use crate::kernel;
use crate::peer::{Peer, Script, Tls};
use crate::recorded::Recorded;

async fn send(client: &Client, peer: &Peer, method: &str) -> Result<(), unstale::Error> {
    let body = if method == "GET" { "" } else { "one=1" };
    let request = http::Request::builder()
        .method(method)
        .uri(url(peer, Tls::Off, "/x"));
    let request = request.body(full(body)).unwrap();
    let answer = client.clone().oneshot(request).await?;
    answer.into_body().collect().await.unwrap();
    // It comes back to hyper-util's pool by a task of its own.
    for _ in 0..20 {
        tokio::task::yield_now().await;
    }
    Ok(())
}

#[test]
fn a_replay_and_a_refusal_are_counted_by_their_reasons() {
    for stack in Stack::BOTH {
        Recorded::during(async |recorded| {
            let lose = Script::new().serve().read_all().execute().close();
            let peer = Peer::start(Tls::Off, move |_| lose.clone());
            let client = client(stack, &peer, Tls::Off);
            send(&client, &peer, "GET").await.unwrap();
            recorded.is(ATTEMPTS, 1);
            assert!(send(&client, &peer, "GET").await.is_ok(), "sent again");
            recorded.is(ATTEMPTS, 3);
            recorded.of(REPLAYS, ("grounds", "Idempotent"), 1);
            send(&client, &peer, "POST").await.unwrap_err();
            recorded.is(ATTEMPTS, 4);
            recorded.of(REFUSALS, ("reason", "MayHaveBeenProcessed"), 1);
            recorded.of(REPLAYS, ("grounds", "Idempotent"), 1);
        });
    }
}

#[test]
fn what_a_dead_connection_did_not_take_is_counted() {
    for stack in Stack::BOTH {
        Recorded::during(async |recorded| {
            let end = Script::new().serve().wait("end").close();
            let peer = Peer::start(Tls::Off, move |n| match n {
                0 => end.clone(),
                _ => Script::serve_forever(),
            });
            let client = client(stack, &peer, Tls::Off);
            send(&client, &peer, "GET").await.unwrap();
            peer.go("end");
            let has_arrived = || kernel::half_closed(peer.addr()) == 1;
            kernel::block_until("the end has arrived", has_arrived);
            send(&client, &peer, "POST").await.unwrap();
            assert_eq!(peer.executed("POST", "/x"), 1);
            recorded.of(GATE_REFUSALS, ("reason", "HalfClosed"), 1);
            // Our own pool asks before it hands the connection out.
            let again = u32::from(stack == Stack::Layered);
            recorded.of(REPLAYS, ("grounds", "NotSent"), again);
            recorded.is(ATTEMPTS, 2 + again);
        });
    }
}

#[test]
fn the_bytes_that_are_held_for_a_replay_are_shown_while_they_are() {
    for (limit, held) in [(64, 5), (4, 0)] {
        Recorded::during(async |recorded| {
            let wait = Script::new()
                .read_all()
                .signal("read")
                .execute()
                .wait("on")
                .answer();
            let peer = Peer::start(Tls::Off, move |_| wait.clone());
            let policy = RetryPolicy::builder().replay_limit(limit);
            let client = client_by(policy, Stack::Pooled, &peer, Tls::Off);
            let sending = send(&client, &peer, "POST");
            let looking = async {
                peer.reached_async("read").await;
                recorded.is(REPLAY_HELD, held);
                peer.go("on");
            };
            let (sent, ()) = tokio::join!(sending, looking);
            sent.unwrap();
            recorded.is(REPLAY_HELD, 0);
        });
    }
}
