//! When an attempt is given up because nothing at all is heard of its peer.
//!
//! Apart from [`decide`](super::decide) because it is asked before the attempt fails, and for that to happen: it must say
//! beforehand whether the request would be sent again. It knows of no evidence, and withdraws nothing.

use crate::evidence::Patience;
use crate::request::{Permission, RequestProfile, Semantics};
use crate::verdict::Attempt;

use super::count::Count;
use super::decide::wants_get;
use super::settings::Settings;
use super::{RetryPolicy, WhenSilent};

impl RetryPolicy {
    /// When the next attempt of this request is given up, seeing those before it; `None`: it is waited on, whatever happens.
    #[inline]
    pub(crate) fn patience(
        &self,
        profile: RequestProfile,
        attempts: &[Attempt],
    ) -> Option<Patience> {
        let settings = &*self.settings;
        let idle = settings.watch_after_idle?;
        let fails = settings.when_silent == WhenSilent::Fail;
        let is_given_up = profile.semantics() != Semantics::Tunnel
            && (fails || is_sent_again(settings, profile, attempts));
        is_given_up.then_some(Patience {
            idle,
            whatever_is_lost: fails,
        })
    }
}

/// Whether a request that may have been processed, on a reused connection, would be sent again.
#[inline]
fn is_sent_again(settings: &Settings, profile: RequestProfile, attempts: &[Attempt]) -> bool {
    let may_be = profile.permission() != Permission::NeverReplay
        && (profile.is_harmless()
            || settings.danger_always
            || wants_get(settings, profile, attempts));
    may_be
        && settings.methods.covers(profile.semantics())
        && Count::Unknown.so_far(attempts) < settings.times.unknown
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use http::Method;

    use super::*;
    use crate::evidence::samples;
    use crate::evidence::{End, Reuse};
    use crate::policy::case::Case;
    use crate::policy::{Decision, NonIdempotent, RetryPolicyBuilder, Scope};
    use crate::verdict::Grounds;

    const METHODS: [Method; 4] = [Method::GET, Method::PUT, Method::POST, Method::CONNECT];

    const PERMISSIONS: [Permission; 4] = [
        Permission::ByMethod,
        Permission::MayRepeat,
        Permission::NeverReplay,
        Permission::ReplayAsGet,
    ];

    const SCOPES: [Scope; 4] = [
        Scope::All,
        Scope::Idempotent,
        Scope::SafeOnly,
        Scope::Nothing,
    ];

    fn builder() -> RetryPolicyBuilder {
        RetryPolicy::builder().no_budget()
    }

    fn builders() -> Vec<RetryPolicyBuilder> {
        let mut all: Vec<_> = SCOPES.map(|scope| builder().methods(scope)).into();
        all.extend([0, 2].map(|times| builder().unknown(times)));
        all.push(builder().danger_always());
        all.extend(
            [NonIdempotent::Never, NonIdempotent::AsGet]
                .map(|choice| builder().non_idempotent(choice)),
        );
        all
    }

    /// A request whose connection has fallen silent.
    fn silent(method: &Method, permission: Permission) -> Case {
        let evidence = samples::ended(End::Silent, Reuse::Reused);
        Case::of(method, evidence).permitting(permission)
    }

    fn cases() -> Vec<Case> {
        let each = |permission| METHODS.map(|method| silent(&method, permission));
        let once: Vec<_> = PERMISSIONS.into_iter().flat_map(each).collect();
        let again = |grounds| once.iter().map(move |case| case.clone().again(1, grounds));
        let again: Vec<_> = [Grounds::Idempotent, Grounds::AsGet]
            .into_iter()
            .flat_map(again)
            .collect();
        [once, again].concat()
    }

    fn patience(policy: &RetryPolicy, case: &Case) -> Option<Patience> {
        policy.patience(case.profile, &case.attempts)
    }

    #[test]
    fn an_attempt_is_given_up_if_and_only_if_the_request_is_then_sent_again() {
        let mut given_up = 0;
        for builder in builders() {
            let policy = builder.build().unwrap();
            for case in cases() {
                let is_given_up = patience(&policy, &case).is_some();
                let is_sent_again = matches!(case.decide(&policy), Decision::Replay(_));
                assert_eq!(is_given_up, is_sent_again, "{case:?} {policy:?}");
                given_up += usize::from(is_given_up);
            }
        }
        assert!(given_up > 0);
    }

    #[test]
    fn a_request_that_is_not_sent_again_is_given_up_where_it_is_asked_for_and_a_tunnel_never() {
        let policy = builder().when_silent(WhenSilent::Fail).build().unwrap();
        let post = silent(&Method::POST, Permission::ByMethod);
        let found = patience(&policy, &post).unwrap();
        assert!(found.whatever_is_lost);
        assert_eq!(found.idle, Duration::from_secs(1));
        let tunnel = silent(&Method::CONNECT, Permission::ByMethod);
        assert_eq!(patience(&policy, &tunnel), None);
    }

    #[test]
    fn none_is_given_up_where_nobody_watches() {
        let policy = builder().watch_after_idle(None).build().unwrap();
        let get = silent(&Method::GET, Permission::ByMethod);
        assert_eq!(patience(&policy, &get), None);
    }
}
