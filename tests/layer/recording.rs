//! The path without recording: a request that can never be replayed is passed through, and nothing of it is kept.
//!
//! Seen by the bytes themselves: while the mock, which has read and dropped them, does not answer, does anybody hold them?

use std::pin::pin;
use std::task::{Context, Waker};

use http::Request;
use unstale::RetryPolicy;
use unstale::request::RequestOptions;

use crate::frames::{self, Frames};
use crate::mock::{Mock, Reply};
use crate::wire;

fn post() -> http::request::Builder {
    Request::post("http://mock/")
}

/// Whether the body is held while the answer is awaited.
fn is_recorded(policy: RetryPolicy, request: http::request::Builder) -> bool {
    let (data, held) = frames::watched(&[7; 1_000]);
    let request = request.body(Frames::data([data])).unwrap();
    let mock = Mock::new([Reply::Hang]);
    let service = mock.replayed(policy);
    let mut call = pin!(wire::send(&service, request));
    let mut cx = Context::from_waker(Waker::noop());
    for _ in 0..4 {
        assert!(call.as_mut().poll(&mut cx).is_pending());
    }
    assert_eq!(mock.sent()[0].data.len(), 1_000);
    held.strong_count() > 0
}

#[test]
fn a_request_that_may_be_replayed_is_recorded() {
    assert!(is_recorded(RetryPolicy::default(), post()));
}

#[test]
fn under_never_nothing_is_recorded() {
    assert!(!is_recorded(RetryPolicy::never(), post()));
}

#[test]
fn a_request_that_forbids_it_is_not_recorded() {
    let forbidden = post().extension(RequestOptions::new().never_replay());
    assert!(!is_recorded(RetryPolicy::default(), forbidden));
}

#[test]
fn a_tunnel_is_not_recorded() {
    let upgrade = post().header("upgrade", "websocket");
    assert!(!is_recorded(RetryPolicy::default(), upgrade));
}

#[test]
fn what_is_over_the_limit_is_let_go() {
    let limit = |bytes| RetryPolicy::builder().replay_limit(bytes).build().unwrap();
    assert!(is_recorded(limit(1_000), post()));
    assert!(!is_recorded(limit(999), post()));
}
