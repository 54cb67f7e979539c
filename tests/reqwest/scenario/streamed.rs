//! Bodies of unknown length: half sent when the connection dies, and larger than what is kept for a replay.

use unstale::verdict::Refusal;

use super::call::{Call, With};
use super::row::{Moment, Row};
use super::upload::{FRAME, FRAMES, Upload};
use crate::peer::Script;

const CALLS: [Call; 3] = [Call::Put, Call::KeyedPost, Call::Post];

fn idle(end: &Script, upload: Upload) -> Row {
    Row::idle(end).with(With::Upload(upload)).calls(&CALLS)
}

#[test]
fn a_chunked_upload_half_sent_when_the_end_comes_starts_over_unless_that_must_not_be() {
    let half = Script::new().read_head().read_body(5);
    for end in [Script::new().fin().discard(), Script::new().rst()] {
        let row = idle(&half.clone().then(end), Upload::Halves);
        row.check(|played| {
            if played.call == Call::Post {
                played.may_have_been_processed();
                played.executed_times(0);
            } else if played.asks() {
                played.repeated_once();
                played.executed_times(1);
            } else {
                assert!(played.executed() <= 1, "{played}");
            }
        });
    }
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
fn a_body_over_the_limit_is_sent_again_if_its_head_alone_met_a_closed_connection() {
    let row = idle(&Script::new().fin().discard(), Upload::Large);
    row.moment(Moment::Blocked).check(|played| {
        if played.asks() {
            played.answered_and_never_lost();
            played.idle_ones_untouched();
        }
    });
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
            let refusal = played.failed().refusal();
            let known = [
                Refusal::BodyOverLimit,
                Refusal::MayHaveBeenProcessed,
                Refusal::ReuseUnknown,
                // Over TLS a good-bye that came before a reset may have been a response, seen from without.
                Refusal::ResponseBegan,
            ];
            assert!(known.contains(&refusal), "{played}: {:?}", played.outcome);
            played.executed_times(0);
        });
    }
}
