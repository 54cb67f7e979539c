//! A request into a black hole, over 20 ms: when its answer comes, and that nothing of the first sending comes after it.

use std::sync::Arc;
use std::time::Duration;

use http::Method;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};
use unstale::RetryPolicy;

use super::setup::{ROUND_TRIP, client, link, peer, send};
use crate::lab::{Inside, Link};
use crate::peer::{Peer, Script, Tls};
use crate::stacks::Stack;

const PLAYS: usize = 50;
/// By default those are watched that had been idle for a second.
const IDLE: Duration = Duration::from_secs(2);
const WITHIN: Duration = Duration::from_millis(1_500);
/// Longer than the next retransmission of a request takes that was lost for a second, doubled.
const LATER: Duration = Duration::from_secs(4);

/// How long the answer to a GET takes whose connection was forgotten, and how much of it is this machine's: how late its timers
/// were, and four times the retransmission timeout that comes of a link which is slower than it was asked to be (three round
/// trips each, by the kernel's first measurement: RFC 6298 section 2.2).
async fn get(stack: Stack, peer: Arc<Inside<Peer>>) -> (Duration, Duration) {
    let client = client(stack, &peer, RetryPolicy::default());
    let begun = Instant::now();
    send(&client, &peer, Method::GET, "/warm").await.unwrap();
    // The handshake, and the exchange.
    let slower = begun.elapsed().saturating_sub(2 * ROUND_TRIP);
    sleep(IDLE).await;
    let begun = Instant::now();
    let second = Duration::from_secs(1);
    let late = async {
        sleep(second).await;
        begun.elapsed().saturating_sub(second) + 12 * slower
    };
    let answered = async {
        let silent = send(&client, &peer, Method::GET, "/").await.unwrap();
        assert_eq!(silent, 1, "{stack:?}");
        begun.elapsed()
    };
    tokio::join!(answered, late)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs root: makes a network namespace and two TUN devices"]
async fn a_get_after_a_black_hole_is_answered_within_a_second_and_a_half() {
    for stack in Stack::BOTH {
        let link = link();
        let peer = Arc::new(peer(&link, Script::new().serve().forget().stall()));
        let mut plays = JoinSet::new();
        for _ in 0..PLAYS {
            plays.spawn(get(stack, Arc::clone(&peer)));
        }
        let (mut took, late): (Vec<_>, Vec<_>) = plays.join_all().await.into_iter().unzip();
        took.sort_unstable();
        let (median, late) = (took[PLAYS / 2], late.into_iter().max().unwrap());
        println!(
            "{stack:?}: {PLAYS} GETs, median {median:?}, {:?} to {:?} ({late:?} for this machine)",
            took[0],
            took[PLAYS - 1]
        );
        assert!(median < WITHIN + late, "{stack:?}: {took:?}");
        assert_eq!(peer.executed("GET", "/"), PLAYS, "{stack:?}");
    }
}

/// A peer that is forgotten on its first connections until the way heals, and serves the others.
fn healing(link: &Link) -> Inside<Peer> {
    let forgotten = Script::new().serve().forget().wait("heal").remember();
    let forgotten = forgotten.then(Script::serve_forever());
    let address = link.address();
    let script = move |n| match n {
        ..PLAYS => forgotten.clone(),
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
        let mut clients = JoinSet::new();
        for _ in 0..PLAYS {
            let peer = Arc::clone(&peer);
            clients.spawn(async move {
                let client = client(stack, &peer, RetryPolicy::default());
                send(&client, &peer, Method::GET, "/warm").await.unwrap();
                client
            });
        }
        let clients = clients.join_all().await;
        sleep(IDLE).await;
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
