//! Which requests could not be sent again, by policy, and whose wish holds.

use std::time::Duration;

use http::Request;

use super::*;
use crate::policy::{RetryPolicyBuilder, Scope};
use crate::request::{Permission, Semantics};

const SECOND: Duration = Duration::from_secs(1);

fn profile(semantics: Semantics) -> RequestProfile {
    RequestProfile::new(semantics, Permission::ByMethod)
}

/// The kinds of requests that a policy could not send again.
fn lost(builder: RetryPolicyBuilder) -> Vec<Semantics> {
    let policy = builder.build().unwrap();
    let all = [
        Semantics::Safe,
        Semantics::Idempotent,
        Semantics::Conditional,
        Semantics::Keyed,
        Semantics::NonIdempotent,
        Semantics::Tunnel,
    ];
    let lost = all.into_iter();
    lost.filter(|semantics| policy.loses(profile(*semantics), 0))
        .collect()
}

#[test]
fn a_request_is_lost_that_the_policy_would_not_repeat_were_it_unknown() {
    use Semantics::{Conditional, Idempotent, Keyed, NonIdempotent, Safe, Tunnel};
    let builder = RetryPolicy::builder;
    assert_eq!(lost(builder()), [Conditional, NonIdempotent, Tunnel]);
    assert_eq!(lost(builder().danger_always()), [Tunnel]);
    assert_eq!(
        lost(builder().methods(Scope::Idempotent)),
        [Conditional, Keyed, NonIdempotent, Tunnel]
    );
    assert_eq!(
        lost(builder().methods(Scope::SafeOnly)),
        [Idempotent, Conditional, Keyed, NonIdempotent, Tunnel]
    );
    let all = [Safe, Idempotent, Conditional, Keyed, NonIdempotent, Tunnel];
    assert_eq!(lost(builder().methods(Scope::Nothing)), all);
    assert_eq!(lost(builder().unknown(0)), all);
}

#[test]
fn the_callers_word_for_a_request_counts() {
    let policy = RetryPolicy::default();
    let said = |semantics, permission| policy.loses(RequestProfile::new(semantics, permission), 0);
    assert!(!said(Semantics::NonIdempotent, Permission::MayRepeat));
    assert!(!said(Semantics::Conditional, Permission::MayRepeat));
    assert!(said(Semantics::Safe, Permission::NeverReplay));
    assert!(said(Semantics::NonIdempotent, Permission::ReplayAsGet));
}

#[test]
fn a_body_over_the_replay_limit_cannot_be_sent_again() {
    let policy = RetryPolicy::builder().replay_limit(10).build().unwrap();
    assert!(!policy.loses(profile(Semantics::Idempotent), 10));
    assert!(policy.loses(profile(Semantics::Idempotent), 11));
    assert!(policy.loses(profile(Semantics::Idempotent), u64::MAX));
}

#[test]
fn a_requests_own_wish_stands_above_that_of_the_policy_also_where_it_is_for_any() {
    let policy = RetryPolicy::builder();
    let policy = policy.unrepeatable_connection(ConnectionWish::Fresh);
    let policy = policy.build().unwrap();
    let wished = |options: Option<RequestOptions>, semantics| {
        let mut request = Request::new(());
        if let Some(options) = options {
            request.extensions_mut().insert(options);
        }
        policy.connection(request.extensions(), profile(semantics), 0)
    };
    let post = Semantics::NonIdempotent;
    assert_eq!(wished(None, post), ConnectionWish::Fresh);
    assert_eq!(wished(None, Semantics::Safe), ConnectionWish::Any);
    let options = RequestOptions::new();
    assert_eq!(wished(Some(options), post), ConnectionWish::Fresh);
    for own in [ConnectionWish::Any, ConnectionWish::IdleAtMost(SECOND)] {
        let options = Some(RequestOptions::new().connection(own));
        assert_eq!(wished(options, post), own);
        assert_eq!(wished(options, Semantics::Safe), own);
    }
}

#[cfg(feature = "client")]
#[test]
fn what_could_be_sent_again_needs_no_precaution() {
    use crate::request::{ExpectOnReuse, Preflight};

    let asks = |builder: RetryPolicyBuilder, semantics| {
        let policy = builder.build().unwrap();
        policy.precautions(profile(semantics), 0).is_some()
    };
    let asking = || RetryPolicy::builder().preflight(Preflight::options());
    assert!(asks(asking(), Semantics::NonIdempotent));
    assert!(!asks(asking(), Semantics::Keyed));
    assert!(!asks(RetryPolicy::builder(), Semantics::NonIdempotent));

    // Nor does one that could not be sent again at all get an expectation, which a server may refuse.
    let expecting = RetryPolicy::builder().expect_on_reuse(ExpectOnReuse::new());
    let policy = expecting.build().unwrap();
    let expects = |semantics, permission| {
        let profile = RequestProfile::new(semantics, permission);
        policy.precautions(profile, 0).is_some()
    };
    assert!(expects(Semantics::NonIdempotent, Permission::ByMethod));
    assert!(expects(Semantics::Conditional, Permission::ByMethod));
    assert!(!expects(Semantics::Safe, Permission::ByMethod));
    assert!(!expects(Semantics::NonIdempotent, Permission::NeverReplay));
    assert!(!expects(Semantics::Tunnel, Permission::ByMethod));
}
