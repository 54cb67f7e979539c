//! The peer ends idle connections before the request comes, and the runtime has seen it or not.

use std::time::Duration;

use unstale::evidence::{End, Evidence, GateReason};
use unstale::verdict::Attempt;

use super::row::{Moment, Row};
use crate::peer::Script;

const LONG: Moment = Moment::After(Duration::from_millis(200));
const SHORT: Moment = Moment::After(Duration::from_micros(100));

const REQUEST_TIMEOUT: &str =
    "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";

fn ends() -> [Script; 3] {
    [
        Script::new().close(),
        Script::new().rst(),
        Script::new().fin().discard(),
    ]
}

#[test]
fn an_end_200_ms_before_the_request_is_never_noticed() {
    for end in ends() {
        let row = Row::idle(&end).moment(LONG).also_tls12();
        row.check(|played| {
            assert_eq!(played.answered().len(), 0, "{played}");
            played.executed_times(1);
        });
    }
}

#[test]
fn an_end_just_before_the_request_is_never_noticed_where_the_kernel_is_asked() {
    for end in ends() {
        let row = Row::idle(&end).moment(SHORT).also_tls12();
        row.check(|played| {
            if played.asks() {
                played.answered_and_never_lost();
            }
            assert!(played.executed() <= 1, "{played}");
        });
    }
}

#[test]
fn an_end_that_the_runtime_has_not_polled_is_never_noticed_where_the_kernel_is_asked() {
    for end in ends() {
        let row = Row::idle(&end).moment(Moment::Blocked).also_tls12();
        row.check(|played| {
            if played.asks() {
                played.answered_and_never_lost();
            }
            assert!(played.executed() <= 1, "{played}");
        });
    }
}

#[test]
fn not_a_byte_goes_to_a_peer_that_has_half_closed_and_reads_on() {
    let row = Row::idle(&Script::new().fin().discard());
    row.moment(Moment::Blocked).check(|played| {
        if played.asks() {
            played.answered_and_never_lost();
            played.idle_ones_untouched();
        }
    });
}

#[test]
fn three_closed_connections_cost_nothing_where_the_kernel_is_asked() {
    let row = Row::idle_many(3, &Script::new().fin().discard()).moment(Moment::Blocked);
    row.check(|played| {
        if played.asks() {
            played.answered_and_never_lost();
            played.idle_ones_untouched();
            let end = |attempt: &Attempt| attempt.evidence().map(Evidence::end);
            let ends: Vec<_> = played.answered().iter().map(end).collect();
            assert_eq!(
                ends,
                [Some(End::Gate(GateReason::HalfClosed)); 3],
                "{played}"
            );
        }
    });
}

#[test]
fn a_408_that_nobody_asked_for_is_no_answer_once_the_runtime_has_seen_it() {
    let row = Row::idle(&Script::new().send(REQUEST_TIMEOUT).close()).moment(LONG);
    row.check(|played| {
        played.answered_and_never_lost();
    });
}

#[test]
fn a_408_that_the_runtime_has_not_polled_never_executes_a_post_twice() {
    // It may be the answer to a request that is under way; only reqwest knows which are.
    let row = Row::idle(&Script::new().send(REQUEST_TIMEOUT).fin().discard());
    row.moment(Moment::Blocked).check(|played| {
        assert!(played.executed() <= 1, "{played}");
    });
}
