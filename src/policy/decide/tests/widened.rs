//! What the policy allows although the verdict refuses it, and what no name allows.

use http::Method;

use crate::evidence::samples;
use crate::evidence::{Attribution, Delivery, End, Evidence, Reuse, SecondLook, Trace};
use crate::policy::case::{Case, reason};
use crate::policy::{FreshConnection, NonIdempotent, RetryPolicy, RetryPolicyBuilder, Scope};
use crate::request::{ExpectOnReuse, Permission, RequestProfile, Semantics};
use crate::verdict::{Grounds, Refusal};

const LINGERS: End = End::Closed(SecondLook::Acknowledged);
const PROOF: End = End::Closed(SecondLook::NeverAcknowledged);

fn danger() -> RetryPolicyBuilder {
    RetryPolicy::builder().danger_always()
}

fn trusting() -> RetryPolicyBuilder {
    RetryPolicy::builder().danger_trust_half_close("http://a")
}

fn as_get() -> RetryPolicyBuilder {
    RetryPolicy::builder().non_idempotent(NonIdempotent::AsGet)
}

fn decided(case: &Case, builder: RetryPolicyBuilder) -> Result<Grounds, Refusal> {
    reason(case.decide_by(builder))
}

#[test]
fn danger_always_repeats_what_may_have_been_processed() {
    let mut lost = Case::post(Delivery::Unknown);
    assert_eq!(decided(&lost, danger()), Ok(Grounds::DangerAlways));
    lost.profile = RequestProfile::new(Semantics::Conditional, Permission::ByMethod);
    assert_eq!(decided(&lost, danger()), Ok(Grounds::DangerAlways));
    let again = lost.again(1, Grounds::DangerAlways);
    assert_eq!(decided(&again, danger()), Err(Refusal::AttemptsExhausted));
}

#[test]
fn danger_always_keeps_the_better_grounds() {
    for (case, grounds) in [
        (Case::get(Delivery::Unknown), Grounds::Idempotent),
        (Case::post(Delivery::NotReceived), Grounds::NotReceived),
    ] {
        assert_eq!(decided(&case, danger()), Ok(grounds));
    }
}

#[test]
fn no_danger_helps_where_the_rule_knows_no_exception() {
    let all = || danger().danger_trust_half_close("http://a");
    let lost = |reuse| Case::of(&Method::POST, samples::ended(LINGERS, reuse));
    let mut foreign = lost(Reuse::Reused);
    foreign.attribution = Attribution::Another;
    let untapped = Case::of(&Method::POST, Evidence::new(LINGERS));
    let answered = Trace {
        received: 1,
        ..samples::trace(Reuse::Reused)
    };
    let answered = Evidence::new(LINGERS).with_trace(answered);
    let tunnel = samples::ended(LINGERS, Reuse::Reused);
    for (case, refusal) in [
        (Case::post(Delivery::Received), Refusal::ResponseBegan),
        (Case::of(&Method::POST, answered), Refusal::ResponseBegan),
        (Case::of(&Method::CONNECT, tunnel), Refusal::Tunnel),
        (lost(Reuse::Fresh), Refusal::FreshConnection),
        (lost(Reuse::Unknown), Refusal::ReuseUnknown),
        (untapped, Refusal::ReuseUnknown),
        (foreign, Refusal::NotThisSending),
        (
            lost(Reuse::Reused).permitting(Permission::NeverReplay),
            Refusal::CallerForbids,
        ),
        (Case::post_ended(End::CallerBody), Refusal::CallerBody),
    ] {
        assert_eq!(decided(&case, all()), Err(refusal), "{case:?}");
    }
}

#[test]
fn a_trusted_half_close_is_repeated_at_its_origin_only() {
    let mut lost = Case::post_ended(LINGERS);
    assert_eq!(decided(&lost, trusting()), Ok(Grounds::TrustedHalfClose));
    let off = RetryPolicy::builder();
    assert_eq!(decided(&lost, off), Err(Refusal::MayHaveBeenProcessed));
    lost.uri = "http://b/p".parse().unwrap();
    assert_eq!(
        decided(&lost, trusting()),
        Err(Refusal::MayHaveBeenProcessed)
    );
}

#[test]
fn only_a_half_close_with_acknowledged_bytes_is_trusted() {
    for end in [
        End::Closed(SecondLook::Undecided),
        End::Closed(SecondLook::NotPossible),
        End::Reset,
        End::TimedOut,
        End::Unknown,
    ] {
        let lost = Case::post_ended(end);
        assert_eq!(
            decided(&lost, trusting()),
            Err(Refusal::MayHaveBeenProcessed)
        );
    }
}

/// A POST whose body was held back, and that ended like this.
fn withheld(end: End, reuse: Reuse) -> Case {
    let trace = samples::trace(reuse).with_body_withheld();
    Case::of(&Method::POST, Evidence::new(end).with_trace(trace))
}

fn trusting_the_head() -> RetryPolicyBuilder {
    let expecting = RetryPolicy::builder().expect_on_reuse(ExpectOnReuse::new());
    expecting.danger_trust_withheld_body("http://a")
}

#[test]
fn a_withheld_body_is_trusted_at_its_origin_only() {
    for end in [End::Reset, End::TimedOut, End::Unknown, LINGERS] {
        let mut lost = withheld(end, Reuse::Reused);
        assert_eq!(
            decided(&lost, trusting_the_head()),
            Ok(Grounds::WithheldBody)
        );
        let expecting = RetryPolicy::builder().expect_on_reuse(ExpectOnReuse::new());
        assert_eq!(
            decided(&lost, expecting),
            Err(Refusal::MayHaveBeenProcessed)
        );
        lost.uri = "http://b/p".parse().unwrap();
        let elsewhere = decided(&lost, trusting_the_head());
        assert_eq!(elsewhere, Err(Refusal::MayHaveBeenProcessed));
    }
    let again = withheld(End::Reset, Reuse::Reused).again(1, Grounds::WithheldBody);
    let again = decided(&again, trusting_the_head());
    assert_eq!(again, Err(Refusal::AttemptsExhausted));
}

#[test]
fn a_body_that_was_not_withheld_is_not_trusted_nor_one_on_a_new_connection_or_that_was_answered() {
    let refused = |case: &Case| decided(case, trusting_the_head()).unwrap_err();
    let sent = Case::post_ended(End::Reset);
    assert_eq!(refused(&sent), Refusal::MayHaveBeenProcessed);
    let fresh = withheld(End::Reset, Reuse::Fresh);
    assert_eq!(refused(&fresh), Refusal::FreshConnection);
    let unknown = withheld(End::Reset, Reuse::Unknown);
    assert_eq!(refused(&unknown), Refusal::ReuseUnknown);
    let answered = withheld(End::Malformed, Reuse::Reused);
    assert_eq!(refused(&answered), Refusal::ResponseBegan);
    let forbidden = withheld(End::Reset, Reuse::Reused).permitting(Permission::NeverReplay);
    assert_eq!(refused(&forbidden), Refusal::CallerForbids);
}

#[test]
fn what_is_proven_of_the_head_needs_no_trust() {
    let proven = withheld(PROOF, Reuse::Reused);
    assert_eq!(
        decided(&proven, RetryPolicy::builder()),
        Ok(Grounds::NotReceived)
    );
}

#[test]
fn as_get_replaces_what_may_have_been_processed() {
    let lost = Case::post(Delivery::Unknown);
    let any = as_get().fresh_connection(FreshConnection::Any);
    for builder in [as_get(), any] {
        let replay = lost.replay(&builder.build().unwrap());
        assert_eq!(replay.grounds, Grounds::AsGet);
        assert!(replay.as_get && replay.fresh);
    }
    let plain = Case::get(Delivery::Unknown).replay(&as_get().build().unwrap());
    assert!(!plain.as_get);
}

#[test]
fn as_get_leaves_a_proven_replay_as_it_is() {
    for delivery in [Delivery::NotSent, Delivery::NotReceived, Delivery::Refused] {
        let replay = Case::post(delivery).replay(&as_get().build().unwrap());
        assert!(!replay.as_get, "{delivery:?}");
    }
}

#[test]
fn as_get_does_not_help_where_the_rule_knows_no_exception() {
    let fresh = samples::delivered(Delivery::Unknown, Reuse::Fresh);
    let mut put = Case::post(Delivery::Unknown);
    put.profile = RequestProfile::new(Semantics::Conditional, Permission::ByMethod);
    for (case, refusal) in [
        (Case::post(Delivery::Received), Refusal::ResponseBegan),
        (Case::of(&Method::POST, fresh), Refusal::FreshConnection),
        (put, Refusal::Conditional),
    ] {
        assert_eq!(decided(&case, as_get()), Err(refusal));
    }
}

#[test]
fn what_was_turned_into_a_get_is_not_turned_again() {
    let lost = Case::post(Delivery::Unknown);
    let twice = lost.clone().again(1, Grounds::AsGet);
    assert_eq!(
        decided(&twice, as_get().unknown(9)),
        Err(Refusal::MayHaveBeenProcessed)
    );
    // As the loop goes on: what is lost now is the GET, and the one replay of the unknown is spent.
    let get = Case::get(Delivery::Unknown).after(&lost, Grounds::AsGet);
    assert_eq!(decided(&get, as_get()), Err(Refusal::AttemptsExhausted));
    assert_eq!(decided(&get, as_get().unknown(2)), Ok(Grounds::Idempotent));
}

#[test]
fn a_request_may_ask_for_a_get_by_itself() {
    let lost = Case::post(Delivery::Unknown).permitting(Permission::ReplayAsGet);
    let replay = lost.replay(&RetryPolicy::default());
    assert!(replay.as_get && replay.fresh);
    let plain = Case::post(Delivery::Unknown);
    assert!(decided(&plain, RetryPolicy::builder()).is_err());
}

#[test]
fn a_request_that_asks_for_a_get_has_it_where_its_own_replay_is_refused() {
    let proven = Case::post_ended(PROOF).permitting(Permission::ReplayAsGet);
    let by = |choice| decided(&proven, RetryPolicy::builder().non_idempotent(choice));
    assert_eq!(by(NonIdempotent::WhenProven), Ok(Grounds::NotReceived));
    assert_eq!(by(NonIdempotent::WhenNotSent), Ok(Grounds::AsGet));
    assert_eq!(by(NonIdempotent::Never), Ok(Grounds::AsGet));
}

#[test]
fn a_conditional_put_is_never_turned_into_a_get() {
    let mut put = Case::post_ended(PROOF);
    put.profile = RequestProfile::new(Semantics::Conditional, Permission::ReplayAsGet);
    let distrusting = RetryPolicy::builder().non_idempotent(NonIdempotent::WhenNotSent);
    assert_eq!(decided(&put, distrusting), Err(Refusal::PolicyWantsNotSent));
}

#[test]
fn a_scope_leaves_out_what_asks_for_a_get() {
    let lost = Case::post(Delivery::Unknown).permitting(Permission::ReplayAsGet);
    for scope in [Scope::Idempotent, Scope::SafeOnly, Scope::Nothing] {
        let scoped = RetryPolicy::builder().methods(scope);
        assert_eq!(decided(&lost, scoped), Err(Refusal::Policy));
    }
}
