//! What each attempt carries: the request of the first one, and what the layer adds for the service below.

use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use http::{HeaderMap, Request, Version};
use http_body_util::Full;
use unstale::evidence::{End, Evidence, SecondLook};
use unstale::policy::FreshConnection;
use unstale::verdict::{Grounds, Refusal, Verdict};
use unstale::{Attempts, RetryPolicy};

use crate::frames::Frames;
use crate::mock::{Mock, Reply, Sent};
use crate::{sample, wire};

/// A user's own extension.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Tenant(u32);

fn proof() -> Reply {
    Reply::end(End::Closed(SecondLook::NeverAcknowledged))
}

#[tokio::test]
async fn every_attempt_carries_the_request_of_the_first() {
    let mock = Mock::new([proof(), Reply::end(End::HandedBack), Reply::Ok]);
    let request = Request::post("http://mock/a/path?and=query")
        .version(Version::HTTP_10)
        .header("x-one", "1")
        .header("x-one", "2")
        .header("accept", "*/*")
        .extension(Tenant(7))
        .body(Full::new(Bytes::from_static(b"body")))
        .unwrap();
    let (expected, body) = request.clone().into_parts();
    let service = mock.replayed(RetryPolicy::default());
    wire::send(&service, Request::from_parts(expected.clone(), body))
        .await
        .unwrap();
    let seen = mock.seen();
    assert_eq!(seen.len(), 3);
    for attempt in seen {
        let parts = attempt.parts;
        assert_eq!(parts.method, expected.method);
        assert_eq!(parts.uri, expected.uri);
        assert_eq!(parts.version, expected.version);
        let headers = |map: &HeaderMap| {
            map.iter()
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect::<Vec<_>>()
        };
        assert_eq!(headers(&parts.headers), headers(&expected.headers));
        assert_eq!(parts.extensions.get(), Some(&Tenant(7)));
        // Nothing but the user's own.
        assert_eq!(parts.extensions.len(), 1);
    }
    assert!(mock.sent().iter().all(|sent| sent.data == "body"));
}

#[tokio::test]
async fn a_fresh_connection_is_wanted_for_what_left_and_for_nothing_else() {
    let replies = [Reply::end(End::HandedBack), proof(), Reply::Ok];
    let mock = Mock::new(replies);
    let request = Request::post("http://mock/").body(Full::<Bytes>::default());
    let service = mock.replayed(RetryPolicy::default());
    wire::send(&service, request.unwrap()).await.unwrap();
    let fresh: Vec<_> = mock
        .seen()
        .iter()
        .map(|seen| seen.on_fresh_connection)
        .collect();
    assert_eq!(fresh, [false, false, true]);
}

#[tokio::test]
async fn any_connection_does_where_the_policy_says_so() {
    let mock = Mock::new([Reply::Fail(sample::lost()), Reply::Ok]);
    let policy = RetryPolicy::builder()
        .fresh_connection(FreshConnection::Any)
        .build();
    let request = Request::get("http://mock/").body(Full::<Bytes>::default());
    wire::send(&mock.replayed(policy.unwrap()), request.unwrap())
        .await
        .unwrap();
    assert!(mock.seen().iter().all(|seen| !seen.on_fresh_connection));
}

#[tokio::test]
async fn a_generated_key_is_the_same_in_every_attempt_and_another_in_every_request() {
    let mock = Mock::new([proof(), Reply::Ok, proof(), Reply::Ok]);
    let made = AtomicU64::new(0);
    let policy = RetryPolicy::builder()
        .generate_idempotency_key(move || format!("key-{}", made.fetch_add(1, Ordering::Relaxed)))
        .build()
        .unwrap();
    let service = mock.replayed(policy);
    for _ in 0..2 {
        let request = Request::post("http://mock/").body(Full::<Bytes>::default());
        wire::send(&service, request.unwrap()).await.unwrap();
    }
    let keys: Vec<_> = mock
        .seen()
        .iter()
        .map(|seen| {
            seen.parts.headers["idempotency-key"]
                .to_str()
                .unwrap()
                .to_owned()
        })
        .collect();
    assert_eq!(keys, ["key-0", "key-0", "key-1", "key-1"]);
}

#[tokio::test]
async fn a_generated_key_permits_a_replay_only_where_the_origin_honours_keys() {
    let keyed = || RetryPolicy::builder().generate_idempotency_key(|| "key".to_owned());
    let unvouched = keyed().build().unwrap();
    let vouched = keyed()
        .origins_honouring_keys("http://mock")
        .build()
        .unwrap();
    for (policy, expected) in [
        (unvouched, Err(Refusal::MayHaveBeenProcessed)),
        (vouched, Ok(vec![Grounds::IdempotencyKey])),
    ] {
        let mock = Mock::new([Reply::Fail(sample::lost()), Reply::Ok]);
        let request = Request::post("http://mock/").body(Full::<Bytes>::default());
        let answer = wire::send(&mock.replayed(policy), request.unwrap()).await;
        let outcome = answer.map(|response| wire::grounds(&response));
        assert_eq!(outcome.map_err(|error| error.refusal()), expected);
    }
}

#[tokio::test]
async fn a_response_tells_which_attempts_came_before_it_and_why() {
    let mock = Mock::new([Reply::end(End::HandedBack), proof(), Reply::Ok, Reply::Ok]);
    let service = mock.replayed(RetryPolicy::default());
    let request = || {
        Request::get("http://mock/")
            .body(Full::<Bytes>::default())
            .unwrap()
    };
    let response = wire::send(&service, request()).await.unwrap();
    let told: Vec<_> = Attempts::of(&response)
        .iter()
        .map(|attempt| (attempt.evidence().map(Evidence::end), attempt.decided()))
        .collect();
    let lost = End::Closed(SecondLook::NeverAcknowledged);
    assert_eq!(
        told,
        [
            (Some(End::HandedBack), Verdict::Replay(Grounds::NotSent)),
            (Some(lost), Verdict::Replay(Grounds::NotReceived)),
        ]
    );
    let at_once = wire::send(&service, request()).await.unwrap();
    assert!(Attempts::of(&at_once).is_empty());
}

#[tokio::test]
async fn an_error_tells_of_every_attempt() {
    let mock = Mock::new([Reply::end(End::HandedBack), Reply::Fail(sample::lost())]);
    let request = Request::post("http://mock/").body(Full::<Bytes>::default());
    let service = mock.replayed(RetryPolicy::default());
    let error = wire::send(&service, request.unwrap()).await.unwrap_err();
    let decided: Vec<_> = error
        .attempts()
        .iter()
        .map(unstale::verdict::Attempt::decided)
        .collect();
    let refused = Refusal::MayHaveBeenProcessed;
    assert_eq!(
        decided,
        [Verdict::Replay(Grounds::NotSent), Verdict::Refuse(refused)]
    );
    assert_eq!(error.evidence().map(Evidence::end), Some(End::Reset));
}

#[tokio::test]
async fn data_and_trailers_are_replayed_from_the_first_byte() {
    let mut trailers = HeaderMap::new();
    trailers.insert("x-digest", "42".parse().unwrap());
    let pieces = ["one, ", "two, ", "three"].map(Bytes::from);
    let body = Frames::data(pieces).with_trailers(trailers.clone());
    let mock = Mock::new([
        proof(),
        Reply::FailUnread(Evidence::new(End::HandedBack)),
        Reply::Ok,
    ]);
    let request = Request::post("http://mock/").body(body).unwrap();
    wire::send(&mock.replayed(RetryPolicy::default()), request)
        .await
        .unwrap();
    let whole = Sent {
        data: Bytes::from_static(b"one, two, three"),
        trailers: Some(trailers),
    };
    assert_eq!(mock.sent(), [whole.clone(), whole]);
}

#[tokio::test]
async fn an_error_of_the_callers_own_body_is_never_replayed() {
    let body = Frames::data([Bytes::from_static(b"begin")]).failing();
    let mock = Mock::new([Reply::Ok]);
    let request = Request::put("http://mock/").body(body).unwrap();
    let service = mock.replayed(RetryPolicy::default());
    let error = wire::send(&service, request).await.unwrap_err();
    assert_eq!((error.refusal(), mock.calls()), (Refusal::CallerBody, 1));
    assert!(error.is_body() && !error.is_stale());
}
