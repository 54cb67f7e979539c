//! A living server over a link that loses every fiftieth packet on its way there: no request is taken for lost, as far as a
//! caller sees.

use std::sync::Arc;
use std::time::Duration;

use http::Method;
use tokio::task::JoinSet;
use tokio::time::sleep;
use unstale::RetryPolicy;

use super::setup::{ROUND_TRIP, client, link, peer, send};
use crate::lab::{Conditions, Inside, Way};
use crate::peer::{Peer, Script};
use crate::stacks::Stack;

const CLIENTS: usize = 50;
const LOSS: f64 = 0.02;
/// Longer than a tick of the kernel, so that what was heard before a request is told from what was heard after it.
const PAUSE: Duration = Duration::from_millis(30);
/// All of them are watched.
const WATCHED: Duration = Duration::from_millis(15);

/// A smaller number where time asks.
fn requests() -> usize {
    let asked = std::env::var("UNSTALE_WAN_REQUESTS");
    asked.map_or(1_000, |number| number.parse().unwrap())
}

/// Requests one after another, every second one a POST. Gives how many attempts were met by silence.
async fn converse(stack: Stack, peer: Arc<Inside<Peer>>, requests: usize) -> usize {
    let policy = RetryPolicy::builder().no_budget().watch_after_idle(WATCHED);
    let client = client(stack, &peer, policy.build().unwrap());
    let mut silent = 0;
    for n in 0..requests {
        let method = if n % 2 == 0 {
            Method::GET
        } else {
            Method::POST
        };
        silent += send(&client, &peer, method, "/").await.unwrap();
        sleep(PAUSE).await;
    }
    silent
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs root: makes a network namespace and two TUN devices"]
async fn no_caller_sees_a_false_alarm_at_two_percent_loss() {
    for stack in Stack::BOTH {
        let link = link();
        let way = Conditions::round_trip(ROUND_TRIP);
        link.set(Way::In, way.with_loss(LOSS));
        let peer = Arc::new(peer(&link, Script::serve_forever()));
        let each = requests() / CLIENTS;
        let mut clients = JoinSet::new();
        for _ in 0..CLIENTS {
            clients.spawn(converse(stack, Arc::clone(&peer), each));
        }
        let silent: usize = clients.join_all().await.into_iter().sum();
        let (answered, lost) = (each * CLIENTS, link.counters(Way::In).lost);
        println!(
            "{stack:?}: {answered} requests, all answered; {lost} packets lost, {silent} false alarm(s) behind a replay"
        );
        assert!(lost > 0, "{stack:?}");
        assert_eq!(peer.executed("POST", "/"), answered / 2, "{stack:?}");
    }
}
