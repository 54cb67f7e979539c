//! What holds for every policy and every failure.

use std::time::Duration;

use http::Method;
use proptest::prelude::*;

use crate::evidence::samples;
use crate::evidence::{Attribution, Delivery, End, Evidence, GateReason, Trace};
use crate::policy::case::{Case, reason};
use crate::policy::{
    Budget, Choice, FreshConnection, Jitter, NonIdempotent, Pause, RetryPolicy, RetryPolicyBuilder,
    Scope,
};
use crate::verdict::{Attempt, Grounds, Refusal, Verdict};

/// A policy without `danger_`, conversion or keys.
fn any_policy() -> impl Strategy<Value = RetryPolicy> {
    with_limits(with_times(any_requests())).prop_map(|builder| builder.build().unwrap())
}

fn one_of<T: Clone + std::fmt::Debug + 'static>(
    all: impl Into<Vec<T>>,
) -> impl Strategy<Value = T> {
    prop::sample::select(all.into())
}

fn any_requests() -> impl Strategy<Value = RetryPolicyBuilder> {
    use NonIdempotent::{Never, WhenNotSent, WhenProven};
    let scope = one_of([
        Scope::All,
        Scope::Idempotent,
        Scope::SafeOnly,
        Scope::Nothing,
    ]);
    let choice = one_of([WhenProven, WhenNotSent, Never]);
    (scope, choice, any::<[bool; 3]>()).prop_map(|(scope, choice, [misdirected, early, late])| {
        RetryPolicy::builder()
            .methods(scope)
            .non_idempotent(choice)
            .misdirected(misdirected)
            .too_early(early)
            .request_timeout(late)
    })
}

fn with_times(
    builder: impl Strategy<Value = RetryPolicyBuilder>,
) -> impl Strategy<Value = RetryPolicyBuilder> {
    let times = (0..4_u32, 0..4_u32, 0..4_u32, 0..4_u32, 0..4_u32);
    (builder, times).prop_map(
        |(builder, (not_sent, not_received, refused, unknown, connect))| {
            builder
                .not_sent(not_sent)
                .not_received(not_received)
                .refused(refused)
                .unknown(unknown)
                .connect(connect)
        },
    )
}

fn with_limits(
    builder: impl Strategy<Value = RetryPolicyBuilder>,
) -> impl Strategy<Value = RetryPolicyBuilder> {
    let (base, max) = (Duration::from_secs(1), Duration::from_secs(9));
    let jitter = Jitter::Full;
    let pause = one_of([
        Pause::None,
        Pause::Fixed(base),
        Pause::Exponential { base, max, jitter },
    ]);
    let fresh = one_of([FreshConnection::AfterSending, FreshConnection::Any]);
    let choice = one_of([Choice::Allow, Choice::Refuse]);
    let reserve = prop::option::of(1..3_u32);
    (builder, pause, fresh, choice, reserve).prop_map(|(builder, pause, fresh, choice, reserve)| {
        let builder = builder.pause(pause).fresh_connection(fresh).narrow(choice);
        match reserve {
            Some(reserve) => builder.budget(Budget::new(0.0, reserve).unwrap()),
            None => builder.no_budget(),
        }
    })
}

fn any_case() -> impl Strategy<Value = Case> {
    let method = one_of([
        Method::GET,
        Method::PUT,
        Method::POST,
        Method::PATCH,
        Method::CONNECT,
    ]);
    let attribution = prop_oneof![
        9 => Just(Attribution::ThisSending),
        1 => Just(Attribution::Another),
    ];
    let seconds = || (0..120_u64).prop_map(Duration::from_secs);
    let attempt = (samples::any_evidence(), seconds()).prop_map(|(evidence, elapsed)| {
        Attempt::new(Some(evidence), elapsed, Verdict::Replay(Grounds::NotSent))
    });
    let attempts = prop::collection::vec(attempt, 0..5);
    let times = (seconds(), prop::option::of(seconds()), any::<u64>());
    (
        method,
        samples::any_evidence(),
        attribution,
        attempts,
        times,
    )
        .prop_map(
            |(method, evidence, attribution, attempts, (elapsed, deadline, random))| Case {
                attribution,
                attempts,
                elapsed,
                deadline,
                random,
                ..Case::of(&method, evidence)
            },
        )
}

fn is_replayed(case: &Case, policy: &RetryPolicy) -> bool {
    reason(case.decide(policy)).is_ok()
}

proptest! {
    #[test]
    fn post_is_never_sent_twice_when_it_may_have_been_processed(
        policy in any_policy(),
        case in any_case(),
    ) {
        let is_post = case.method == Method::POST || case.method == Method::PATCH;
        let delivery = case.evidence.delivery();
        if is_post && matches!(delivery, Delivery::Unknown | Delivery::Received) {
            prop_assert!(!is_replayed(&case, &policy));
        }
    }

    #[test]
    fn a_policy_allows_only_what_the_verdict_allows(policy in any_policy(), case in any_case()) {
        let verdict = crate::verdict::judge(&case.profile, &case.evidence, case.attribution);
        match (reason(case.decide(&policy)), verdict) {
            (Ok(grounds), verdict) => prop_assert_eq!(verdict, Verdict::Replay(grounds)),
            (Err(refusal), Verdict::Refuse(reason)) => prop_assert_eq!(refusal, reason),
            (Err(_), Verdict::Replay(_)) => {}
        }
    }

    #[test]
    fn what_may_never_be_replayed_is_not(policy in any_policy(), case in any_case()) {
        if !policy.may_ever_replay(case.profile) {
            prop_assert!(!is_replayed(&case, &policy));
        }
    }

    #[test]
    fn more_bytes_never_turn_a_refusal_into_a_replay(
        case in any_case(),
        trace in samples::any_trace(),
        sent in 0..100_u64,
        received in 0..100_u64,
    ) {
        // By all policies that judge a failure by itself: the counts of `Unknown` and `NotSent` are another matter.
        let builder = RetryPolicy::builder().no_budget().not_sent(9).not_received(9);
        let policy = builder.refused(9).unknown(9).connect(9).build().unwrap();
        let more = Trace {
            sent: trace.sent + sent,
            received: trace.received + received,
            ..trace.clone()
        };
        let with = |trace| Case {
            evidence: Evidence::new(case.evidence.end()).with_trace(trace),
            ..case.clone()
        };
        if is_replayed(&with(more), &policy) {
            prop_assert!(is_replayed(&with(trace), &policy));
        }
    }

    #[test]
    fn every_loop_of_replays_ends(policy in any_policy(), first in any_case()) {
        // The same failure over and over, on a connection opened since: no policy goes on for ever. Those that are condemned
        // come to an end by themselves.
        let is_condemned = first.evidence.end() == End::Gate(GateReason::Condemned);
        prop_assume!(!is_condemned);
        let mut case = Case { attempts: Vec::new(), elapsed: Duration::from_secs(600), ..first };
        for _ in 0..40 {
            match reason(case.decide(&policy)) {
                Ok(grounds) => case = case.again(1, grounds),
                Err(_) => return Ok(()),
            }
        }
        prop_assert!(false, "forty replays of {:?}", case.evidence);
    }

    #[test]
    fn nothing_is_replayed_after_the_deadline(policy in any_policy(), case in any_case()) {
        if case.deadline.is_some_and(|deadline| case.elapsed >= deadline) {
            prop_assert!(!is_replayed(&case, &policy));
        }
    }

    #[test]
    fn never_means_never(case in any_case()) {
        prop_assert!(!is_replayed(&case, &RetryPolicy::never()));
        let refuse = RetryPolicy::builder().narrow(Choice::Refuse);
        prop_assert!(matches!(reason(case.decide_by(refuse)), Err(refusal) if refusal != Refusal::BudgetExhausted));
    }
}
