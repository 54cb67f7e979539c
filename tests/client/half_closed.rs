//! The peer closes idle connections, many at once: their sockets are closed by us, too, though nobody asks for them.

use std::collections::HashMap;
use std::path::PathBuf;
use std::time::Duration;

use tokio::task::JoinSet;
use unstale::Client;

use super::setup::{alone, get, https, on_both, soon, until_idle, url};
use super::watch::Watch;
use crate::client::pooled;
use crate::kernel;
use crate::peer::{Peer, Script, Tls};

fn peer(tls: Tls) -> Peer {
    let script = Script::new().read_all().execute().wait("warm").answer();
    let script = script.wait("end").fin().discard();
    Peer::start(tls, move |_| script.clone())
}

/// Opens so many, and comes back when they lie idle.
async fn warm_up(client: &Client, peer: &Peer, url: &str, connections: usize) {
    let mut requests = JoinSet::new();
    for _ in 0..connections {
        let (client, url) = (client.clone(), url.to_owned());
        requests.spawn(async move { get(&client, url).await.unwrap() });
    }
    let executed = || peer.executed("GET", "/warm") == connections;
    kernel::until("a connection for each request", executed).await;
    peer.go("warm");
    soon(requests.join_all()).await;
    until_idle(client, connections).await;
    assert_eq!(kernel::held(peer.addr()), connections);
}

/// For how long each thread of this process was ready to run so far, and the machine had no turn for it. Those of the peer
/// aside: what it does late is seen late, too.
fn starved() -> HashMap<PathBuf, Duration> {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap();
    let paths = tasks.map(|task| task.unwrap().path());
    let waited = paths.filter_map(|path| {
        let name = std::fs::read_to_string(path.join("comm")).ok()?;
        let counts = std::fs::read_to_string(path.join("schedstat")).ok()?;
        let waited = counts.split_whitespace().nth(1)?.parse().ok()?;
        (!name.starts_with("peer")).then_some((path, Duration::from_nanos(waited)))
    });
    waited.collect()
}

/// The most that a thread has starved since.
fn starved_since(before: &HashMap<PathBuf, Duration>) -> Duration {
    let now = starved();
    let since = now.iter().map(|(thread, waited)| match before.get(thread) {
        Some(before) => waited.saturating_sub(*before),
        None => *waited,
    });
    since.max().unwrap()
}

/// Lets the peer half-close them all; nothing is done by the caller but to wait.
async fn end(peer: &Peer, connections: usize) {
    let addr = peer.addr();
    let watch = Watch::start(vec![addr]);
    watch.look().await;
    let before = starved();
    peer.go("end");
    let none_held = tokio::task::spawn_blocking(move || {
        kernel::block_until("their sockets are closed", || kernel::held(addr) == 0);
    });
    none_held.await.unwrap();
    let seen = watch.stop();
    assert_eq!(seen.held, connections, "{seen:?}");
    let allowed = Duration::from_secs(1) + starved_since(&before);
    assert!(seen.longest_half_closed < allowed, "{seen:?} {allowed:?}");
}

#[test]
fn a_thousand_half_closed_idle_sockets_are_closed_within_a_second_of_the_fin() {
    const CONNECTIONS: usize = 1_000;
    let _alone = alone();
    on_both(async || {
        let peer = peer(Tls::Off);
        let client = pooled(&peer).build().unwrap();
        warm_up(&client, &peer, &url(&peer, "/warm"), CONNECTIONS).await;
        end(&peer, CONNECTIONS).await;
        let closed = client
            .counters()
            .discarded(unstale::DiscardReason::PeerClosed);
        assert_eq!(closed, CONNECTIONS as u64, "{}", client.counters());
    });
}

#[test]
fn half_closed_idle_sockets_are_closed_over_tls_whether_the_peer_says_goodbye_or_not() {
    const CONNECTIONS: usize = 50;
    let _alone = alone();
    for close_notify in [true, false] {
        for tls in [Tls::V12 { close_notify }, Tls::V13 { close_notify }] {
            on_both(async || {
                let peer = peer(tls);
                let client = pooled(&peer).build().unwrap();
                warm_up(&client, &peer, &https(&peer, "/warm"), CONNECTIONS).await;
                end(&peer, CONNECTIONS).await;
            });
        }
    }
}
