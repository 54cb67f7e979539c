//! Bodies of unknown length: half sent when the connection dies, and larger than what is kept for a replay.

use unstale::evidence::Delivery;
use unstale::verdict::Refusal;

use super::call::{Call, With};
use super::play::Played;
use super::row::{Moment, Row};
use super::unread::{lost_unread, may_have_been_processed};
use super::upload::{FRAME, FRAMES, Upload};
use crate::peer::Script;

const CALLS: [Call; 3] = [Call::Put, Call::KeyedPost, Call::Post];

fn idle(end: &Script, upload: Upload) -> Row {
    Row::idle(end).with(With::Upload(upload)).calls(&CALLS)
}

#[test]
fn a_chunked_upload_half_sent_when_the_end_comes_starts_over_unless_it_is_a_post() {
    let half = Script::new().read_head().read_body(5);
    for end in [
        Script::new().fin().discard(),
        Script::new().close(),
        Script::new().rst(),
    ] {
        let row = idle(&half.clone().then(end), Upload::Halves);
        row.check(lost_unread);
    }
}

#[test]
fn a_chunked_upload_that_was_executed_at_its_head_is_not_sent_again_if_it_is_a_post() {
    let half = Script::new().read_head().read_body(5).execute();
    let row = idle(&half.fin().discard(), Upload::Halves);
    row.calls(&[Call::Post]).check(|played| {
        may_have_been_processed(played);
        played.executed_times(1);
    });
}

#[test]
fn a_body_over_the_limit_is_delivered_once() {
    let row = idle(&Script::serve_forever(), Upload::Large);
    row.check(|played| {
        assert_eq!(played.answered().len(), 0, "{played}");
        played.executed_times(1);
        played.executed_whole();
        played.opened(1);
    });
}

#[test]
fn a_body_over_the_limit_is_still_sent_again_if_only_its_head_met_the_gate() {
    let row = idle(&Script::new().fin().discard(), Upload::Large);
    row.moment(Moment::Blocked).check(|played| {
        let failed = played.answered_by_a_new_connection_untouched();
        assert_eq!(
            failed.len(),
            played.attempts_at_the_gate(1),
            "{played}: {failed:?}"
        );
        played.idle_ones_untouched();
    });
}

/// Error `Unknown` after one attempt, because the body is not there any more.
#[track_caller]
fn cannot_start_over(played: &Played) {
    if !played.call.is_repeatable() {
        may_have_been_processed(played);
        return;
    }
    let error = played.failed_at_once(Delivery::Unknown);
    assert_eq!(error.refusal(), Refusal::BodyOverLimit, "{played}");
    assert!(error.is_stale(), "{played}: {error:?}");
    played.opened(1);
}

#[test]
fn a_body_over_the_limit_that_was_half_sent_is_not_sent_again() {
    let half = Script::new().read_head().read_body(FRAME * FRAMES / 2);
    for end in [
        Script::new().close(),
        Script::new().rst(),
        Script::new().fin().discard(),
    ] {
        let row = idle(&half.clone().then(end), Upload::Large);
        row.check(|played| {
            cannot_start_over(played);
            played.executed_times(0);
        });
    }
}

#[test]
fn a_body_over_the_limit_that_was_executed_is_not_sent_again() {
    let end = Script::new().read_all().execute().close();
    let row = idle(&end, Upload::Large);
    row.check(|played| {
        cannot_start_over(played);
        played.executed_times(1);
    });
}
