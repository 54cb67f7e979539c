//! Many plays of one case, at both distances, over every wire, by both clients in turn; and what must be true of each.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use unstale::RetryPolicy;
use unstale::evidence::{Delivery, End, SecondLook};
use unstale::policy::NonIdempotent;
use unstale::verdict::Refusal;

use super::case::Case;
use super::node::Node;
use super::play::{Outcome, Play, TRIES, Wire};
use super::request::Sender;
use crate::lab::{Conditions, Link};
use crate::stacks::Stack;

/// How often each is played, if the environment does not say it.
const PLAYS: usize = 10;
const PLAYS_BY: &str = "UNSTALE_WAN_PLAYS";

/// The most plays at once on one link, and for each millisecond of its way: more would be late for the moment at which the
/// request is to cross.
const AT_ONCE: u128 = 50;
const AT_ONCE_PER_MILLISECOND: u128 = 1;

/// A country away, and an ocean.
const ROUND_TRIPS: [Duration; 2] = [Duration::from_millis(20), Duration::from_millis(200)];

/// How many packets are lost, each way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    None,
    OnePercent,
}

/// The policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    Default,
    /// [`NonIdempotent::WhenNotSent`]: the assumption is not made.
    WhenNotSent,
}

impl Policy {
    fn build(self) -> RetryPolicy {
        match self {
            Self::Default => RetryPolicy::default(),
            Self::WhenNotSent => RetryPolicy::builder()
                .non_idempotent(NonIdempotent::WhenNotSent)
                .build()
                .unwrap(),
        }
    }
}

/// What the plays of one link have in common.
#[derive(Clone, Copy, Debug)]
struct Setting {
    case: Case,
    loss: Loss,
    policy: Policy,
    round_trip: Duration,
}

/// Plays a case as often as is wanted, prints what came of it, and holds it against what must be true.
pub async fn play(case: Case, loss: Loss) {
    let mut links = JoinSet::new();
    for round_trip in ROUND_TRIPS {
        let setting = move |policy| Setting {
            case,
            loss,
            policy,
            round_trip,
        };
        links.spawn(async move {
            over_a_link(setting(Policy::Default)).await;
            if case.breaks_the_assumption() {
                over_a_link(setting(Policy::WhenNotSent)).await;
            }
        });
    }
    links.join_all().await;
}

async fn over_a_link(setting: Setting) {
    let plays = std::env::var(PLAYS_BY).map_or(PLAYS, |plays| plays.parse().unwrap());
    let conditions = Conditions::round_trip(setting.round_trip);
    let conditions = match setting.loss {
        Loss::None => conditions,
        Loss::OnePercent => conditions.with_loss(0.01),
    };
    let link = Arc::new(tokio::task::block_in_place(|| Link::start(conditions)));
    let node = (setting.case == Case::NodeEndsIdle).then(|| Arc::new(Node::start(&link)));
    let way = setting.round_trip.as_millis() / 2;
    let at_once = AT_ONCE.min(way * AT_ONCE_PER_MILLISECOND);
    let room = Arc::new(Semaphore::new(at_once.try_into().unwrap()));
    for wire in Wire::of(setting.case) {
        let mut together = JoinSet::new();
        for n in 0..plays {
            let play = Play {
                case: setting.case,
                wire: *wire,
                sender: Sender::Ours(Stack::BOTH[n % 2]),
                policy: setting.policy.build(),
                rest_after: setting.round_trip,
            };
            let (link, node, room) = (Arc::clone(&link), node.clone(), Arc::clone(&room));
            together.spawn(async move {
                let _room = room.acquire().await.unwrap();
                let played = until_it_crosses(&play, setting.loss, &link, node.as_deref()).await;
                judge(&play, setting, &played.outcome);
                played
            });
        }
        let played = together.join_all().await;
        println!("{}", report(setting, *wire, &played));
        judge_all(setting, &played);
    }
}

/// A play that came to something.
struct Played {
    outcome: Outcome,
    tries: usize,
}

/// Plays until the request was sent while the peer's end was on its way.
async fn until_it_crosses(play: &Play, loss: Loss, link: &Link, node: Option<&Node>) -> Played {
    for tries in 1..=TRIES {
        let outcome = play.run(link, node).await;
        assert!(
            !outcome.is_silent || loss != Loss::None,
            "{play:?}: silence"
        );
        if outcome.was_sent() && (loss != Loss::None || is_in_order(play, &outcome)) {
            return Played { outcome, tries };
        }
    }
    panic!("{play:?}: the request did not cross in {TRIES} plays");
}

/// Whether all came in the order of the case, where nothing is lost; a busy machine may be late with any of it.
fn is_in_order(play: &Play, outcome: &Outcome) -> bool {
    match outcome.end() {
        // No FIN: the request was there before the close.
        Some(End::Reset) => !play.case.begins_with_fin(),
        // More than one piece: the rest of the body had left before the peer's end was seen.
        Some(End::Closed(SecondLook::NotPossible)) => play.wire != Wire::CleartextRestToCome,
        _ => true,
    }
}

/// What must be true of each play.
fn judge(play: &Play, setting: Setting, outcome: &Outcome) {
    let Setting {
        case, loss, policy, ..
    } = setting;
    let delivery = outcome.delivery().expect("it was sent");
    let context = format!("{play:?}: {outcome:?}");
    // Where a proof is expected, a lost packet may cost it; and a kernel acknowledges for a program that is late.
    let may_be_unknown = loss != Loss::None || case.breaks_the_assumption();
    let is_expected =
        delivery == case.delivery() || delivery == Delivery::Unknown && may_be_unknown;
    assert!(
        is_expected,
        "{delivery:?} instead of {:?}; {context}",
        case.delivery()
    );

    let is_replayed = delivery == Delivery::NotReceived && policy == Policy::Default;
    let refusal = match delivery {
        _ if is_replayed => None,
        Delivery::NotReceived => Some(Refusal::PolicyWantsNotSent),
        _ => Some(Refusal::MayHaveBeenProcessed),
    };
    assert_eq!(outcome.refusal, refusal, "{context}");

    let expected = usize::from(case.executes()) + usize::from(is_replayed);
    match loss {
        Loss::None => assert_eq!(outcome.executed, expected, "{context}"),
        // The request may be among what is lost.
        Loss::OnePercent => assert!(outcome.executed <= expected, "{context}"),
    }
    let may_be_executed_twice = case.breaks_the_assumption() && policy == Policy::Default;
    assert!(outcome.executed <= 1 || may_be_executed_twice, "{context}");
}

/// What must be true of all of them together: that the assumption can be broken, and not by accident.
fn judge_all(setting: Setting, played: &[Played]) {
    let is_proven = |outcome: &Outcome| outcome.delivery() == Some(Delivery::NotReceived);
    let proven = count(played, is_proven);
    assert!(
        setting.loss != Loss::None
            || !setting.case.breaks_the_assumption()
            || proven * 2 > played.len(),
        "{proven} of {} break the assumption: {setting:?}",
        played.len()
    );
}

fn count(played: &[Played], is_it: impl Fn(&Outcome) -> bool) -> usize {
    let outcomes = played.iter().map(|played| &played.outcome);
    outcomes.filter(|outcome| is_it(outcome)).count()
}

/// One line, as `docs/ten_cases.txt` has them.
fn report(setting: Setting, wire: Wire, played: &[Played]) -> String {
    let mut ends = BTreeMap::<String, usize>::new();
    for Played { outcome, .. } in played {
        let (said, end) = (outcome.delivery().unwrap(), outcome.end().unwrap());
        *ends.entry(format!("{said:?} by {end:?}")).or_default() += 1;
    }
    let ends: Vec<String> = ends
        .iter()
        .map(|(end, times)| format!("{times} {end}"))
        .collect();
    let twice = count(played, |outcome| outcome.executed > 1);
    let anew: usize = played.iter().map(|played| played.tries - 1).sum();
    format!(
        "case {:2}, {:3} ms, {wire:?}, loss {:?}, {:?}: {} plays: {}; {twice} executed twice; {anew} begun anew",
        setting.case.number(),
        setting.round_trip.as_millis(),
        setting.loss,
        setting.policy,
        played.len(),
        ends.join(", "),
    )
}
