//! What becomes of a call, for each kind of evidence and each kind of request: replayed on these grounds, or surfaced for
//! this reason. And never more often than the policy allows.

use bytes::Bytes;
use http::{Request, StatusCode};
use http_body_util::Full;
use unstale::RetryPolicy;
use unstale::evidence::{AttemptError, End, Evidence, GateReason, ProtocolRefusal, SecondLook};
use unstale::policy::{Choice, NonIdempotent, Scope, View};
use unstale::request::RequestOptions;
use unstale::verdict::{Grounds, Refusal};

use crate::mock::{Mock, Reply};
use crate::{sample, wire};

type Outcome = Result<Vec<Grounds>, Refusal>;

fn request(method: &str) -> Request<Full<Bytes>> {
    Request::builder()
        .method(method)
        .uri("http://mock/path?query")
        .body(Full::new(Bytes::from_static(b"body")))
        .unwrap()
}

/// Sends a request whose first attempt fails with this evidence, and whose second would be answered.
async fn decide(policy: RetryPolicy, request: Request<Full<Bytes>>, evidence: Evidence) -> Outcome {
    let mock = Mock::new([Reply::Fail(evidence), Reply::Ok]);
    let answer = wire::send(&mock.replayed(policy), request).await;
    let outcome = answer
        .map(|response| wire::grounds(&response))
        .map_err(|error| error.refusal());
    let attempts = outcome.as_ref().map_or(1, |replays| replays.len() + 1);
    assert_eq!(mock.calls(), attempts, "attempts of {outcome:?}");
    assert_eq!(mock.running(), 0);
    outcome
}

#[tokio::test]
async fn what_no_program_received_is_replayed_whatever_its_method() {
    for (end, grounds) in [
        (End::HandedBack, Grounds::NotSent),
        (End::Gate(GateReason::HalfClosed), Grounds::NotSent),
        (End::Gate(GateReason::Condemned), Grounds::NotSent),
        (
            End::Closed(SecondLook::NeverAcknowledged),
            Grounds::NotReceived,
        ),
        (
            End::Protocol(ProtocolRefusal::RefusedStream),
            Grounds::Refused,
        ),
        (End::Protocol(ProtocolRefusal::GoAway), Grounds::Refused),
    ] {
        for method in ["GET", "PUT", "POST", "PATCH", "BREW"] {
            let policy = RetryPolicy::default();
            let outcome = decide(policy, request(method), Evidence::new(end)).await;
            assert_eq!(outcome, Ok(vec![grounds]), "{method} {end:?}");
        }
    }
}

#[tokio::test]
async fn what_may_have_been_processed_is_replayed_if_its_method_is_idempotent() {
    for method in ["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"] {
        let outcome = decide(RetryPolicy::default(), request(method), sample::lost()).await;
        assert_eq!(outcome, Ok(vec![Grounds::Idempotent]), "{method}");
    }
    for method in ["POST", "PATCH", "BREW"] {
        let outcome = decide(RetryPolicy::default(), request(method), sample::lost()).await;
        assert_eq!(outcome, Err(Refusal::MayHaveBeenProcessed), "{method}");
    }
}

#[tokio::test]
async fn headers_and_the_callers_word_change_what_may_be_repeated() {
    let with = |method, name: &'static str| {
        let mut request = request(method);
        request.headers_mut().insert(name, "x".parse().unwrap());
        request
    };
    let saying = |options: RequestOptions| {
        let mut request = request("POST");
        request.extensions_mut().insert(options);
        request
    };
    let options = RequestOptions::new();
    for (request, expected) in [
        (with("PUT", "if-match"), Err(Refusal::Conditional)),
        (with("GET", "if-match"), Ok(vec![Grounds::Idempotent])),
        (
            with("POST", "idempotency-key"),
            Ok(vec![Grounds::IdempotencyKey]),
        ),
        (with("GET", "upgrade"), Err(Refusal::Tunnel)),
        (
            saying(options.may_repeat()),
            Ok(vec![Grounds::CallerPermits]),
        ),
        (saying(options.never_replay()), Err(Refusal::CallerForbids)),
    ] {
        let asked = format!("{request:?}");
        let outcome = decide(RetryPolicy::default(), request, sample::lost()).await;
        assert_eq!(outcome, expected, "{asked}");
    }
}

#[tokio::test]
async fn what_a_repetition_cannot_mend_is_surfaced() {
    for (end, refusal) in [
        (End::InvalidRequest, Refusal::InvalidRequest),
        (End::CallerBody, Refusal::CallerBody),
        (End::CallerTimeout, Refusal::DeadlineExceeded),
        (End::Connect, Refusal::Connect),
        (End::Malformed, Refusal::ResponseBegan),
        (End::Reset, Refusal::ReuseUnknown),
        (End::Closed(SecondLook::Undecided), Refusal::ReuseUnknown),
    ] {
        let outcome = decide(RetryPolicy::default(), request("GET"), Evidence::new(end)).await;
        assert_eq!(outcome, Err(refusal), "{end:?}");
    }
}

#[tokio::test]
async fn a_tunnel_is_never_replayed_not_even_if_it_never_left() {
    let mut tunnel = request("CONNECT");
    *tunnel.uri_mut() = "mock:443".parse().unwrap();
    let unsent = Evidence::new(End::HandedBack);
    let outcome = decide(RetryPolicy::default(), tunnel, unsent).await;
    assert_eq!(outcome, Err(Refusal::Tunnel));
}

#[tokio::test]
async fn a_policy_narrows_and_only_a_danger_widens() {
    let build = |builder: unstale::policy::RetryPolicyBuilder| builder.build().unwrap();
    let unproven = || build(RetryPolicy::builder().non_idempotent(NonIdempotent::WhenNotSent));
    let safe = || build(RetryPolicy::builder().methods(Scope::SafeOnly));
    let closure = || {
        let none = |view: &View<'_>| match view.uri().path() {
            "/path" => Choice::Refuse,
            _ => Choice::Allow,
        };
        build(RetryPolicy::builder().narrow(none))
    };
    let always = || build(RetryPolicy::builder().danger_always());
    let proof = || Evidence::new(End::Closed(SecondLook::NeverAcknowledged));
    let unsent = || Evidence::new(End::HandedBack);
    for (policy, method, evidence, expected) in [
        (RetryPolicy::never(), "GET", unsent(), Err(Refusal::Policy)),
        (
            unproven(),
            "POST",
            proof(),
            Err(Refusal::PolicyWantsNotSent),
        ),
        (unproven(), "GET", proof(), Ok(vec![Grounds::NotReceived])),
        (safe(), "PUT", sample::lost(), Err(Refusal::Policy)),
        (safe(), "POST", unsent(), Ok(vec![Grounds::NotSent])),
        (closure(), "GET", unsent(), Err(Refusal::Policy)),
        (
            RetryPolicy::proxy(),
            "GET",
            sample::lost(),
            Err(Refusal::Policy),
        ),
        (
            always(),
            "POST",
            sample::lost(),
            Ok(vec![Grounds::DangerAlways]),
        ),
    ] {
        let asked = format!("{policy:?} {method}");
        let outcome = decide(policy, request(method), evidence).await;
        assert_eq!(outcome, expected, "{asked}");
    }
}

#[tokio::test]
async fn every_kind_of_failure_has_its_number_of_replays() {
    let unsent = || Evidence::new(End::HandedBack);
    let proof = || Evidence::new(End::Closed(SecondLook::NeverAcknowledged));
    let refused = || Evidence::new(End::Protocol(ProtocolRefusal::GoAway));
    for (evidence, attempts) in [
        (&unsent as &dyn Fn() -> Evidence, 3),
        (&proof, 3),
        (&refused, 3),
        (&sample::lost, 2),
    ] {
        let mock = Mock::new((0..9).map(|_| Reply::Fail(evidence())));
        let service = mock.replayed(wire::unbudgeted());
        let error = wire::send(&service, request("GET")).await.unwrap_err();
        assert_eq!(error.refusal(), Refusal::AttemptsExhausted);
        assert_eq!((mock.calls(), error.attempts().len()), (attempts, attempts));
    }
}

#[tokio::test]
async fn an_error_without_evidence_is_surfaced_as_such() {
    let mock = Mock::new([Reply::Bare]);
    let service = mock.replayed(RetryPolicy::default());
    let error = wire::send(&service, request("GET")).await.unwrap_err();
    assert_eq!(error.refusal(), Refusal::NoEvidence);
    assert!(error.evidence().is_none());
    assert_eq!(mock.calls(), 1);
    assert_eq!(
        wire::chain(&error).last().map(String::as_str),
        Some("the mock fails without evidence")
    );
}

#[tokio::test]
async fn an_error_that_is_evidence_itself_does_as_well_as_a_boxed_one() {
    use tower::{Layer, util::MapErr};
    let mock = Mock::new([Reply::end(End::HandedBack), Reply::Ok]);
    let typed = MapErr::new(mock.clone(), |error: crate::mock::BoxError| {
        *error.downcast::<AttemptError>().unwrap()
    });
    let service = unstale::ReplayLayer::default().layer(typed);
    let response = wire::send(&service, request("POST")).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(wire::grounds(&response), [Grounds::NotSent]);
}
