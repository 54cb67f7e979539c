//! A later attempt: what it yields, and what the older ones no longer do.

use std::cell::Cell;
use std::error::Error;
use std::marker::PhantomPinned;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use bytes::{Buf, Bytes};
use http_body::{Body, Frame};
use http_body_util::Full;

use super::super::{BodyError, Lost, Progress, ReplayBody, Tape};
use super::script::{DiskOnFire, Script, Step, chunk, data, drain, poll, ready, sum};

/// `Send`, and nothing else that could be asked of a body.
struct Awkward(
    #[expect(dead_code, reason = "makes it not `Sync`")] Cell<u8>,
    PhantomPinned,
);

#[test]
fn the_parts_are_send_and_sync_and_unpin_for_any_body_that_is_send() {
    fn check<T: Send + Sync + Unpin + std::fmt::Debug>() {}
    fn error<T: Error + Send + Sync + 'static>() {}
    check::<ReplayBody<Awkward>>();
    check::<Tape<Awkward>>();
    check::<Progress>();
    error::<BodyError>();
}

#[test]
fn a_replay_starts_from_the_first_byte_and_goes_on_with_the_rest() {
    let original = Script::new([data("a"), data("b"), Step::Pending, data("c")]);
    let tape = Tape::new(original, 100);
    let mut first = tape.attempt().unwrap();
    assert_eq!(
        (chunk(&mut first), chunk(&mut first)),
        ("a".into(), "b".into())
    );

    let mut second = tape.attempt().unwrap();
    assert_eq!(chunk(&mut second), "a");

    assert_eq!(drain(&mut tape.attempt().unwrap()).0, b"abc");
    assert_eq!(drain(&mut tape.attempt().unwrap()).0, b"abc");
}

#[test]
fn trailers_are_replayed() {
    let tape = Tape::new(Script::new([data("a"), Step::Trailers(sum())]), 100);
    let whole = (b"a".to_vec(), Some(sum()));
    assert_eq!(drain(&mut tape.attempt().unwrap()), whole);
    assert_eq!(drain(&mut tape.attempt().unwrap()), whole);
}

#[test]
fn recorded_chunks_are_shared_and_not_copied() {
    let original = Bytes::from(vec![7; 64]);
    let tape = Tape::new(Full::new(original.clone()), 64);
    for _ in 0..2 {
        let chunk = chunk(&mut tape.attempt().unwrap());
        assert_eq!(chunk.as_ptr(), original.as_ptr());
    }
    assert_eq!(tape.collected().unwrap().as_ptr(), original.as_ptr());
}

#[test]
fn a_foreign_buffer_is_taken_whole() {
    let foreign = Bytes::from_static(b"ab").chain(Bytes::from_static(b"cd"));
    let tape = Tape::new(Full::new(foreign), 100);
    assert_eq!(chunk(&mut tape.attempt().unwrap()), "abcd");
    assert_eq!(chunk(&mut tape.attempt().unwrap()), "abcd");
}

#[test]
fn an_older_handle_is_fenced_and_takes_nothing() {
    let original = Script::new([data("a"), data("b"), data("c")]);
    let witness = original.witness();
    let tape = Tape::new(original, 100);
    let mut first = tape.attempt().unwrap();
    chunk(&mut first);
    let mut second = tape.attempt().unwrap();
    let polls = witness.polls();
    for _ in 0..3 {
        assert!(ready(&mut first).unwrap().unwrap_err().is_fenced());
    }
    assert_eq!(witness.polls(), polls);
    assert_eq!(drain(&mut second).0, b"abc");
    assert!(ready(&mut first).unwrap().unwrap_err().is_fenced());
}

#[test]
fn a_handle_that_was_at_its_end_is_fenced_too() {
    let tape = Tape::new(Script::new([data("a")]), 100);
    let mut first = tape.attempt().unwrap();
    drain(&mut first);
    tape.attempt().unwrap();
    assert!(ready(&mut first).unwrap().unwrap_err().is_fenced());
}

#[test]
fn a_handle_whose_predecessor_was_left_pending_polls_the_original_itself() {
    let original = Script::sized([Step::Pending, data("a")]);
    let witness = original.witness();
    let tape = Tape::new(original, 100);
    let mut first = tape.attempt().unwrap();
    assert!(poll(&mut first).is_pending());
    let mut second = tape.attempt().unwrap();
    assert_eq!(chunk(&mut second), "a");
    assert_eq!(witness.polls(), 2);
}

#[test]
fn empty_chunks_pass_and_are_not_kept() {
    let original = Script::new([data(""), data("a"), data(""), data(""), data("b"), data("")]);
    let tape = Tape::new(original, 2);
    let mut first = tape.attempt().unwrap();
    assert_eq!(
        (chunk(&mut first), chunk(&mut first)),
        ("".into(), "a".into())
    );
    assert_eq!(drain(&mut tape.attempt().unwrap()).0, b"ab");
    let mut third = tape.attempt().unwrap();
    assert_eq!(
        (chunk(&mut third), chunk(&mut third)),
        ("a".into(), "b".into())
    );
    assert!(ready(&mut third).is_none());
}

#[test]
fn an_error_of_the_original_is_the_callers_and_loses_the_body() {
    let original = Script::new([data("a"), Step::Fail]);
    let witness = original.witness();
    let tape = Tape::new(original, 100);
    let mut body = tape.attempt().unwrap();
    chunk(&mut body);
    for _ in 0..2 {
        let error = ready(&mut body).unwrap().unwrap_err();
        assert!(error.is_caller() && !error.is_fenced());
        assert!(error.source().unwrap().is::<DiskOnFire>());
        assert_eq!(
            error.to_string(),
            "the request body supplied by the caller failed"
        );
    }
    assert_eq!(tape.attempt().unwrap_err(), Lost::CallerError);
    assert_eq!((tape.lost(), tape.recorded()), (Some(Lost::CallerError), 0));
    assert!(tape.started() && tape.collected().is_none());
    assert!(witness.is_dropped());
}

#[test]
fn a_refused_attempt_leaves_the_latest_handle_in_peace() {
    let tape = Tape::new(Script::new([data("abc"), data("d")]), 2);
    let mut body = tape.attempt().unwrap();
    chunk(&mut body);
    assert!(tape.attempt().is_err());
    assert_eq!(chunk(&mut body), "d");
}

#[test]
fn a_fenced_error_says_that_a_later_attempt_has_the_body() {
    let tape = Tape::new(Full::new(Bytes::from("a")), 100);
    let mut first = tape.attempt().unwrap();
    tape.attempt().unwrap();
    let error = ready(&mut first).unwrap().unwrap_err();
    assert!(!error.is_caller() && error.source().is_none());
    assert!(error.to_string().contains("superseded by a later attempt"));
}

#[test]
fn a_body_passed_through_once_yields_everything_and_maps_its_error() {
    let original = Script::new([data("a"), Step::Trailers(sum())]);
    assert_eq!(
        drain(&mut ReplayBody::once(original)),
        (b"a".to_vec(), Some(sum()))
    );

    let mut failing = ReplayBody::once(Script::new([Step::Fail]));
    assert!(ready(&mut failing).unwrap().unwrap_err().is_caller());
}

#[test]
fn the_rest_can_be_collected_and_fences_every_handle() {
    let tape = Tape::new(
        Script::new([data("a"), data("b"), Step::Pending, data("c")]),
        3,
    );
    let mut body = tape.attempt().unwrap();
    chunk(&mut body);
    assert!(tape.collected().is_none());

    let mut cx = Context::from_waker(Waker::noop());
    assert!(tape.poll_collect(&mut cx).is_pending());
    assert!(ready(&mut body).unwrap().unwrap_err().is_fenced());
    assert_eq!(tape.poll_collect(&mut cx), Poll::Ready(Some("abc".into())));
    assert_eq!(tape.poll_collect(&mut cx), Poll::Ready(Some("abc".into())));
    assert_eq!(tape.collected().unwrap(), "abc");
    assert_eq!(drain(&mut tape.attempt().unwrap()).0, b"abc");
}

#[test]
fn what_is_lost_is_not_collected() {
    let mut cx = Context::from_waker(Waker::noop());
    for (step, lost) in [
        (Step::Fail, Lost::CallerError),
        (data("bcd"), Lost::OverLimit),
    ] {
        let tape = Tape::new(Script::new([data("a"), step]), 3);
        assert_eq!(tape.poll_collect(&mut cx), Poll::Ready(None));
        assert_eq!((tape.lost(), tape.recorded()), (Some(lost), 0));
        assert!(!lost.explain().is_empty());
    }
}

#[test]
fn a_panic_of_the_original_is_its_error_and_it_is_not_polled_again() {
    let mut panicked = false;
    let stream = std::iter::from_fn(move || {
        assert!(
            std::mem::replace(&mut panicked, true),
            "the first poll panics"
        );
        Some(Ok::<_, DiskOnFire>(Frame::data(Bytes::from("a"))))
    });
    let tape = Tape::new(Iter(stream), 1);
    let mut body = tape.attempt().unwrap();
    assert!(poll(&mut body).is_pending());
    for _ in 0..2 {
        assert!(ready(&mut body).unwrap().unwrap_err().is_caller());
    }
    assert_eq!(tape.lost(), Some(Lost::CallerError));
}

struct Iter<I>(I);

impl<I: Unpin> Body for Iter<I>
where
    I: Iterator<Item = Result<Frame<Bytes>, DiskOnFire>>,
{
    type Data = Bytes;
    type Error = DiskOnFire;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<I::Item>> {
        Poll::Ready(self.0.next())
    }
}
