//! One sending, one piece of evidence: what is not about this very sending counts for nothing, also for a GET.

use bytes::Bytes;
use http::{Request, StatusCode};
use http_body_util::Full;
use tower::Layer;
use tower::util::MapErr;
use unstale::evidence::End;
use unstale::verdict::{Grounds, Refusal};
use unstale::{ReplayLayer, RetryPolicy};

use crate::mock::{BoxError, Mock, Reply, Taking};
use crate::wire;

fn request(method: &str) -> Request<Full<Bytes>> {
    let request = Request::builder().method(method).uri("http://mock/");
    request.body(Full::default()).unwrap()
}

#[tokio::test]
async fn evidence_of_another_sending_replays_nothing() {
    for taking in [Taking::Never, Taking::AsMethod, Taking::AsUri] {
        for method in ["GET", "POST"] {
            let mock = Mock::taking(taking, [Reply::end(End::HandedBack)]);
            let service = mock.replayed(RetryPolicy::default());
            let error = wire::send(&service, request(method)).await.unwrap_err();
            assert_eq!(error.refusal(), Refusal::NotThisSending, "{taking:?}");
            assert_eq!(mock.calls(), 1, "{taking:?} {method}");
        }
    }
}

#[tokio::test]
async fn a_status_of_another_sending_is_the_response() {
    let misdirected = StatusCode::MISDIRECTED_REQUEST;
    let end = End::Status(unstale::evidence::StatusRefusal::MisdirectedRequest);
    let mock = Mock::taking(Taking::Never, [Reply::Status(misdirected, Some(end))]);
    let service = mock.replayed(RetryPolicy::default());
    let response = wire::send(&service, request("GET")).await.unwrap();
    assert_eq!((response.status(), mock.calls()), (misdirected, 1));
}

#[tokio::test]
async fn each_attempt_has_a_token_of_its_own() {
    let unsent = || Reply::end(End::HandedBack);
    let mock = Mock::new([unsent(), unsent(), Reply::Ok]);
    let service = mock.replayed(RetryPolicy::default());
    let response = wire::send(&service, request("POST")).await.unwrap();
    assert_eq!(wire::grounds(&response), [Grounds::NotSent; 2]);
    let replays: Vec<_> = mock.seen().iter().map(|seen| seen.is_replay).collect();
    assert_eq!(replays, [Some(false), Some(true), Some(true)]);
}

#[tokio::test]
async fn of_two_replay_layers_only_the_inner_one_replays() {
    let unsent = || Reply::end(End::HandedBack);
    for (replies, calls) in [
        (vec![unsent(), Reply::Ok], 2),
        (vec![unsent(), unsent(), unsent()], 3),
    ] {
        let mock = Mock::new(replies);
        let inner = mock.replayed(RetryPolicy::default());
        let outer = ReplayLayer::default().layer(MapErr::new(inner, BoxError::from));
        let answer = wire::send(&outer, request("GET")).await;
        assert_eq!(mock.calls(), calls);
        if let Err(error) = answer {
            assert_eq!(error.refusal(), Refusal::NotThisSending);
            assert_eq!(error.attempts().len(), 1);
            let inner = std::error::Error::source(&error).unwrap();
            let inner = inner.downcast_ref::<unstale::Error>().unwrap();
            assert_eq!(inner.refusal(), Refusal::AttemptsExhausted);
        }
    }
}

#[tokio::test]
async fn an_outer_layer_replays_nothing_past_an_inner_one_that_never_does() {
    let mock = Mock::new([Reply::end(End::HandedBack)]);
    let inner = mock.replayed(RetryPolicy::never());
    let outer = ReplayLayer::default().layer(inner);
    // The body that the token came in is wrapped in another, which has none.
    let error = wire::send(&outer, request("POST")).await.unwrap_err();
    assert_eq!(error.refusal(), Refusal::NotThisSending);
    assert_eq!(mock.calls(), 1);
}
