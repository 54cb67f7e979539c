//! A request into a black hole, over 20 ms: when its answer comes, and that nothing of the first sending comes after it.

use std::sync::Arc;
use std::time::Duration;

use http::Method;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};
use unstale::RetryPolicy;

use super::setup::{ROUND_TRIP, client, link, send};
use crate::lab::{Inside, Link};
use crate::peer::{Peer, Script, Tls};
use crate::stacks::{Client, Stack};

const PLAYS: usize = 50;
/// By default those are watched that had been idle for a second.
const IDLE: Duration = Duration::from_secs(2);
/// A hang is a failure with a name.
const LONGEST: Duration = Duration::from_secs(60);
const WITHIN: Duration = Duration::from_millis(1_500);
/// Longer than the next retransmission of a request takes that was lost for a second, doubled.
const LATER: Duration = Duration::from_secs(4);

/// Clients with a connection each that is forgotten, and the longest that one took to open it and use it once.
async fn warm_up(stack: Stack, peer: &Arc<Inside<Peer>>) -> (Vec<Client>, Duration) {
    let mut clients = JoinSet::new();
    for _ in 0..PLAYS {
        let peer = Arc::clone(peer);
        clients.spawn(async move {
            let policy = RetryPolicy::builder().connect(3).build().unwrap();
            let client = client(stack, &peer, policy);
            let begun = Instant::now();
            send(&client, &peer, Method::GET, "/warm").await.unwrap();
            (client, begun.elapsed())
        });
    }
    let (clients, took): (Vec<_>, Vec<_>) = clients.join_all().await.into_iter().unzip();
    for n in 0..PLAYS {
        peer.reached_async(forgotten(n)).await;
    }
    sleep(IDLE).await;
    (clients, took.into_iter().max().unwrap())
}

/// How long the answer to a GET takes whose connection was forgotten.
async fn get(client: Client, peer: Arc<Inside<Peer>>) -> Duration {
    let begun = Instant::now();
    let answer = send(&client, &peer, Method::GET, "/");
    let answer = timeout(LONGEST, answer).await;
    assert_eq!(answer.expect("it hangs").unwrap(), 1);
    begun.elapsed()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs root: makes a network namespace and two TUN devices"]
async fn a_get_after_a_black_hole_is_answered_within_a_second_and_a_half() {
    for stack in Stack::BOTH {
        let link = link();
        let peer = Arc::new(healing(&link));
        let (clients, longest) = warm_up(stack, &peer).await;
        // What comes of a link that is slower than it was asked to be: four times the retransmission timeout, which is three
        // round trips by the kernel's first measurement (RFC 6298 section 2.2).
        let slower = 12 * longest.saturating_sub(2 * ROUND_TRIP);
        let mut plays = JoinSet::new();
        for client in clients {
            plays.spawn(get(client, Arc::clone(&peer)));
        }
        let mut took = plays.join_all().await;
        took.sort_unstable();
        let median = took[PLAYS / 2];
        println!(
            "{stack:?}: {PLAYS} GETs, median {median:?}, {:?} to {:?} (the slowest way there took {longest:?})",
            took[0],
            took[PLAYS - 1]
        );
        assert!(median < WITHIN + slower, "{stack:?}: {took:?}");
        assert_eq!(peer.executed("GET", "/"), PLAYS, "{stack:?}");
    }
}

/// What the peer signals when a connection is forgotten.
fn forgotten(n: usize) -> &'static str {
    Box::leak(format!("forgotten {n}").into_boxed_str())
}

/// A peer that is forgotten on its first connections until the way heals, and serves the others.
fn healing(link: &Link) -> Inside<Peer> {
    let address = link.address();
    let script = |n| match n {
        ..PLAYS => {
            let forgotten = Script::new().serve().forget().signal(forgotten(n));
            let healed = forgotten.wait("heal").remember();
            healed.then(Script::serve_forever())
        }
        _ => Script::serve_forever(),
    };
    link.place(move || Peer::start_at(address, Tls::Off, script))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs root: makes a network namespace and two TUN devices"]
async fn an_old_put_is_never_executed_when_the_way_heals_after_its_replay() {
    for stack in Stack::BOTH {
        let link = link();
        let peer = Arc::new(healing(&link));
        let (clients, _) = warm_up(stack, &peer).await;
        let mut puts = JoinSet::new();
        for client in clients {
            let peer = Arc::clone(&peer);
            puts.spawn(async move {
                let silent = send(&client, &peer, Method::PUT, "/old").await.unwrap();
                assert_eq!(silent, 1, "{stack:?}");
                send(&client, &peer, Method::PUT, "/newer").await.unwrap();
            });
        }
        puts.join_all().await;
        peer.go("heal");
        sleep(LATER).await;
        let executions = peer.executions();
        let old = executions
            .iter()
            .filter(|execution| execution.path == "/old");
        let late = old.clone().filter(|execution| execution.connection < PLAYS);
        println!(
            "{stack:?}: {} PUTs executed, {} late",
            old.count(),
            late.clone().count()
        );
        assert_eq!(late.count(), 0, "{stack:?}");
        assert_eq!(peer.executed("PUT", "/old"), PLAYS, "{stack:?}");
        assert_eq!(peer.executed("PUT", "/newer"), PLAYS, "{stack:?}");
    }
}
