//! Statuses by which a server says that it did not process the request: with evidence they are replayed, without it, or
//! when they come too often, they are the response.

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use unstale::evidence::{End, Evidence, StatusRefusal};
use unstale::policy::RetryPolicyBuilder;
use unstale::verdict::Grounds;
use unstale::{Attempts, RetryPolicy};

use crate::mock::{Mock, Reply};
use crate::peer::{Peer, Script, Tls};
use crate::wire;

const MISDIRECTED: (StatusCode, End) = (
    StatusCode::MISDIRECTED_REQUEST,
    End::Status(StatusRefusal::MisdirectedRequest),
);
const TOO_EARLY: (StatusCode, End) = (StatusCode::TOO_EARLY, End::Status(StatusRefusal::TooEarly));

async fn post(mock: &Mock, policy: RetryPolicyBuilder) -> Response<()> {
    let request = Request::post("http://mock/").body(Full::new(Bytes::from_static(b"body")));
    let service = mock.replayed(policy.build().unwrap());
    wire::send(&service, request.unwrap()).await.unwrap()
}

#[tokio::test]
async fn with_evidence_it_is_replayed_over_a_fresh_connection() {
    for (status, end) in [MISDIRECTED, TOO_EARLY] {
        let mock = Mock::new([Reply::Status(status, Some(end)), Reply::Ok]);
        let response = post(&mock, RetryPolicy::builder()).await;
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(wire::grounds(&response), [Grounds::Refused]);
        let fresh: Vec<_> = mock
            .seen()
            .iter()
            .map(|seen| seen.on_fresh_connection)
            .collect();
        assert_eq!(fresh, [false, true]);
    }
}

#[tokio::test]
async fn without_evidence_it_is_the_response() {
    for (status, _) in [MISDIRECTED, TOO_EARLY] {
        let mock = Mock::new([Reply::Status(status, None)]);
        let response = post(&mock, RetryPolicy::builder()).await;
        assert_eq!((response.status(), mock.calls()), (status, 1));
    }
}

#[tokio::test]
async fn when_the_policy_forbids_it_is_the_response() {
    for ((status, end), policy) in [
        (MISDIRECTED, RetryPolicy::builder().misdirected(false)),
        (TOO_EARLY, RetryPolicy::builder().too_early(false)),
        (MISDIRECTED, RetryPolicy::never().to_builder()),
    ] {
        let mock = Mock::new([Reply::Status(status, Some(end))]);
        let response = post(&mock, policy).await;
        assert_eq!((response.status(), mock.calls()), (status, 1));
    }
}

#[tokio::test]
async fn when_it_comes_again_and_again_it_is_the_response() {
    let (status, end) = MISDIRECTED;
    let mock = Mock::new((0..9).map(|_| Reply::Status(status, Some(end))));
    let response = post(&mock, RetryPolicy::builder()).await;
    assert_eq!((response.status(), mock.calls()), (status, 3));
    assert_eq!(wire::grounds(&response), [Grounds::Refused; 2]);
}

#[tokio::test]
async fn no_evidence_is_left_in_the_response() {
    let (status, end) = TOO_EARLY;
    let mock = Mock::new([Reply::Status(status, Some(end))]);
    let response = post(&mock, RetryPolicy::builder().too_early(false)).await;
    assert!(response.extensions().get::<Evidence>().is_none());
    assert!(Attempts::of(&response).is_empty());
}

#[tokio::test]
async fn a_real_421_and_a_real_425_are_replayed_over_a_fresh_connection() {
    for status in ["421 Misdirected Request", "425 Too Early"] {
        let declines = format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n");
        let peer = Peer::start(Tls::Off, move |n| match n {
            0 => Script::new()
                .serve()
                .read_all()
                .send(declines.clone())
                .stall(),
            _ => Script::serve_forever(),
        });
        let client = wire::tapped(RetryPolicy::default());
        wire::warm(&client, &peer).await;
        let request = wire::request(&peer, "POST", "/", "body");
        let response = wire::send(&client, request).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        // The connection that declined is still in the pool: condemned, it refuses the replay unsent.
        let grounds = wire::grounds(&response);
        assert_eq!(grounds[0], Grounds::Refused);
        assert!(
            grounds[1..]
                .iter()
                .all(|grounds| *grounds == Grounds::NotSent),
            "{grounds:?}"
        );
        let executed = peer.executions();
        let last = executed.last().unwrap();
        assert_eq!((last.connection, last.body.as_slice()), (1, &b"body"[..]));
        assert_eq!(peer.executed("POST", "/"), 1);
    }
}
