//! The same through reqwest, whose connections cannot be frozen: behind the request comes the FIN of a client that closes, and
//! over TLS its `close_notify`. What is called not received must not have been executed all the same.

use std::time::Duration;

use unstale::RetryPolicy;
use unstale::evidence::Delivery;

use super::case::Case;
use super::node::Node;
use super::play::{Play, TRIES, Wire};
use super::request::Sender;
use crate::lab::{Conditions, Link};

const ROUND_TRIPS: [Duration; 2] = [Duration::from_millis(20), Duration::from_millis(200)];

/// So many plays of each, if the environment does not say it.
const PLAYS: usize = 6;

const CASES: [Case; 10] = [
    Case::Closes,
    Case::HalfClosesReadsLater,
    Case::HalfClosesExecutesCloses,
    Case::HalfClosesActsOnPart,
    Case::ExecutesAborts,
    Case::ExecutesAbortsLater,
    Case::ExecutesCloses,
    Case::AbortsIdle,
    Case::HalfClosesExecutesAborts,
    Case::NodeEndsIdle,
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs root: makes a network namespace and two TUN devices; one needs node"]
async fn nothing_that_was_executed_is_proved_lost_around_reqwest() {
    for case in CASES {
        for round_trip in ROUND_TRIPS {
            for loss in [0.0, 0.01] {
                play(case, Wire::Cleartext, round_trip, loss).await;
                play(case, Wire::TlsGoodbye, round_trip, loss).await;
            }
        }
    }
}

/// What came of the plays in which the request was sent while the end was on its way.
#[derive(Debug, Default)]
struct Sum {
    proven: usize,
    unknown: usize,
    twice: usize,
}

async fn play(case: Case, wire: Wire, round_trip: Duration, loss: f64) {
    let plays = std::env::var("UNSTALE_WAN_PLAYS").map_or(PLAYS, |plays| plays.parse().unwrap());
    let conditions = Conditions::round_trip(round_trip).with_loss(loss);
    let link = tokio::task::block_in_place(|| Link::start(conditions));
    let node = (case == Case::NodeEndsIdle).then(|| Node::start(&link));
    let play = Play {
        case,
        wire,
        sender: Sender::AroundReqwest,
        policy: RetryPolicy::default(),
        rest_after: Duration::ZERO,
    };
    let all = (0..plays).map(|_| one(&play, &link, node.as_ref(), loss > 0.0));
    let mut sum = Sum::default();
    for (delivery, executed) in futures_util::future::join_all(all)
        .await
        .into_iter()
        .flatten()
    {
        sum.proven += usize::from(delivery == Delivery::NotReceived);
        sum.unknown += usize::from(delivery == Delivery::Unknown);
        sum.twice += usize::from(executed > 1);
    }
    let name = format!(
        "case {:2}, {wire:?}, {round_trip:?}, loss {loss}: {sum:?}",
        case.number()
    );
    println!("{name}");
    assert!(case.breaks_the_assumption() || sum.twice == 0, "{name}");
    let may_be_proven = wire == Wire::Cleartext && case.delivery() == Delivery::NotReceived;
    assert!(may_be_proven || sum.proven == 0, "{name}");
    if case == Case::Closes && wire == Wire::Cleartext && loss == 0.0 {
        assert!(sum.proven > sum.unknown, "{name}");
    }
}

/// What was said of the request, and how often it was executed; `None` if a packet that was lost made it another play.
async fn one(
    play: &Play,
    link: &Link,
    node: Option<&Node>,
    may_fail: bool,
) -> Option<(Delivery, usize)> {
    for _ in 0..TRIES {
        let outcome = play.run(link, node).await;
        if outcome.was_sent() {
            return Some((outcome.delivery()?, outcome.executed));
        }
        if may_fail && outcome.is_silent {
            return None;
        }
    }
    assert!(
        may_fail,
        "{play:?}: the request did not cross in {TRIES} plays"
    );
    None
}
