//! What a handle says of itself before and between its frames, and the head that goes first.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Wake, Waker};

use bytes::Bytes;
use http_body::{Body, SizeHint};
use http_body_util::{Empty, Full};

use super::super::{ReplayBody, Tape};
use super::script::{Script, Step, chunk, data, drain, poll, ready, sum};

#[test]
fn every_attempt_starts_with_the_size_hint_of_the_original() {
    let sized = Tape::new(Script::sized([data("ab"), data("c")]), 100);
    let unsized_ = Tape::new(Script::new([data("ab"), data("c")]), 100);
    for takes in [0, 1, 2, 2] {
        let (mut with, mut without) = (sized.attempt().unwrap(), unsized_.attempt().unwrap());
        assert_eq!(with.size_hint().exact(), Some(3));
        assert_eq!(
            (without.size_hint().lower(), without.size_hint().upper()),
            (0, None)
        );
        for _ in 0..takes {
            chunk(&mut with);
            chunk(&mut without);
        }
    }
}

#[test]
fn the_size_hint_counts_what_is_recorded_and_what_is_still_to_come() {
    let tape = Tape::new(Script::sized([data("ab"), data("c"), data("def")]), 100);
    let mut first = tape.attempt().unwrap();
    chunk(&mut first);
    assert_eq!(first.size_hint().exact(), Some(4));
    chunk(&mut first);

    let mut second = tape.attempt().unwrap();
    for left in [6, 4, 3, 0] {
        assert_eq!(second.size_hint().exact(), Some(left));
        assert_eq!(second.is_end_stream(), left == 0);
        if left > 0 {
            chunk(&mut second);
        }
    }
}

#[test]
fn the_size_hint_stays_true_when_the_record_is_dropped() {
    let tape = Tape::new(Script::sized([data("ab"), data("cd"), data("e")]), 3);
    let mut body = tape.attempt().unwrap();
    chunk(&mut body);
    chunk(&mut body);
    assert_eq!(body.size_hint().exact(), Some(1));
    chunk(&mut body);
    assert!(body.is_end_stream());
}

#[test]
fn a_replay_is_not_at_its_end_before_the_recorded_trailers() {
    let tape = Tape::new(Script::new([data("a"), Step::Trailers(sum())]), 100);
    drain(&mut tape.attempt().unwrap());
    let mut body = tape.attempt().unwrap();
    chunk(&mut body);
    assert!(!body.is_end_stream());
    ready(&mut body);
    assert!(body.is_end_stream());
}

#[test]
fn a_body_found_empty_by_the_first_attempt_is_framed_the_same_by_the_second() {
    let tape = Tape::new(Script::new([]), 100);
    for _ in 0..2 {
        let mut body = tape.attempt().unwrap();
        assert!(!body.is_end_stream());
        assert_eq!(body.size_hint().upper(), None);
        assert!(ready(&mut body).is_none());
        assert!(body.is_end_stream());
    }
}

#[test]
fn a_fenced_handle_knows_nothing_of_its_size_or_end() {
    let tape = Tape::new(Script::sized([data("a")]), 100);
    let mut first = tape.attempt().unwrap();
    drain(&mut first);
    let _second = tape.attempt().unwrap();
    assert_eq!(
        (first.size_hint().lower(), first.size_hint().upper()),
        (0, None)
    );
    assert!(!first.is_end_stream());
}

#[test]
fn a_body_passed_through_once_keeps_its_own_size_hint() {
    let mut body = ReplayBody::once(Script::sized([data("ab"), data("c")]));
    assert_eq!(body.size_hint().exact(), Some(3));
    chunk(&mut body);
    assert_eq!(
        (body.size_hint().exact(), body.is_end_stream()),
        (Some(1), false)
    );
    chunk(&mut body);
    assert!(body.is_end_stream());
}

#[test]
fn a_body_that_is_at_its_end_is_dropped_at_once_and_whole() {
    let original = Script::sized([]);
    let witness = original.witness();
    let tape = Tape::new(original, 100);
    assert!(witness.is_dropped());
    assert_eq!(
        (tape.started(), tape.lost(), tape.recorded()),
        (false, None, 0)
    );
    assert_eq!(tape.collected().unwrap(), "");
    let mut body = tape.attempt().unwrap();
    assert!(body.is_end_stream());
    assert_eq!(body.size_hint().exact(), Some(0));
    assert!(ready(&mut body).is_none());

    let once = ReplayBody::once(Empty::<Bytes>::new());
    assert!(once.is_end_stream() && once.progress().is_ended());
}

#[derive(Default)]
struct Wakes(AtomicUsize);

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn a_body_that_may_not_fit_is_pending_exactly_once_and_wakes_itself() {
    let original = Script::new([data("a"), data("b")]);
    let witness = original.witness();
    let tape = Tape::new(original, 100);
    for attempt in 1..=2 {
        let counter = Arc::new(Wakes::default());
        let waker = Waker::from(Arc::clone(&counter));
        let polls = witness.polls();
        let mut body = tape.attempt().unwrap();
        let hint = body.size_hint();
        assert!(
            Pin::new(&mut body)
                .poll_frame(&mut Context::from_waker(&waker))
                .is_pending()
        );
        assert_eq!(
            (counter.0.load(Ordering::Relaxed), witness.polls()),
            (1, polls)
        );
        assert_eq!(body.size_hint().upper(), hint.upper());
        for _ in 0..attempt {
            assert!(poll(&mut body).is_ready());
        }
    }
}

#[test]
fn a_body_too_large_is_pending_first_and_one_that_fits_is_not() {
    for (limit, pending) in [(2, true), (3, false)] {
        let tape = Tape::new(Full::new(Bytes::from("abc")), limit);
        assert_eq!(poll(&mut tape.attempt().unwrap()).is_pending(), pending);
        assert_eq!(poll(&mut tape.attempt().unwrap()).is_pending(), pending);
    }
    assert!(poll(&mut ReplayBody::once(Script::new([data("a")]))).is_ready());
}

#[test]
fn a_fenced_handle_is_not_pending_first() {
    let tape = Tape::new(Script::new([data("a")]), 100);
    let mut first = tape.attempt().unwrap();
    let _second = tape.attempt().unwrap();
    assert!(poll(&mut first).is_ready());
}

#[test]
fn an_upper_bound_beyond_all_numbers_does_not_overflow() {
    struct Vast(Option<Bytes>);

    impl Body for Vast {
        type Data = Bytes;
        type Error = std::convert::Infallible;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> std::task::Poll<Option<Result<http_body::Frame<Bytes>, Self::Error>>> {
            std::task::Poll::Ready(self.0.take().map(|data| Ok(http_body::Frame::data(data))))
        }

        fn size_hint(&self) -> SizeHint {
            SizeHint::with_exact(u64::MAX)
        }
    }

    let tape = Tape::new(Vast(Some(Bytes::from("ab"))), 100);
    chunk(&mut tape.attempt().unwrap());
    let mut body = tape.attempt().unwrap();
    assert_eq!(body.size_hint().exact(), Some(u64::MAX));
    chunk(&mut body);
    assert_eq!(body.size_hint().lower(), u64::MAX);
}
