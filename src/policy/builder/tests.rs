//! What `build` refuses, field by field, and what it takes.

use std::time::Duration;

use super::*;
use crate::policy::{Budget, Jitter, NonIdempotent, Origins, Pause, Scope, WhenSilent};
use crate::request::{ExpectOnReuse, Preflight};

const SECOND: Duration = Duration::from_secs(1);

fn builder() -> RetryPolicyBuilder {
    RetryPolicy::builder()
}

#[track_caller]
fn refused(builder: RetryPolicyBuilder, field: &str) {
    let error = builder.build().unwrap_err();
    assert_eq!(error.field(), field, "{error}");
    assert!(error.to_string().starts_with(&format!("`{field}`: ")));
}

#[track_caller]
fn taken(builder: RetryPolicyBuilder) {
    builder.build().unwrap();
}

fn exponential(base: Duration, max: Duration, jitter: Jitter) -> Pause {
    Pause::Exponential { base, max, jitter }
}

#[test]
fn a_replay_limit_over_the_address_space_is_refused() {
    let most = isize::MAX.unsigned_abs();
    refused(builder().replay_limit(usize::MAX), "replay_limit");
    refused(builder().replay_limit(most + 1), "replay_limit");
    taken(builder().replay_limit(most));
    taken(builder().replay_limit(0));
}

#[test]
fn a_preflight_that_waits_for_no_answer_is_refused() {
    let asking = |timeout| builder().preflight(Preflight::options().timeout(timeout));
    refused(asking(Duration::ZERO), "preflight");
    taken(asking(Duration::from_nanos(1)));
}

#[test]
fn an_expectation_is_refused_where_its_refusal_could_not_be_answered() {
    let expect = ExpectOnReuse::new;
    let with = || builder().expect_on_reuse(expect());
    taken(with());
    let no_time = expect().wait(Duration::ZERO);
    refused(builder().expect_on_reuse(no_time), "expect_on_reuse");
    refused(with().refused(0), "expect_on_reuse");
    refused(with().methods(Scope::Idempotent), "expect_on_reuse");
    let never = with().non_idempotent(NonIdempotent::Never);
    refused(never, "expect_on_reuse");
    taken(with().non_idempotent(NonIdempotent::WhenNotSent));
}

#[test]
fn trust_in_a_withheld_body_needs_one_and_what_every_danger_needs() {
    let field = "danger_trust_withheld_body";
    let trusting = |builder: RetryPolicyBuilder| builder.danger_trust_withheld_body("http://a");
    refused(trusting(builder()), field);
    let with = || builder().expect_on_reuse(ExpectOnReuse::new());
    taken(trusting(with()));
    refused(with().danger_trust_withheld_body("http://a/path"), field);
    refused(trusting(with()).unknown(0), "unknown");
    let distrusting = with().non_idempotent(NonIdempotent::WhenNotSent);
    refused(trusting(distrusting), field);
}

#[test]
fn a_deadline_of_zero_is_refused() {
    refused(builder().deadline(Duration::ZERO), "deadline");
    taken(builder().deadline(Duration::from_nanos(1)));
}

#[test]
fn a_pause_whose_base_is_zero_or_above_its_max_is_refused() {
    let full = Jitter::Full;
    refused(
        builder().pause(exponential(2 * SECOND, SECOND, full)),
        "pause",
    );
    refused(
        builder().pause(exponential(Duration::ZERO, SECOND, full)),
        "pause",
    );
    taken(builder().pause(exponential(SECOND, SECOND, full)));
}

#[test]
fn a_pause_that_leaves_no_time_before_the_deadline_is_refused() {
    let with = |pause| builder().deadline(SECOND).pause(pause);
    refused(with(Pause::Fixed(SECOND)), "pause");
    refused(with(exponential(SECOND, SECOND, Jitter::None)), "pause");
    taken(with(Pause::Fixed(SECOND / 2)));
    taken(with(exponential(SECOND, SECOND, Jitter::Full)));
    taken(builder().pause(Pause::Fixed(SECOND)));
}

#[test]
fn a_budget_that_grants_nothing_is_refused_where_something_is_charged() {
    let void = || builder().budget(Budget::new(0.0, 0).unwrap());
    refused(void(), "budget");
    taken(void().unknown(0));
    taken(builder().budget(Budget::new(0.0, 1).unwrap()));
    taken(builder().no_budget());
}

#[test]
fn what_is_no_origin_is_refused() {
    refused(
        builder().danger_trust_half_close("http://a/path"),
        "danger_trust_half_close",
    );
    refused(
        builder().origins_honouring_keys(["http://a", "two words"]),
        "origins_honouring_keys",
    );
    taken(builder().danger_trust_half_close(["http://a", "b:81"]));
    taken(builder().origins_honouring_keys(Origins::matching(|_| true)));
}

#[test]
fn what_needs_a_replay_of_the_unknown_is_refused_with_none() {
    let none = || builder().unknown(0);
    taken(none());
    refused(none().danger_always(), "unknown");
    refused(none().non_idempotent(NonIdempotent::AsGet), "unknown");
    refused(none().danger_trust_half_close("http://a"), "unknown");
    refused(none().origins_honouring_keys("http://a"), "unknown");
    let all_zero = none().not_sent(0).not_received(0).refused(0).connect(0);
    taken(all_zero.clone());
    refused(all_zero.non_idempotent(NonIdempotent::AsGet), "unknown");
}

#[test]
fn what_is_about_methods_that_the_scope_leaves_out_is_refused() {
    for scope in [Scope::Idempotent, Scope::SafeOnly, Scope::Nothing] {
        let with = || builder().methods(scope);
        taken(with());
        refused(with().danger_always(), "danger_always");
        refused(
            with().non_idempotent(NonIdempotent::AsGet),
            "non_idempotent",
        );
        refused(
            with().danger_trust_half_close("http://a"),
            "danger_trust_half_close",
        );
        refused(
            with().origins_honouring_keys("http://a"),
            "origins_honouring_keys",
        );
    }
}

#[test]
fn a_danger_that_goes_beyond_non_idempotent_is_refused() {
    use NonIdempotent::{AsGet, Never, WhenNotSent, WhenProven};
    for choice in [WhenNotSent, Never, AsGet] {
        let with = builder().non_idempotent(choice);
        refused(with.danger_always(), "danger_always");
    }
    for choice in [WhenNotSent, Never] {
        let with = builder().non_idempotent(choice);
        refused(
            with.danger_trust_half_close("http://a"),
            "danger_trust_half_close",
        );
    }
    for choice in [WhenProven, AsGet] {
        let with = builder().non_idempotent(choice);
        taken(with.danger_trust_half_close("http://a"));
    }
    taken(builder().danger_always());
}

#[test]
fn no_setter_order_changes_what_is_built() {
    refused(
        builder().methods(Scope::SafeOnly).danger_always(),
        "danger_always",
    );
    refused(
        builder().danger_always().methods(Scope::SafeOnly),
        "danger_always",
    );
}

#[test]
fn every_preset_is_one_that_build_takes() {
    for preset in [
        RetryPolicy::default(),
        RetryPolicy::never(),
        RetryPolicy::safe_only(),
        RetryPolicy::idempotent_only(),
        RetryPolicy::proxy(),
    ] {
        taken(preset.to_builder());
    }
}

#[test]
fn to_fail_when_silent_is_refused_where_nobody_finds_out() {
    let fail = || builder().when_silent(WhenSilent::Fail);
    refused(fail().watch_after_idle(None), "when_silent");
    taken(fail().watch_after_idle(Duration::ZERO));
    taken(builder().watch_after_idle(None));
}
