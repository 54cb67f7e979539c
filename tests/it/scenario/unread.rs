//! The request meets the end of the connection on its way, and no program reads it: only the repeatable are replayed.

use unstale::Error;
use unstale::evidence::{Delivery, Evidence};
use unstale::verdict::{Attempt, Grounds, Refusal, Verdict};

use super::call::Call;
use super::play::{Played, sent};
use super::row::Row;
use crate::peer::Script;

/// What the second column says of a request that may have been processed.
#[track_caller]
pub(super) fn may_have_been_processed(played: &Played) -> &Error {
    let error = played.failed_at_once(Delivery::Unknown);
    assert_eq!(error.refusal(), Refusal::MayHaveBeenProcessed, "{played}");
    assert!(error.is_stale(), "{played}: {error:?}");
    assert!(!error.is_connect() && !error.is_timeout(), "{played}");
    assert!(!error.is_body() && !error.is_request(), "{played}");
    played.opened(played.warm);
    error
}

/// What the first column says of it: one replay, on these grounds, and no byte to another dead connection.
#[track_caller]
pub(super) fn repeated_once(played: &Played) {
    let failed = played.answered();
    let grounds = match played.call {
        Call::KeyedPost => Grounds::IdempotencyKey,
        _ => Grounds::Idempotent,
    };
    let left: Vec<&Attempt> = failed.iter().filter(|attempt| sent(attempt) > 0).collect();
    let [attempt] = *left else {
        panic!("{played}: {failed:?}")
    };
    assert_eq!(attempt.decided(), Verdict::Replay(grounds), "{played}");
    let delivery = attempt.evidence().map(Evidence::delivery);
    assert_eq!(delivery, Some(Delivery::Unknown), "{played}: {attempt:?}");
    played.executed_whole();
    played.opened(played.warm + 1);
}

/// Both columns, where nothing was executed on the dead connection.
#[track_caller]
pub(super) fn lost_unread(played: &Played) {
    if played.call.is_repeatable() {
        repeated_once(played);
        played.executed_times(1);
    } else {
        may_have_been_processed(played);
        played.executed_times(0);
    }
}

#[test]
fn a_close_at_the_first_byte_of_the_request_loses_only_a_post() {
    let row = Row::idle(&Script::new().wait_first_byte().close());
    row.also_tls12().check(lost_unread);
}

#[test]
fn a_reset_at_the_first_byte_of_the_request_loses_only_a_post() {
    let row = Row::idle(&Script::new().wait_first_byte().rst());
    row.check(lost_unread);
}

#[test]
fn a_half_close_at_the_first_byte_of_the_request_loses_only_a_post() {
    let row = Row::idle(&Script::new().wait_first_byte().fin().discard());
    row.also_tls12().check(lost_unread);
}

#[test]
fn a_half_close_that_stops_reading_at_the_first_byte_loses_only_a_post() {
    let row = Row::idle(&Script::new().wait_first_byte().fin().stall());
    row.check(lost_unread);
}

#[test]
fn a_close_after_half_of_the_head_loses_only_a_post() {
    let row = Row::idle(&Script::new().read_some(10).close());
    row.check(lost_unread);
}

#[test]
fn of_three_connections_that_close_at_the_first_byte_one_at_most_is_written_to() {
    let row = Row::idle_many(3, &Script::new().wait_first_byte().close());
    row.check(lost_unread);
}

#[test]
fn of_three_connections_that_half_close_at_the_first_byte_one_at_most_is_read_from() {
    let row = Row::idle_many(3, &Script::new().wait_first_byte().fin().discard());
    row.check(|played| {
        lost_unread(played);
        // Above TLS: those that were spared are closed with a close_notify.
        let read: Vec<_> = (0..3).map(|n| played.peer.bytes_read(n)).collect();
        let warm_up = *read.iter().min().unwrap();
        let touched = read.iter().filter(|read| **read > warm_up).count();
        assert_eq!(touched, 1, "{played}: {read:?}");
    });
}
