//! How often, at whose cost, after what pause, and over which connection.

use std::time::Duration;

use http::Method;

use crate::evidence::samples;
use crate::evidence::{Delivery, End, Evidence, GateReason, Reuse, StatusRefusal, Trace};
use crate::policy::case::{Case, reason};
use crate::policy::{Budget, FreshConnection, Pause, RetryPolicy, RetryPolicyBuilder};
use crate::request::ExpectOnReuse;
use crate::verdict::{Grounds, Refusal};

const SECOND: Duration = Duration::from_secs(1);

fn unsent(reuse: Reuse, age: Duration) -> Case {
    let trace = Trace {
        age,
        ..samples::trace(reuse)
    };
    let gate = Evidence::new(End::Gate(GateReason::HalfClosed)).with_trace(trace);
    Case::of(&Method::POST, gate)
}

fn one_token() -> RetryPolicyBuilder {
    RetryPolicy::builder().budget(Budget::new(0.0, 1).unwrap())
}

/// Replayed `limit` times by default, refused after that.
#[track_caller]
fn is_limited(case: &Case, limit: usize, grounds: Grounds) {
    let policy = RetryPolicy::builder().no_budget().build().unwrap();
    for times in 0..limit {
        let decided = case.clone().again(times, grounds).decide(&policy);
        assert_eq!(reason(decided), Ok(grounds), "after {times}");
    }
    let decided = case.clone().again(limit, grounds).decide(&policy);
    assert_eq!(reason(decided), Err(Refusal::AttemptsExhausted));
}

#[test]
fn each_delivery_has_its_own_count() {
    let (post, get) = (Case::post, Case::get);
    is_limited(&post(Delivery::NotReceived), 2, Grounds::NotReceived);
    is_limited(&post(Delivery::Refused), 2, Grounds::Refused);
    is_limited(&get(Delivery::Unknown), 1, Grounds::Idempotent);
    is_limited(
        &Case::of(&Method::POST, Evidence::new(End::HandedBack)),
        2,
        Grounds::NotSent,
    );
}

#[test]
fn the_counts_do_not_add_up() {
    let lost = Case::get(Delivery::Unknown)
        .after(&Case::get(Delivery::NotReceived), Grounds::NotReceived)
        .after(&Case::get(Delivery::NotReceived), Grounds::NotReceived)
        .after(&Case::get(Delivery::Refused), Grounds::Refused);
    assert!(reason(lost.decide(&RetryPolicy::default())).is_ok());
    let twice = lost.after(&Case::get(Delivery::Unknown), Grounds::Idempotent);
    let decided = reason(twice.decide(&RetryPolicy::default()));
    assert_eq!(decided, Err(Refusal::AttemptsExhausted));
}

#[test]
fn a_count_of_none_is_a_refusal_by_the_policy() {
    let none = RetryPolicy::builder()
        .not_sent(0)
        .not_received(0)
        .refused(0)
        .unknown(0)
        .build()
        .unwrap();
    for case in [
        unsent(Reuse::Fresh, SECOND),
        Case::get(Delivery::NotReceived),
        Case::get(Delivery::Refused),
        Case::get(Delivery::Unknown),
    ] {
        assert_eq!(reason(case.decide(&none)), Err(Refusal::Policy));
    }
    assert_eq!(
        reason(Case::get(Delivery::NotSent).decide(&none)),
        Ok(Grounds::NotSent),
        "a kept-alive connection that takes nothing costs nothing"
    );
}

#[test]
fn unsent_on_a_connection_from_before_the_request_is_not_counted() {
    let old = unsent(Reuse::Reused, 60 * SECOND).again(100, Grounds::NotSent);
    let decided = reason(old.decide(&RetryPolicy::default()));
    assert_eq!(decided, Ok(Grounds::NotSent));
}

#[test]
fn unsent_on_a_connection_opened_since_the_request_began_is_counted() {
    for case in [
        unsent(Reuse::Fresh, 60 * SECOND),
        unsent(Reuse::Unknown, 60 * SECOND),
        unsent(Reuse::Reused, 5 * SECOND), // as old as the request
        unsent(Reuse::Reused, SECOND),
        Case::of(&Method::POST, Evidence::new(End::HandedBack)),
    ] {
        is_limited(&case, 2, Grounds::NotSent);
    }
}

fn passed_over(reason: GateReason, times: usize) -> Case {
    let evidence = Evidence::new(End::Gate(reason)).with_trace(samples::trace(Reuse::Reused));
    let mut case = Case::of(&Method::POST, evidence);
    case.elapsed = 600 * SECOND;
    case.again(times, Grounds::NotSent)
}

#[test]
fn a_condemned_connection_is_not_counted_whenever_it_was_opened() {
    let condemned = passed_over(GateReason::Condemned, 100);
    let decided = reason(condemned.decide(&RetryPolicy::default()));
    assert_eq!(decided, Ok(Grounds::NotSent));
}

#[test]
fn a_connection_younger_than_the_request_may_be_passed_over_often_but_not_for_ever() {
    let none = RetryPolicy::builder().not_sent(0).build().unwrap();
    for unwanted in [
        GateReason::IdleTooLong,
        GateReason::Expiring,
        GateReason::AfterSleep,
    ] {
        for policy in [&RetryPolicy::default(), &none] {
            let last = reason(passed_over(unwanted, 31).decide(policy));
            assert_eq!(last, Ok(Grounds::NotSent), "{unwanted:?}");
            let next = reason(passed_over(unwanted, 32).decide(policy));
            assert_eq!(next, Err(Refusal::AttemptsExhausted), "{unwanted:?}");
        }
    }
}

#[test]
fn an_earlier_attempt_is_counted_by_the_time_at_which_it_ended() {
    // Free when it failed, though by now the request is older than that connection was.
    let mut early = unsent(Reuse::Reused, 3 * SECOND);
    early.elapsed = 2 * SECOND;
    let late = unsent(Reuse::Fresh, SECOND)
        .after(&early, Grounds::NotSent)
        .after(&early, Grounds::NotSent);
    let decided = reason(late.decide(&RetryPolicy::default()));
    assert_eq!(decided, Ok(Grounds::NotSent));
}

#[test]
fn a_connect_error_counts_against_connect_alone() {
    let failed = Case::of(&Method::POST, Evidence::new(End::Connect));
    let twice = RetryPolicy::builder().connect(2).not_sent(0).build();
    let twice = twice.unwrap();
    assert_eq!(
        reason(failed.decide(&RetryPolicy::default())),
        Err(Refusal::Connect)
    );
    assert_eq!(reason(failed.decide(&twice)), Ok(Grounds::NotSent));
    let third = failed.clone().again(2, Grounds::NotSent);
    assert_eq!(
        reason(third.decide(&twice)),
        Err(Refusal::AttemptsExhausted)
    );
    let policy = RetryPolicy::builder().connect(9).build().unwrap();
    let unsent = unsent(Reuse::Fresh, SECOND)
        .after(&failed, Grounds::NotSent)
        .after(&failed, Grounds::NotSent);
    assert_eq!(reason(unsent.decide(&policy)), Ok(Grounds::NotSent));
}

#[test]
fn proofs_cost_nothing() {
    let policy = one_token().connect(1).build().unwrap();
    for _ in 0..5 {
        for case in [
            Case::post(Delivery::NotSent),
            unsent(Reuse::Fresh, SECOND),
            Case::of(&Method::POST, Evidence::new(End::Connect)),
            Case::post(Delivery::NotReceived),
            Case::post(Delivery::Refused),
        ] {
            assert!(reason(case.decide(&policy)).is_ok());
        }
    }
    assert!(reason(Case::get(Delivery::Unknown).decide(&policy)).is_ok());
}

#[test]
fn a_second_refusal_and_the_unknown_are_charged() {
    for case in [
        Case::post(Delivery::Refused).again(1, Grounds::Refused),
        Case::get(Delivery::Unknown),
    ] {
        let policy = one_token().build().unwrap();
        assert!(reason(case.decide(&policy)).is_ok());
        let broke = reason(case.decide(&policy));
        assert_eq!(broke, Err(Refusal::BudgetExhausted));
    }
}

#[test]
fn nothing_is_withdrawn_for_what_is_refused_otherwise() {
    let policy = one_token().build().unwrap();
    let exhausted = Case::get(Delivery::Unknown).again(1, Grounds::Idempotent);
    let mut late = Case::get(Delivery::Unknown);
    late.deadline = Some(SECOND);
    for refused in [exhausted, late, Case::post(Delivery::Unknown)] {
        assert!(reason(refused.decide(&policy)).is_err());
    }
    assert!(reason(Case::get(Delivery::Unknown).decide(&policy)).is_ok());
}

#[test]
fn without_a_budget_nothing_is_exhausted() {
    let policy = RetryPolicy::builder().no_budget().build().unwrap();
    for _ in 0..1_000 {
        let decided = Case::get(Delivery::Unknown).decide(&policy);
        assert!(reason(decided).is_ok());
    }
}

#[test]
fn the_pause_grows_with_the_replays_that_count() {
    let policy = RetryPolicy::builder()
        .pause(Pause::Exponential {
            base: SECOND,
            max: 60 * SECOND,
            jitter: crate::policy::Jitter::None,
        })
        .build()
        .unwrap();
    let refused = Case::post(Delivery::Refused);
    assert_eq!(refused.replay(&policy).pause, SECOND);
    let second = refused.clone().again(1, Grounds::Refused);
    assert_eq!(second.replay(&policy).pause, 2 * SECOND);
    let corpse = Case::post(Delivery::NotSent);
    assert_eq!(corpse.replay(&policy).pause, Duration::ZERO);
    let after_corpse = refused.after(&corpse, Grounds::NotSent);
    assert_eq!(after_corpse.replay(&policy).pause, SECOND);
}

#[test]
fn every_replay_of_a_request_that_left_wants_a_fresh_connection() {
    let policy = RetryPolicy::default();
    for (case, fresh) in [
        (Case::post(Delivery::NotSent), false),
        (unsent(Reuse::Fresh, SECOND), false),
        (Case::post(Delivery::NotReceived), true),
        (Case::post(Delivery::Refused), true),
        (Case::get(Delivery::Unknown), true),
    ] {
        assert_eq!(case.replay(&policy).fresh, fresh, "{case:?}");
    }
}

#[test]
fn any_connection_will_do_on_wish_but_not_after_a_421_or_a_417() {
    let policy = RetryPolicy::builder()
        .fresh_connection(FreshConnection::Any)
        .build()
        .unwrap();
    for delivery in [Delivery::NotSent, Delivery::NotReceived, Delivery::Unknown] {
        assert!(!Case::get(delivery).replay(&policy).fresh);
    }
    for status in [
        StatusRefusal::MisdirectedRequest,
        StatusRefusal::ExpectationFailed,
    ] {
        let declined = Case::post_ended(End::Status(status));
        let expecting = policy.to_builder().expect_on_reuse(ExpectOnReuse::new());
        let replay = declined.replay(&expecting.build().unwrap());
        assert!(replay.fresh, "{status:?}");
    }
}
