//! What each preset promises, and what the loop reads off a policy.

use http::{Request, Uri};

use super::*;
use crate::evidence::samples::{self, REUSES};
use crate::evidence::{Delivery, End, ProtocolRefusal, SecondLook, StatusRefusal};
use crate::policy::case::{Case, reason};
use crate::policy::{Budget, NonIdempotent};
use crate::request::NotConvertible;
use crate::verdict::Grounds;

const METHODS: [Method; 6] = [
    Method::GET,
    Method::HEAD,
    Method::PUT,
    Method::DELETE,
    Method::POST,
    Method::PATCH,
];

const NONE: [Method; 0] = [];

/// The methods that a policy repeats after this end, on a kept-alive connection.
fn repeated(policy: &RetryPolicy, end: End) -> Vec<Method> {
    let is_repeated = |method: &Method| {
        let evidence = samples::ended(end, crate::evidence::Reuse::Reused);
        reason(Case::of(method, evidence).decide(policy)).is_ok()
    };
    METHODS.into_iter().filter(is_repeated).collect()
}

const PROOF: End = End::Closed(SecondLook::NeverAcknowledged);

#[test]
fn default_repeats_on_proof_and_the_idempotent_without() {
    let policy = RetryPolicy::default();
    for proven in [
        End::HandedBack,
        PROOF,
        End::Protocol(ProtocolRefusal::GoAway),
        End::Status(StatusRefusal::RequestTimeout),
        End::Status(StatusRefusal::MisdirectedRequest),
        End::Status(StatusRefusal::TooEarly),
    ] {
        assert_eq!(repeated(&policy, proven), METHODS, "{proven:?}");
    }
    assert_eq!(repeated(&policy, End::Reset), METHODS[..4]);
    assert_eq!(repeated(&policy, End::Connect), NONE);
    assert_eq!(repeated(&policy, End::Malformed), NONE);
}

#[test]
fn never_repeats_nothing() {
    let policy = RetryPolicy::never();
    for end in samples::ENDS {
        assert_eq!(repeated(&policy, end), NONE, "{end:?}");
    }
}

#[test]
fn safe_only_repeats_what_never_left_and_else_safe_methods() {
    let policy = RetryPolicy::safe_only();
    assert_eq!(repeated(&policy, End::HandedBack), METHODS);
    for left in [PROOF, End::Protocol(ProtocolRefusal::GoAway), End::Reset] {
        assert_eq!(repeated(&policy, left), METHODS[..2], "{left:?}");
    }
}

#[test]
fn idempotent_only_repeats_what_never_left_and_else_idempotent_methods() {
    let policy = RetryPolicy::idempotent_only();
    assert_eq!(repeated(&policy, End::HandedBack), METHODS);
    for left in [PROOF, End::Protocol(ProtocolRefusal::GoAway), End::Reset] {
        assert_eq!(repeated(&policy, left), METHODS[..4], "{left:?}");
    }
}

#[test]
fn proxy_repeats_what_never_left_and_what_http2_refused_and_nothing_else() {
    let policy = RetryPolicy::proxy();
    for end in samples::ENDS {
        let is_allowed = matches!(end, End::HandedBack | End::Gate(_) | End::Protocol(_));
        let expected = if is_allowed { &METHODS[..] } else { &[] };
        assert_eq!(repeated(&policy, end), expected, "{end:?}");
    }
}

#[test]
fn proxy_heeds_no_word_that_a_request_brings_along() {
    let policy = RetryPolicy::proxy();
    for permission in [Permission::MayRepeat, Permission::ReplayAsGet] {
        let lost = Case::post(Delivery::Unknown).permitting(permission);
        assert_eq!(reason(lost.decide(&policy)), Err(Refusal::Policy));
    }
}

#[test]
fn a_request_that_can_never_be_replayed_need_not_be_recorded() {
    let post = RequestProfile::new(Semantics::NonIdempotent, Permission::ByMethod);
    let once = RequestProfile::new(Semantics::Safe, Permission::NeverReplay);
    let tunnel = RequestProfile::new(Semantics::Tunnel, Permission::MayRepeat);
    let policy = RetryPolicy::default();
    let may = [post, once, tunnel].map(|profile| policy.may_ever_replay(profile));
    assert_eq!(may, [true, false, false]);
    assert!(!RetryPolicy::never().may_ever_replay(post));
    assert!(RetryPolicy::safe_only().may_ever_replay(post));
}

#[test]
fn what_need_not_be_recorded_is_never_replayed() {
    for policy in [RetryPolicy::never(), RetryPolicy::default()] {
        for delivery in samples::DELIVERIES {
            for reuse in REUSES {
                let evidence = samples::delivered(delivery, reuse);
                let once =
                    Case::of(&Method::GET, evidence.clone()).permitting(Permission::NeverReplay);
                assert!(!policy.may_ever_replay(once.profile));
                assert!(reason(once.decide(&policy)).is_err());
                let tunnel = Case::of(&Method::CONNECT, evidence);
                assert!(!policy.may_ever_replay(tunnel.profile));
                assert!(reason(tunnel.decide(&policy)).is_err());
            }
        }
    }
}

#[test]
fn a_request_brings_its_own_deadline_or_has_that_of_the_policy() {
    let second = Duration::from_secs(1);
    let policy = RetryPolicy::builder().deadline(second).build().unwrap();
    let mut extensions = Extensions::new();
    assert_eq!(policy.deadline(&extensions), Some(second));
    assert_eq!(RetryPolicy::default().deadline(&extensions), None);
    extensions.insert(RequestOptions::new());
    assert_eq!(policy.deadline(&extensions), Some(second));
    extensions.insert(RequestOptions::new().deadline(3 * second));
    assert_eq!(policy.deadline(&extensions), Some(3 * second));
}

#[test]
fn the_replay_limit_is_64_kib_unless_set() {
    assert_eq!(RetryPolicy::default().replay_limit(), 65_536);
    let policy = RetryPolicy::builder().replay_limit(7).build().unwrap();
    assert_eq!(policy.replay_limit(), 7);
}

fn one_token() -> RetryPolicyBuilder {
    RetryPolicy::builder().budget(Budget::new(0.0, 1).unwrap())
}

fn form() -> Parts {
    let request = Request::post("http://a/p")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(());
    request.unwrap().into_parts().0
}

#[test]
fn a_conversion_is_charged_and_one_that_fails_is_not() {
    let policy = one_token()
        .non_idempotent(NonIdempotent::AsGet)
        .build()
        .unwrap();
    let now = Now::now();
    let convert = |body| policy.convert_to_get(&form(), body, now).map(|get| get.uri);
    assert_eq!(convert(b"two words"), Err(Refusal::NotAForm));
    assert_eq!(convert(&[b'x'; 8_000]), Err(Refusal::UriTooLong));
    assert_eq!(convert(b"x=1"), Ok(Uri::from_static("http://a/p?x=1")));
    assert_eq!(convert(b"x=1"), Err(Refusal::BudgetExhausted));
}

#[test]
fn a_converter_of_the_callers_makes_a_get_or_nothing() {
    let convert = |converter: fn(&Parts, &[u8]) -> Result<Parts, NotConvertible>| {
        let policy = RetryPolicy::builder().convert_with(converter).build();
        policy
            .unwrap()
            .convert_to_get(&form(), b"x=1", Now::now())
            .map(|get| get.method)
    };
    let refusing = |_: &Parts, _: &[u8]| Err(NotConvertible::ByConverter);
    assert_eq!(convert(refusing), Err(Refusal::NotConvertible));
    let unchanged = |parts: &Parts, _: &[u8]| Ok(parts.clone());
    assert_eq!(convert(unchanged), Err(Refusal::NotConvertible));
    let get = |parts: &Parts, _: &[u8]| {
        let mut get = parts.clone();
        get.method = Method::GET;
        Ok(get)
    };
    assert_eq!(convert(get), Ok(Method::GET));
}

#[test]
fn every_request_deposits_and_clones_share_the_budget() {
    let budget = Budget::new(1.0, 0).unwrap();
    let policy = RetryPolicy::builder().budget(budget).build().unwrap();
    policy.clone().begin();
    let lost = Case::get(Delivery::Unknown);
    assert_eq!(reason(lost.decide(&policy)), Ok(Grounds::Idempotent));
    assert_eq!(
        reason(lost.decide(&policy.clone())),
        Err(Refusal::BudgetExhausted)
    );
}

#[test]
fn a_policy_is_shared_between_threads_and_printed() {
    fn shared<T: Send + Sync + Clone + 'static>(_: &T) {}
    let policy = RetryPolicy::default();
    shared(&policy);
    assert!(format!("{policy:?}").contains("replay_limit: 65536"));
}
