//! The request meets the end of the connection, or the server takes it and dies: what is sent again, and what is not.

use unstale::evidence::Delivery;
use unstale::verdict::Refusal;

use super::call::Call;
use super::play::Played;
use super::row::Row;
use crate::peer::Script;

/// The end of the stream, with or without execution. Without the kernel the abandoned request cannot be called back, so what
/// is not safe is not sent again.
#[track_caller]
fn lost_by_end_of_stream(played: &Played, executed: usize) {
    if played.call == Call::Post {
        played.may_have_been_processed();
        played.executed_times(executed);
    } else if played.asks() || played.is_safe() {
        played.repeated_once();
        played.executed_times(executed + 1);
        played.opened(played.warm + 1);
    } else {
        played.refused(Refusal::ReuseUnknown);
        played.executed_times(executed);
    }
}

/// A RST: nothing is on its way any more.
#[track_caller]
fn lost_by_reset(played: &Played, executed: usize) {
    if played.call == Call::Post {
        played.may_have_been_processed();
        played.executed_times(executed);
    } else {
        played.repeated_once();
        played.executed_times(executed + 1);
    }
}

#[test]
fn an_end_at_the_first_byte_of_the_request_loses_only_what_must_not_be_repeated() {
    for end in [
        Script::new().wait_first_byte().fin().discard(),
        Script::new().wait_first_byte().fin().stall(),
    ] {
        let row = Row::idle(&end);
        row.check(|played| lost_by_end_of_stream(played, 0));
    }
}

#[test]
fn a_close_with_the_request_unread_never_executes_anything_twice() {
    // A RST or a FIN, as the kernels have it.
    for end in [
        Script::new().wait_first_byte().close(),
        Script::new().wait_first_byte().rst(),
        Script::new().read_some(10).close(),
    ] {
        let row = Row::idle(&end).also_tls12();
        row.check(|played| {
            if played.call == Call::Post {
                played.may_have_been_processed();
                played.executed_times(0);
            } else if played.asks() || played.is_safe() {
                played.repeated_once();
                played.executed_times(1);
            } else {
                assert!(played.executed() <= 1, "{played}");
            }
        });
    }
}

#[test]
fn a_close_after_execution_is_repeated_unless_that_must_not_be() {
    for end in [Script::new().close(), Script::new().fin().discard()] {
        let row = Row::idle(&Script::new().read_all().execute().then(end));
        row.check(|played| lost_by_end_of_stream(played, 1));
    }
}

#[test]
fn a_reset_after_execution_is_repeated_unless_that_must_not_be() {
    let row = Row::idle(&Script::new().read_all().execute().rst());
    row.also_tls12().check(|played| lost_by_reset(played, 1));
}

#[test]
fn a_half_close_that_reads_on_and_closes_at_once_never_executes_a_post_twice() {
    let end = Script::new().wait_first_byte().fin();
    let row = Row::idle(&end.read_all().execute().close());
    row.also_tls12().check(|played| {
        if played.call == Call::Post {
            played.may_have_been_processed();
        }
        assert!(played.executed() <= 2, "{played}");
    });
}

#[test]
fn a_conditional_put_that_may_have_been_processed_is_not_sent_again() {
    let end = Script::new().read_all().execute().rst();
    let row = Row::idle(&end).calls(&[Call::ConditionalPut]);
    row.check(|played| {
        played.failed_at_once(Delivery::Unknown);
        assert_eq!(played.failed().refusal(), Refusal::Conditional, "{played}");
        played.executed_times(1);
    });
}

#[test]
fn a_head_request_is_repeated_like_a_get() {
    let row = Row::idle(&Script::new().wait_first_byte().close());
    row.calls(&[Call::Head]).check(|played| {
        played.repeated_once();
        played.executed_times(1);
    });
}
