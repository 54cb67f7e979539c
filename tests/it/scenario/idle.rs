//! The peer ends idle connections, and the client's runtime has time to see it: the request goes elsewhere.

use std::time::Duration;

use super::row::{Moment, Row};
use crate::peer::Script;

/// What the table says: long enough that everything has been polled.
const LONG: Moment = Moment::After(Duration::from_millis(200));
/// Somewhere in the middle of it.
const SHORT: Moment = Moment::After(Duration::from_micros(100));

pub(super) const REQUEST_TIMEOUT: &str =
    "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";

#[test]
fn a_fin_200_ms_before_the_request_is_never_noticed() {
    let row = Row::idle(&Script::new().close()).moment(LONG).also_tls12();
    row.check(|played| {
        let failed = played.answered_by_a_new_connection_untouched();
        assert_eq!(failed.len(), 0, "{played}: {failed:?}");
    });
}

#[test]
fn a_fin_just_before_the_request_is_never_noticed() {
    let row = Row::idle(&Script::new().close()).moment(SHORT).also_tls12();
    row.check(|played| {
        played.answered_by_a_new_connection_untouched();
    });
}

#[test]
fn a_reset_while_idle_is_never_noticed() {
    for moment in [LONG, SHORT] {
        let row = Row::idle(&Script::new().rst()).moment(moment);
        row.check(|played| {
            played.answered_by_a_new_connection_untouched();
        });
    }
}

#[test]
fn a_half_close_by_a_peer_that_goes_on_reading_is_never_noticed() {
    for moment in [LONG, SHORT] {
        let row = Row::idle(&Script::new().fin().discard()).moment(moment);
        row.check(|played| {
            played.answered_by_a_new_connection_untouched();
            played.idle_ones_untouched();
        });
    }
}

#[test]
fn a_408_that_nobody_asked_for_is_no_answer_to_the_next_request() {
    for moment in [LONG, SHORT] {
        let row = Row::idle(&Script::new().send(REQUEST_TIMEOUT).close()).moment(moment);
        row.check(|played| {
            played.answered_by_a_new_connection_untouched();
        });
    }
}

#[test]
fn three_idle_connections_that_were_closed_cost_nothing() {
    let row = Row::idle_many(3, &Script::new().fin().discard()).moment(SHORT);
    row.check(|played| {
        played.answered_by_a_new_connection_untouched();
        played.idle_ones_untouched();
    });
}
