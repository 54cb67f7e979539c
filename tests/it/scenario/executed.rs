//! The peer reads the request, executes it, and dies without an answer: a POST is never sent twice.

use super::play::Played;
use super::row::Row;
use super::unread::{may_have_been_processed, repeated_once};
use crate::peer::Script;

/// Both columns.
#[track_caller]
fn lost_after_execution(played: &Played) {
    if played.call.is_repeatable() {
        repeated_once(played);
        played.executed_times(2);
    } else {
        may_have_been_processed(played);
        played.executed_times(1);
        played.executed_whole();
    }
}

#[test]
fn a_close_after_execution_is_repeated_unless_it_was_a_post() {
    let row = Row::idle(&Script::new().read_all().execute().close());
    row.also_tls12().check(lost_after_execution);
}

#[test]
fn a_half_close_after_execution_is_repeated_unless_it_was_a_post() {
    let row = Row::idle(&Script::new().read_all().execute().fin().discard());
    row.check(lost_after_execution);
}

#[test]
fn a_reset_after_execution_is_repeated_unless_it_was_a_post() {
    let row = Row::idle(&Script::new().read_all().execute().rst());
    row.also_tls12().check(lost_after_execution);
}

#[test]
fn a_half_close_and_then_a_reset_after_execution_is_repeated_unless_it_was_a_post() {
    let row = Row::idle(&Script::new().read_all().execute().fin().rst());
    row.check(lost_after_execution);
}

#[test]
fn a_half_close_that_reads_on_and_closes_at_once_never_executes_a_post_twice() {
    // Inside the delayed-ACK time: a close_notify from our side would draw a RST that looks like a proof. Whether the
    // peer comes to execute depends on which is faster, it or the abort of the abandoned attempt.
    let end = Script::new().wait_first_byte().fin();
    let row = Row::idle(&end.read_all().execute().close());
    row.also_tls12().check(|played| {
        if played.call.is_repeatable() {
            repeated_once(played);
            let executed = played.executed();
            assert!((1..=2).contains(&executed), "{played}: {executed}");
        } else {
            may_have_been_processed(played);
            let executed = played.executed();
            assert!(executed <= 1, "{played}: {executed}");
        }
    });
}
