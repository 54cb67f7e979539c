//! A connection is being opened, and another becomes free meanwhile: it wins, and the loser is kept.

use unstale::evidence::{Delivery, End, GateReason};
use unstale::{Attempts, Client};

use super::setup::{Held, begin, get, on_both, post, read, soon, until, until_idle, url};
use crate::client::pooled;
use crate::kernel;
use crate::peer::{Peer, Script, Tls};

/// Two requests at once over a connector that is held up after its first connection: when this comes back both were
/// answered over the first, and the second, which has served nothing, lies idle beside it.
async fn race(loser: Script) -> (Peer, Client) {
    let peer = Peer::start(Tls::Off, move |n| match n {
        0 => Script::new()
            .read_all()
            .execute()
            .wait("first")
            .answer()
            .then(Script::serve_forever()),
        1 => loser.clone(),
        _ => Script::serve_forever(),
    });
    let connector = Held::with(1);
    let builder = pooled(&peer).connector(connector.tracked());
    let client = builder.build().unwrap();

    let (one, other) = (url(&peer, "/one"), url(&peer, "/other"));
    let first = tokio::spawn({
        let client = client.clone();
        async move { get(&client, one).await.unwrap() }
    });
    let executed = || peer.executed("GET", "/one") == 1;
    kernel::until("the first is on its way", executed).await;
    let mut second = Box::pin(get(&client, other));
    begin(&mut second).await;
    peer.go("first");
    // Its connection is not there yet; it does not wait for it.
    assert_eq!(soon(second).await.unwrap(), "ok");
    soon(first).await.unwrap();
    assert_eq!(peer.connections(), 1);

    until_idle(&client, 1).await;
    connector.release(100);
    until_idle(&client, 2).await;
    (peer, client)
}

#[test]
fn a_connection_that_becomes_free_wins_and_the_loser_is_kept_and_counts_as_reused() {
    on_both(async || {
        let (peer, client) = race(Script::serve_forever()).await;
        let unused = |all: &[unstale::Connection]| all.iter().any(|one| one.exchanges() == 0);
        until(&client, "the loser has served nothing", unused).await;
        let reused = client.counters().reused();
        // The loser came to lie idle last, so it is first.
        assert_eq!(get(&client, url(&peer, "/x")).await.unwrap(), "ok");
        assert_eq!(client.counters().reused(), reused + 1);
        let last = peer.executions().pop().unwrap();
        assert_eq!((last.connection, &*last.path), (1, "/x"));
        assert_eq!(client.counters().opened(), 2);
    });
}

#[test]
fn a_loser_that_the_peer_closed_is_refused_at_the_gate() {
    on_both(async || {
        let (peer, client) = race(Script::new().wait("end").close()).await;
        peer.go("end");
        // Blocks this thread, not both of them: where hyper is the first to notice, there is nothing left to refuse.
        kernel::block_until("it is closed", || kernel::established(peer.addr()) == 1);
        let answer = soon(client.request(post(url(&peer, "/pay"))))
            .await
            .unwrap();
        assert!(Attempts::of(&answer).is_empty(), "not a byte was sent");
        assert_eq!(read(answer).await, "ok");
        assert_eq!(peer.executed("POST", "/pay"), 1);
        let counters = client.counters();
        let gone =
            counters.refused_at_gate() + counters.discarded(unstale::DiscardReason::PeerClosed);
        assert_eq!(gone, 1, "{counters}");
    });
}

#[test]
fn a_get_lost_on_a_loser_is_replayed_as_it_has_lain_idle() {
    on_both(async || {
        let (peer, client) = race(Script::new().wait_first_byte().close()).await;
        let answer = soon(client.get(url(&peer, "/x"))).await.unwrap();
        let failed = Attempts::of(&answer);
        assert_eq!(failed.len(), 1);
        assert!(failed[0].evidence().unwrap().reuse() == unstale::evidence::Reuse::Reused);
        assert_eq!(read(answer).await, "ok");
        assert_eq!(peer.executed("GET", "/x"), 1);
    });
}

#[test]
fn a_post_lost_on_a_loser_is_told_of_and_not_replayed() {
    on_both(async || {
        let (peer, client) = race(Script::new().read_all().execute().close()).await;
        let error = soon(client.request(post(url(&peer, "/pay"))))
            .await
            .unwrap_err();
        assert_eq!(error.evidence().unwrap().delivery(), Delivery::Unknown);
        assert!(error.evidence().unwrap().reuse() == unstale::evidence::Reuse::Reused);
        assert_eq!(peer.executed("POST", "/pay"), 1);
    });
}
