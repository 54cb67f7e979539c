//! One connection is found dead: those that have lain idle as long are looked at before anybody else comes to grief.

use tokio::task::JoinSet;
use unstale::evidence::GateReason;
use unstale::{Attempts, Client, DiscardReason};

use super::setup::{current_thread, get, on_both, post, read, soon, until_idle, url};
use crate::client::pooled;
use crate::kernel;
use crate::peer::{Peer, Script, Tls};

const HERD: usize = 10;

/// So many idle connections, whose peer then does this; those opened later serve.
async fn herd(end: Script) -> (Peer, Client) {
    let first = Script::new().read_all().execute().wait("warm").answer();
    let script = first.wait("end").then(end);
    let peer = Peer::start(Tls::Off, move |n| match n {
        ..HERD => script.clone(),
        _ => Script::serve_forever(),
    });
    let client = pooled(&peer).build().unwrap();
    let mut requests = JoinSet::new();
    for _ in 0..HERD {
        let (client, url) = (client.clone(), url(&peer, "/warm"));
        requests.spawn(async move { get(&client, url).await.unwrap() });
    }
    let executed = || peer.executed("GET", "/warm") == HERD;
    kernel::until("a connection for each request", executed).await;
    peer.go("warm");
    soon(requests.join_all()).await;
    until_idle(&client, HERD).await;
    (peer, client)
}

#[test]
fn when_one_is_found_dead_its_dead_siblings_are_dropped_at_once() {
    // On one thread, which is blocked: nobody but the gate can have noticed.
    current_thread().block_on(async {
        let (peer, client) = herd(Script::new().fin().discard()).await;
        peer.go("end");
        let all_dead = || kernel::half_closed(peer.addr()) == HERD;
        kernel::block_until("all are closed by the peer", all_dead);
        let answer = soon(client.request(post(url(&peer, "/pay"))))
            .await
            .unwrap();
        assert!(Attempts::of(&answer).is_empty(), "not a byte was sent");
        assert_eq!(read(answer).await, "ok");
        assert_eq!(peer.executed("POST", "/pay"), 1);
        assert_eq!(peer.connections(), HERD + 1);
        let stale = DiscardReason::Stale(GateReason::HalfClosed);
        let counters = client.counters();
        assert_eq!(counters.discarded(stale), HERD as u64, "{counters}");
        let none = || kernel::half_closed(peer.addr()) == 0;
        kernel::until("no socket is half-closed", none).await;
        until_idle(&client, 1).await;
    });
}

#[test]
fn a_replay_goes_by_the_siblings_of_the_one_that_died() {
    on_both(async || {
        // They look alive, and die under the first byte, all of them.
        let (peer, client) = herd(Script::new().wait_first_byte().close()).await;
        peer.go("end");
        let answer = soon(client.get(url(&peer, "/x"))).await.unwrap();
        assert_eq!(Attempts::of(&answer).len(), 1, "one corpse, no second");
        assert_eq!(read(answer).await, "ok");
        assert_eq!(peer.executed("GET", "/x"), 1);
        assert_eq!(peer.connections(), HERD + 1);
    });
}
