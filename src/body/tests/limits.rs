//! The limit: what counts, where it ends, and what is held.

use std::sync::Arc;

use bytes::Bytes;
use http_body_util::Full;

use super::super::{Lost, Tape};
use super::script::{Script, Step, chunk, data, drain, poll, sum};

#[test]
fn a_body_of_exactly_the_limit_is_kept() {
    let tape = Tape::new(Script::new([data("ab"), data("c")]), 3);
    drain(&mut tape.attempt().unwrap());
    assert_eq!((tape.recorded(), tape.lost()), (3, None));
    assert_eq!(drain(&mut tape.attempt().unwrap()).0, b"abc");
}

#[test]
fn one_byte_more_drops_the_record_at_once_and_disturbs_nobody() {
    let tape = Tape::new(Script::new([data("ab"), data("cd"), data("e")]), 3);
    let mut body = tape.attempt().unwrap();
    chunk(&mut body);
    assert_eq!(tape.recorded(), 2);
    assert_eq!(chunk(&mut body), "cd");
    assert_eq!((tape.recorded(), tape.lost()), (0, Some(Lost::OverLimit)));
    assert_eq!(tape.attempt().unwrap_err(), Lost::OverLimit);
    assert_eq!(drain(&mut body).0, b"e");
    assert!(tape.collected().is_none());
}

#[test]
fn a_replay_may_run_over_the_limit_too() {
    let tape = Tape::new(Script::new([data("ab"), data("cd"), data("e")]), 3);
    chunk(&mut tape.attempt().unwrap());
    assert_eq!(drain(&mut tape.attempt().unwrap()).0, b"abcde");
    assert_eq!(tape.lost(), Some(Lost::OverLimit));
}

#[test]
fn trailers_count_by_their_names_and_values() {
    for (limit, lost) in [(6, None), (5, Some(Lost::OverLimit))] {
        let tape = Tape::new(Script::new([data("a"), Step::Trailers(sum())]), limit);
        assert_eq!(drain(&mut tape.attempt().unwrap()).1, Some(sum()));
        assert_eq!(tape.lost(), lost);
    }
}

#[test]
fn a_huge_body_can_be_attempted_again_while_no_frame_was_taken() {
    let tape = Tape::new(Full::new(Bytes::from(vec![0; 1000])), 10);
    for _ in 0..5 {
        let mut body = tape.attempt().unwrap();
        assert!(poll(&mut body).is_pending());
    }
    assert!(!tape.started());
    assert_eq!(drain(&mut tape.attempt().unwrap()).0.len(), 1000);
    assert!(tape.started());
}

#[test]
fn started_tells_whether_a_frame_was_ever_taken() {
    let tape = Tape::new(Script::sized([Step::Pending, data("a")]), 10);
    let mut body = tape.attempt().unwrap();
    assert!(poll(&mut body).is_pending());
    assert!(!tape.started());
    chunk(&mut body);
    assert!(tape.started());
}

#[test]
fn a_limit_of_zero_keeps_empty_bodies_only() {
    let tape = Tape::new(Script::new([data("")]), 0);
    drain(&mut tape.attempt().unwrap());
    assert_eq!(tape.collected().unwrap(), "");

    let tape = Tape::new(Script::new([data("a")]), 0);
    drain(&mut tape.attempt().unwrap());
    assert_eq!(tape.lost(), Some(Lost::OverLimit));
}

#[test]
fn a_dropped_tape_stops_the_recording_and_frees_it() {
    let owner = Arc::new(());
    let counted = Bytes::from_owner(Counted(owner.clone()));
    let tape = Tape::new(
        Script::new([Step::Data(counted), data("b"), data("c")]),
        100,
    );
    chunk(&mut tape.attempt().unwrap());

    let mut body = tape.attempt().unwrap();
    drop(tape);
    assert_eq!(chunk(&mut body), "a");
    assert_eq!(Arc::strong_count(&owner), 2);
    assert_eq!(chunk(&mut body), "b");
    assert_eq!(Arc::strong_count(&owner), 1);
    assert_eq!(drain(&mut body).0, b"c");
}

struct Counted(#[expect(dead_code, reason = "its count is looked at")] Arc<()>);

impl AsRef<[u8]> for Counted {
    fn as_ref(&self) -> &[u8] {
        b"a"
    }
}
