//! When the end is reported, and that the original is left alone after it.

use std::task::{Context, Waker};

use bytes::Bytes;
use http_body::Body;
use http_body_util::{Empty, Full};

use super::super::{ReplayBody, Tape};
use super::script::{Script, Step, chunk, data, drain, ready, sum};

#[test]
fn progress_is_ended_from_the_start_for_a_body_at_its_end() {
    let tape = Tape::new(Empty::<Bytes>::new(), 10);
    assert!(tape.attempt().unwrap().progress().is_ended());
}

#[test]
fn progress_ends_with_the_last_frame_if_the_original_tells() {
    let tape = Tape::new(Script::sized([data("a"), data("b")]), 10);
    for _ in 0..2 {
        let mut body = tape.attempt().unwrap();
        let progress = body.progress().clone();
        assert!(!progress.is_ended());
        chunk(&mut body);
        assert!(!progress.is_ended());
        chunk(&mut body);
        assert!(progress.is_ended());
    }
}

#[test]
fn progress_ends_with_the_end_if_the_original_does_not_tell() {
    let tape = Tape::new(Script::new([data("a")]), 10);
    let mut body = tape.attempt().unwrap();
    let progress = body.progress();
    chunk(&mut body);
    assert!(!progress.is_ended() && !body.is_end_stream());
    assert!(ready(&mut body).is_none());
    assert!(progress.is_ended());
}

#[test]
fn progress_ends_with_the_trailers() {
    let tape = Tape::new(Script::new([Step::Trailers(sum())]), 10);
    let mut body = tape.attempt().unwrap();
    let progress = body.progress();
    ready(&mut body);
    assert!(progress.is_ended() && body.is_end_stream());
}

#[test]
fn progress_ends_when_the_body_is_dropped() {
    let tape = Tape::new(Full::new(Bytes::from("a")), 10);
    let once = ReplayBody::once(Full::new(Bytes::from("a")));
    for body in [tape.attempt().unwrap(), once] {
        let progress = body.progress();
        assert!(!progress.is_ended());
        drop(body);
        assert!(progress.is_ended());
    }
}

#[test]
fn progress_ends_with_an_error() {
    for limit in [0, 10] {
        let tape = Tape::new(Script::new([Step::Fail]), limit);
        let mut body = tape.attempt().unwrap();
        let progress = body.progress();
        ready(&mut body).unwrap().unwrap_err();
        assert!(progress.is_ended() && !body.is_end_stream());
    }
    let mut once = ReplayBody::once(Script::new([Step::Fail]));
    let progress = once.progress();
    ready(&mut once).unwrap().unwrap_err();
    assert!(progress.is_ended() && !once.is_end_stream());
}

#[test]
fn progress_of_one_handle_says_nothing_of_another() {
    let tape = Tape::new(Full::new(Bytes::from("a")), 10);
    let mut first = tape.attempt().unwrap();
    let second = tape.attempt().unwrap();
    ready(&mut first).unwrap().unwrap_err();
    assert!(first.progress().is_ended());
    assert!(!second.progress().is_ended());
}

#[test]
fn progress_of_a_body_passed_through_once_ends_with_its_last_frame() {
    let mut body = ReplayBody::once(Script::sized([data("a"), data("b")]));
    let progress = body.progress();
    chunk(&mut body);
    assert!(!progress.is_ended());
    chunk(&mut body);
    assert!(progress.is_ended());
}

/// A script panics if it is polled beyond its end.
#[test]
fn the_original_is_dropped_at_its_end_and_never_polled_again() {
    for original in [
        Script::new([data("a")]),
        Script::sized([data("a")]),
        Script::new([data("a"), Step::Trailers(sum())]),
    ] {
        let witness = original.witness();
        let tape = Tape::new(original, 100);
        let mut body = tape.attempt().unwrap();
        drain(&mut body);
        assert!(witness.is_dropped());
        let polls = witness.polls();
        assert!(ready(&mut body).is_none());
        drain(&mut tape.attempt().unwrap());
        assert!(
            tape.poll_collect(&mut Context::from_waker(Waker::noop()))
                .is_ready()
        );
        assert_eq!(witness.polls(), polls);
    }
}

#[test]
fn the_original_of_a_body_passed_through_once_is_dropped_at_its_end() {
    for original in [Script::new([data("a")]), Script::new([Step::Fail])] {
        let witness = original.witness();
        let mut body = ReplayBody::once(original);
        while let Some(Ok(_)) = ready(&mut body) {}
        assert!(witness.is_dropped());
        let _ = ready(&mut body);
    }
}

#[test]
fn debug_shows_the_state_and_asks_nothing_of_the_body() {
    let tape = Tape::new(Script::new([data("a")]), 10);
    let body = tape.attempt().unwrap();
    assert!(format!("{tape:?}").contains("recorded: 0"));
    assert!(format!("{body:?}").contains("HeadFirst"));
    assert!(format!("{:?}", ReplayBody::once(Script::new([]))).contains("once"));
    assert!(format!("{:?}", body.progress()).contains("Progress"));
}
