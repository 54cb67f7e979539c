//! What the policy refuses although the verdict allows it.

use std::time::Duration;

use http::Method;

use crate::evidence::samples;
use crate::evidence::{
    Attribution, Delivery, End, ProtocolRefusal, Reuse, SecondLook, StatusRefusal,
};
use crate::policy::case::{Case, reason};
use crate::policy::{Choice, Decision, NonIdempotent, Pause, RetryPolicy, Scope, View};
use crate::request::{Permission, RequestProfile, Semantics};
use crate::verdict::{Grounds, Refusal};

const PROOF: End = End::Closed(SecondLook::NeverAcknowledged);
const TIMEOUT: End = End::Status(StatusRefusal::RequestTimeout);
const REFUSED: End = End::Protocol(ProtocolRefusal::RefusedStream);

fn by(choice: NonIdempotent, case: &Case) -> Result<Grounds, Refusal> {
    reason(case.decide_by(RetryPolicy::builder().non_idempotent(choice)))
}

#[test]
fn what_the_verdict_refuses_is_refused_with_its_reason() {
    let policy = RetryPolicy::default();
    let fresh = samples::delivered(Delivery::Unknown, Reuse::Fresh);
    let mut foreign = Case::get(Delivery::NotSent);
    foreign.attribution = Attribution::Another;
    for (case, refusal) in [
        (Case::post(Delivery::Unknown), Refusal::MayHaveBeenProcessed),
        (Case::get(Delivery::Received), Refusal::ResponseBegan),
        (Case::of(&Method::GET, fresh), Refusal::FreshConnection),
        (foreign, Refusal::NotThisSending),
    ] {
        assert_eq!(case.decide(&policy), Decision::Surface(refusal));
    }
}

#[test]
fn when_not_sent_disbelieves_the_kernels_proof_but_not_the_servers_word() {
    let choice = NonIdempotent::WhenNotSent;
    for proof in [PROOF, TIMEOUT] {
        let post = Case::post_ended(proof);
        assert_eq!(by(choice, &post), Err(Refusal::PolicyWantsNotSent));
        assert!(by(NonIdempotent::WhenProven, &post).is_ok());
    }
    assert_eq!(by(choice, &Case::post_ended(REFUSED)), Ok(Grounds::Refused));
    assert_eq!(
        by(choice, &Case::post(Delivery::NotSent)),
        Ok(Grounds::NotSent)
    );
}

#[test]
fn never_repeats_only_what_never_left() {
    let choice = NonIdempotent::Never;
    for end in [PROOF, TIMEOUT, REFUSED] {
        assert_eq!(by(choice, &Case::post_ended(end)), Err(Refusal::Policy));
    }
    assert_eq!(
        by(choice, &Case::post(Delivery::NotSent)),
        Ok(Grounds::NotSent)
    );
}

#[test]
fn neither_touches_requests_whose_repetition_is_harmless() {
    let may_repeat = RequestProfile::new(Semantics::NonIdempotent, Permission::MayRepeat);
    let keyed = RequestProfile::new(Semantics::Keyed, Permission::ByMethod);
    let safe = RequestProfile::new(Semantics::Safe, Permission::ByMethod);
    for choice in [NonIdempotent::WhenNotSent, NonIdempotent::Never] {
        for end in [PROOF, TIMEOUT, REFUSED, End::Reset] {
            for profile in [may_repeat, keyed, safe] {
                let mut case = Case::post_ended(end);
                case.profile = profile;
                assert!(by(choice, &case).is_ok(), "{profile:?} {end:?}");
            }
        }
    }
}

#[test]
fn a_conditional_put_is_among_the_requests_that_must_not_be_executed_twice() {
    let mut put = Case::post_ended(PROOF);
    put.profile = RequestProfile::new(Semantics::Conditional, Permission::ByMethod);
    assert!(by(NonIdempotent::WhenProven, &put).is_ok());
    assert_eq!(
        by(NonIdempotent::WhenNotSent, &put),
        Err(Refusal::PolicyWantsNotSent)
    );
    assert_eq!(by(NonIdempotent::Never, &put), Err(Refusal::Policy));
}

#[test]
fn a_scope_goes_by_the_method_and_not_by_a_key_or_a_word() {
    let scoped = |scope, semantics, permission| {
        let mut case = Case::post(Delivery::Refused);
        case.profile = RequestProfile::new(semantics, permission);
        reason(case.decide_by(RetryPolicy::builder().methods(scope))).is_ok()
    };
    let plain = Permission::ByMethod;
    for (semantics, idempotent, safe) in [
        (Semantics::Safe, true, true),
        (Semantics::Idempotent, true, false),
        (Semantics::Conditional, true, false),
        (Semantics::Keyed, false, false),
        (Semantics::NonIdempotent, false, false),
    ] {
        assert!(scoped(Scope::All, semantics, plain));
        assert_eq!(scoped(Scope::Idempotent, semantics, plain), idempotent);
        assert_eq!(scoped(Scope::SafeOnly, semantics, plain), safe);
    }
    let word = Permission::MayRepeat;
    assert!(!scoped(Scope::Idempotent, Semantics::NonIdempotent, word));
}

#[test]
fn a_status_that_is_switched_off_is_a_response_like_any_other() {
    let builder = RetryPolicy::builder;
    for (status, off) in [
        (
            StatusRefusal::RequestTimeout,
            builder().request_timeout(false),
        ),
        (
            StatusRefusal::MisdirectedRequest,
            builder().misdirected(false),
        ),
        (StatusRefusal::TooEarly, builder().too_early(false)),
    ] {
        let case = Case::post_ended(End::Status(status));
        assert!(reason(case.decide(&RetryPolicy::default())).is_ok());
        assert_eq!(reason(case.decide_by(off)), Err(Refusal::Policy));
    }
}

#[test]
fn one_deadline_spans_all_attempts_and_the_pause() {
    let second = Duration::from_secs(1);
    let policy = RetryPolicy::builder()
        .pause(Pause::Fixed(second))
        .build()
        .unwrap();
    let mut case = Case::get(Delivery::Unknown); // five seconds have passed
    for (deadline, expected) in [
        (None, Ok(Grounds::Idempotent)),
        (Some(7 * second), Ok(Grounds::Idempotent)),
        (Some(6 * second), Err(Refusal::DeadlineExceeded)),
        (Some(second), Err(Refusal::DeadlineExceeded)),
    ] {
        case.deadline = deadline;
        assert_eq!(reason(case.decide(&policy)), expected, "{deadline:?}");
    }
}

#[test]
fn a_closure_sees_the_failure_and_can_refuse() {
    let policy = RetryPolicy::builder()
        .narrow(|view: &View<'_>| {
            assert_eq!(view.method(), Method::GET);
            assert_eq!(view.profile().semantics(), Semantics::Safe);
            assert!(view.headers().is_empty() && view.attempts().is_empty());
            assert_eq!(view.evidence().delivery(), Delivery::Unknown);
            match (view.grounds(), view.uri().path()) {
                (Grounds::Idempotent, "/p") => Choice::Refuse,
                _ => Choice::Allow,
            }
        })
        .build()
        .unwrap();
    let mut case = Case::get(Delivery::Unknown);
    assert_eq!(reason(case.decide(&policy)), Err(Refusal::Policy));
    case.uri = "http://a/q".parse().unwrap();
    assert_eq!(reason(case.decide(&policy)), Ok(Grounds::Idempotent));
}

#[test]
fn a_constant_is_a_policy_and_cannot_widen() {
    let refuse = RetryPolicy::builder().narrow(Choice::Refuse);
    let sent = Case::get(Delivery::NotSent);
    assert_eq!(reason(sent.decide_by(refuse)), Err(Refusal::Policy));
    let allow = RetryPolicy::builder().narrow(Choice::Allow);
    let lost = Case::post(Delivery::Unknown);
    assert_eq!(
        reason(lost.decide_by(allow)),
        Err(Refusal::MayHaveBeenProcessed)
    );
}
