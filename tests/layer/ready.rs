//! Readiness: driven again before each attempt, and the service that was ready is the one that is called. (The mock panics
//! when it is not, and a clone of it never is.)

use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use tower::buffer::Buffer;
use tower::limit::ConcurrencyLimit;
use tower::{Layer, Service, ServiceExt};
use unstale::evidence::{AttemptError, End, Evidence};
use unstale::verdict::{Grounds, Refusal};
use unstale::{ReplayLayer, RetryPolicy};

use crate::mock::{BoxError, Mock, Reply};
use crate::wire;

fn request() -> Request<Full<Bytes>> {
    Request::post("http://mock/").body(Full::default()).unwrap()
}

fn unsent() -> Reply {
    Reply::end(End::HandedBack)
}

#[tokio::test]
async fn readiness_is_driven_again_before_each_attempt() {
    let mock = Mock::new([unsent(), unsent(), Reply::Ok]).unready([1, 2, 3]);
    let service = mock.replayed(RetryPolicy::default());
    let response = wire::send(&service, request()).await.unwrap();
    assert_eq!(wire::grounds(&response), [Grounds::NotSent; 2]);
}

#[tokio::test]
async fn one_service_takes_one_call_after_another() {
    let mock = Mock::new([unsent(), Reply::Ok, Reply::Ok]);
    let mut service = mock.replayed(RetryPolicy::default());
    for _ in 0..2 {
        let ready = ServiceExt::<Request<Full<Bytes>>>::ready(&mut service)
            .await
            .unwrap();
        ready.call(request()).await.unwrap();
    }
    assert_eq!(mock.calls(), 3);
}

#[tokio::test]
#[should_panic(expected = "called without being ready")]
async fn it_claims_no_readiness_of_its_own() {
    let mut service = Mock::new([Reply::Ok]).replayed(RetryPolicy::default());
    let _answer = service.call(request()).await;
}

#[tokio::test]
async fn a_service_with_one_permit_replays_with_that_one() {
    // The permit of the first attempt must be given back before the second wants one: else this never ends.
    let mock = Mock::new([unsent(), unsent(), Reply::Ok]);
    let limited = ConcurrencyLimit::new(mock.clone(), 1);
    let service = ReplayLayer::default().layer(limited);
    wire::send(&service, request()).await.unwrap();
    assert_eq!(mock.calls(), 3);
}

#[tokio::test]
async fn a_buffer_of_one_place_does_as_well() {
    let mock = Mock::new([unsent(), unsent(), Reply::Ok]).unready([1, 1, 1]);
    let service = ReplayLayer::default().layer(Buffer::new(mock.clone(), 1));
    let response = wire::send(&service, request()).await.unwrap();
    assert_eq!(wire::grounds(&response), [Grounds::NotSent; 2]);
}

#[tokio::test]
async fn two_calls_share_one_permit_one_after_the_other() {
    let mock = Mock::new([unsent(), Reply::Ok, unsent(), Reply::Ok]);
    let service = ReplayLayer::default().layer(ConcurrencyLimit::new(mock.clone(), 1));
    let (one, two) = tokio::join!(
        wire::send(&service, request()),
        wire::send(&service, request())
    );
    assert!(one.is_ok() && two.is_ok());
    assert_eq!(mock.calls(), 4);
}

/// A service that is ready once, and then broken.
#[derive(Clone)]
struct Breaks {
    mock: Mock,
    evidence: Option<Evidence>,
}

impl<T> Service<T> for Breaks
where
    Mock: Service<T, Error = BoxError>,
{
    type Response = <Mock as Service<T>>::Response;
    type Error = BoxError;
    type Future = <Mock as Service<T>>::Future;

    fn poll_ready(
        &mut self,
        cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Result<(), BoxError>> {
        if self.mock.calls() == 0 {
            return self.mock.poll_ready(cx);
        }
        std::task::Poll::Ready(Err(match &self.evidence {
            Some(evidence) => AttemptError::new(evidence.clone(), "broken").into(),
            None => "broken".into(),
        }))
    }

    fn call(&mut self, request: T) -> Self::Future {
        self.mock.call(request)
    }
}

#[tokio::test]
async fn a_service_that_breaks_between_the_attempts_ends_the_call() {
    for evidence in [None, Some(Evidence::new(End::HandedBack))] {
        let mock = Mock::new([unsent()]);
        let service = ReplayLayer::default().layer(Breaks {
            mock: mock.clone(),
            evidence,
        });
        let error = wire::send(&service, request()).await.unwrap_err();
        assert_eq!(error.refusal(), Refusal::NoEvidence);
        assert_eq!(
            wire::chain(&error).last().map(String::as_str),
            Some("broken")
        );
        assert_eq!(mock.calls(), 1);
        assert!(!error.to_string().contains("sent again"), "{error}");

        // And before the first attempt there is no call at all.
        let error = wire::send(&service, request()).await.unwrap_err();
        assert_eq!(error.refusal(), Refusal::NoEvidence);
        assert_eq!(mock.calls(), 1);
    }
}
