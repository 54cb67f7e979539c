//! Requests of other kinds than the table's: the rule is the same.

use unstale::evidence::Delivery;
use unstale::verdict::Refusal;

use super::call::{Call, With};
use super::row::{Moment, Row};
use super::unread::{lost_unread, repeated_once};
use crate::peer::Script;

fn known(with: With) -> Row {
    let row = Row::idle(&Script::new().fin().discard());
    row.moment(Moment::Blocked).with(with)
}

fn unread() -> Script {
    Script::new().wait_first_byte().close()
}

#[test]
fn a_request_that_wants_the_connection_closed_is_replayed_like_any() {
    known(With::ConnectionClose).check(|played| {
        let failed = played.answered_by_a_new_connection_untouched();
        assert_eq!(
            failed.len(),
            played.attempts_at_the_gate(1),
            "{played}: {failed:?}"
        );
        played.idle_ones_untouched();
        let executions = played.peer.executions();
        let close = ("connection".to_owned(), "close".to_owned());
        let last = executions.last().unwrap();
        assert!(last.headers.contains(&close), "{played}: {last:?}");
    });
    let row = Row::idle(&unread()).with(With::ConnectionClose);
    row.check(lost_unread);
}

#[test]
fn a_request_that_wants_the_connection_closed_is_answered_by_one_that_closes() {
    let row = Row::idle(&Script::new().read_all().execute().answer().close());
    row.with(With::ConnectionClose).check(|played| {
        assert_eq!(played.answered().len(), 0, "{played}");
        played.executed_times(1);
        played.opened(1);
    });
}

#[test]
fn a_request_of_http_1_0_is_replayed_like_any() {
    known(With::Http10).check(|played| {
        let failed = played.answered_by_a_new_connection_untouched();
        assert_eq!(
            failed.len(),
            played.attempts_at_the_gate(1),
            "{played}: {failed:?}"
        );
        played.idle_ones_untouched();
    });
    let row = Row::idle(&unread()).with(With::Http10);
    row.check(lost_unread);
}

#[test]
fn a_head_request_is_repeated_like_a_get() {
    known(With::Nothing).calls(&[Call::Head]).check(|played| {
        played.answered_by_a_new_connection_untouched();
        played.idle_ones_untouched();
    });
    let row = Row::idle(&unread()).calls(&[Call::Head]);
    row.check(|played| {
        repeated_once(played);
        played.executed_times(1);
    });
}

#[test]
fn a_conditional_put_that_never_left_is_sent_again() {
    let row = known(With::Nothing).calls(&[Call::ConditionalPut]);
    row.check(|played| {
        played.answered_by_a_new_connection_untouched();
        played.idle_ones_untouched();
    });
}

#[test]
fn a_conditional_put_that_may_have_been_processed_is_not_sent_again() {
    for (end, executed) in [
        (unread(), 0),
        (Script::new().read_all().execute().close(), 1),
    ] {
        let row = Row::idle(&end).calls(&[Call::ConditionalPut]);
        row.check(|played| {
            let error = played.failed_at_once(Delivery::Unknown);
            assert_eq!(error.refusal(), Refusal::Conditional, "{played}");
            assert!(error.is_stale(), "{played}");
            played.executed_times(executed);
            played.opened(1);
        });
    }
}
