//! The connection, or the stream, dies and says nothing of the request.

use unstale::evidence::Delivery;
use unstale::verdict::Refusal;

use super::play::{Played, Row};
use crate::peer_h2::{Code, Script2, Stream};

/// What is idempotent is sent again, once; what is not is told.
#[track_caller]
pub fn idempotent_alone(played: &Played, executed_first: usize) {
    if played.is_idempotent() {
        let failed = played.answered(executed_first + 1).failed;
        assert_eq!(failed, 1, "{}", played.name);
        assert_eq!(played.peer.connections(), 2, "{}", played.name);
        return;
    }
    let error = played.failed();
    let delivery = error.evidence().unwrap().delivery();
    assert_eq!(delivery, Delivery::Unknown, "{}: {error:?}", played.name);
    assert_eq!(
        error.refusal(),
        Refusal::MayHaveBeenProcessed,
        "{}",
        played.name
    );
    played.executed(executed_first);
    assert_eq!(played.peer.connections(), 1, "{}", played.name);
}

#[test]
fn an_end_after_the_request_was_executed_is_unknown() {
    for end in [Script2::close, Script2::rst] {
        let script = Script2::bare().read_all().execute();
        Row::reused(end(script)).check(|played| idempotent_alone(played, 1));
    }
}

#[test]
fn an_end_after_a_goaway_at_the_stream_is_unknown() {
    for end in [Script2::close as fn(Script2) -> Script2, Script2::rst] {
        for last in [Stream::Last, Stream::MAX] {
            let script = Script2::bare()
                .read_all()
                .execute()
                .goaway(last, Code::NoError);
            Row::reused(end(script)).check(|played| idempotent_alone(played, 1));
        }
    }
}

#[test]
fn an_end_after_the_head_was_read_is_unknown() {
    for end in [Script2::close, Script2::rst] {
        let script = Script2::bare().read_head();
        Row::reused(end(script)).check(|played| idempotent_alone(played, 0));
    }
}

#[test]
fn a_stream_that_is_reset_for_another_reason_is_unknown() {
    for code in [
        Code::NoError,
        Code::InternalError,
        Code::Cancel,
        Code::EnhanceYourCalm,
        Code::Http11Required,
    ] {
        let script = Script2::bare()
            .read_all()
            .execute()
            .reset(Stream::Last, code)
            .read_forever();
        Row::reused(script).check(|played| idempotent_alone(played, 1));
    }
}

#[test]
fn on_a_fresh_connection_nothing_is_sent_again() {
    for end in [Script2::close, Script2::rst] {
        let script = Script2::new().read_all().execute();
        Row::fresh(end(script)).check(|played| {
            let error = played.failed();
            assert_eq!(
                error.refusal(),
                Refusal::FreshConnection,
                "{}: {error:?}",
                played.name
            );
            played.executed(1);
            assert_eq!(played.peer.connections(), 1, "{}", played.name);
        });
    }
}

#[test]
fn an_end_while_idle_is_never_noticed() {
    let ends = [
        Script2::bare().close(),
        Script2::bare().rst(),
        Script2::bare().fin().discard(),
        Script2::bare()
            .goaway(Stream::Last, Code::NoError)
            .fin()
            .discard(),
    ];
    for end in ends {
        Row::idle_closed(end).check(|played| {
            played.answered(1);
            assert_eq!(played.peer.connections(), 2, "{}", played.name);
        });
    }
}
