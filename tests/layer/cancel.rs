//! Dropping a call: in each of its states the attempt under way goes with it, and nothing is left behind.

use std::pin::{Pin, pin};
use std::sync::{Arc, Weak};
use std::task::{Context, Waker};
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use unstale::RetryPolicy;
use unstale::evidence::{End, Evidence};
use unstale::policy::{NonIdempotent, Pause};

use crate::frames::{self, Frames};
use crate::mock::{Mock, Reply};
use crate::{sample, wire};

/// A request whose body can be seen to be dropped.
fn request(wait: bool) -> (Request<Frames>, Weak<()>) {
    let (data, held) = frames::watched(b"body");
    let body = Frames::data([data]);
    let body = if wait { body.waiting() } else { body };
    (Request::post("http://mock/").body(body).unwrap(), held)
}

/// Polls a call as often as it takes to come to rest; it must not end.
fn poll<F: Future>(mut call: Pin<&mut F>) {
    let mut cx = Context::from_waker(Waker::noop());
    for _ in 0..8 {
        assert!(call.as_mut().poll(&mut cx).is_pending());
    }
}

/// Brings a call to a state, drops it there, and looks for what is left.
fn dropped_after(mock: &Mock, policy: RetryPolicy, wait: bool, calls: usize) {
    let (request, held) = request(wait);
    let service = mock.replayed(policy);
    let before = Arc::strong_count(&mock.stage);
    {
        let mut call = pin!(wire::send(&service, request));
        poll(call.as_mut());
        assert_eq!(mock.calls(), calls);
        assert_eq!(held.strong_count(), 1, "the body is recorded");
        assert!(Arc::strong_count(&mock.stage) > before);
    }
    assert_eq!(mock.running(), 0);
    assert_eq!(held.strong_count(), 0, "of the body nothing is left");
    assert_eq!(Arc::strong_count(&mock.stage), before, "nor of the service");
}

#[test]
fn dropped_during_the_first_attempt() {
    dropped_after(&Mock::new([Reply::Hang]), RetryPolicy::default(), false, 1);
}

#[test]
fn dropped_during_a_later_attempt() {
    let mock = Mock::new([Reply::end(End::HandedBack), Reply::Hang]);
    dropped_after(&mock, RetryPolicy::default(), false, 2);
}

#[tokio::test(start_paused = true)]
async fn dropped_during_a_pause() {
    let pause = Pause::Fixed(Duration::from_secs(1));
    let policy = RetryPolicy::builder().pause(pause).build().unwrap();
    let mock = Mock::new([Reply::end(End::HandedBack)]);
    dropped_after(&mock, policy, false, 1);
}

#[test]
fn dropped_while_the_service_gets_ready() {
    let mock = Mock::new([Reply::end(End::HandedBack)]).unready([0, usize::MAX]);
    dropped_after(&mock, RetryPolicy::default(), false, 1);
}

#[tokio::test]
async fn dropped_while_the_form_is_collected() {
    let choice = NonIdempotent::AsGet;
    let policy = RetryPolicy::builder().non_idempotent(choice).build();
    let mock = Mock::new([Reply::FailUnread(sample::lost())]);
    dropped_after(&mock, policy.unwrap(), true, 1);
}

#[test]
fn dropped_before_it_was_polled() {
    let (request, held) = request(false);
    let mock = Mock::new([Reply::Ok]);
    drop(wire::send(&mock.replayed(RetryPolicy::default()), request));
    assert_eq!((mock.calls(), held.strong_count()), (0, 0));
}

#[tokio::test]
async fn an_attempt_is_dropped_before_the_next_begins() {
    // The mock panics on two at once; a fenced body yields no more.
    let replies = (0..2).map(|_| Reply::FailUnread(Evidence::new(End::HandedBack)));
    let mock = Mock::new(replies.chain([Reply::Ok]));
    let body = Frames::data([Bytes::from_static(b"body")]);
    let request = Request::post("http://mock/").body(body).unwrap();
    wire::send(&mock.replayed(RetryPolicy::default()), request)
        .await
        .unwrap();
    assert_eq!(mock.sent().len(), 1);
    assert_eq!(mock.sent()[0].data, "body");
}
