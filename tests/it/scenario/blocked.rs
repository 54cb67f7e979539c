//! The peer ends idle connections while the client's runtime is blocked, and the request comes before it polls: the gate.

use unstale::evidence::{End, Evidence, GateReason};
use unstale::verdict::{Attempt, Grounds, Verdict};

use super::idle::REQUEST_TIMEOUT;
use super::play::Played;
use super::row::{Moment, Row};
use crate::peer::{Script, Tls};

/// That the gate alone refused, so many times, each on another connection. A pool that asks before it hands a connection
/// out meets the gate in no attempt at all.
#[track_caller]
fn refused_at_the_gate(played: &Played, failed: &[Attempt], times: usize, reason: GateReason) {
    let end = |attempt: &Attempt| attempt.evidence().map(Evidence::end);
    let ends: Vec<_> = failed.iter().map(end).collect();
    let expected = vec![Some(End::Gate(reason)); played.attempts_at_the_gate(times)];
    assert_eq!(ends, expected, "{played}: {failed:?}");
    for attempt in failed {
        let replayed = Verdict::Replay(Grounds::NotSent);
        assert_eq!(attempt.decided(), replayed, "{played}: {attempt:?}");
    }
}

#[test]
fn a_fin_that_the_runtime_has_not_polled_is_seen_at_the_gate() {
    let row = Row::idle(&Script::new().close()).moment(Moment::Blocked);
    row.also_tls12().check(|played| {
        let failed = played.answered_by_a_new_connection_untouched();
        refused_at_the_gate(played, failed, 1, GateReason::HalfClosed);
    });
}

#[test]
fn a_reset_that_the_runtime_has_not_polled_is_seen_at_the_gate() {
    let row = Row::idle(&Script::new().rst()).moment(Moment::Blocked);
    row.also_tls12().check(|played| {
        let failed = played.answered_by_a_new_connection_untouched();
        refused_at_the_gate(played, failed, 1, GateReason::Closed);
    });
}

#[test]
fn not_a_byte_goes_to_a_peer_that_has_half_closed_and_reads_on() {
    let row = Row::idle(&Script::new().fin().discard()).moment(Moment::Blocked);
    row.also_tls12().check(|played| {
        let failed = played.answered_by_a_new_connection_untouched();
        refused_at_the_gate(played, failed, 1, GateReason::HalfClosed);
        played.idle_ones_untouched();
    });
}

#[test]
fn a_408_and_a_fin_that_the_runtime_has_not_polled_are_seen_at_the_gate() {
    let row = Row::idle(&Script::new().send(REQUEST_TIMEOUT).fin().discard());
    row.moment(Moment::Blocked).check(|played| {
        let failed = played.answered_by_a_new_connection_untouched();
        refused_at_the_gate(played, failed, 1, GateReason::HalfClosed);
        played.idle_ones_untouched();
    });
}

#[test]
fn three_closed_connections_are_refused_one_after_the_other_and_cost_nothing() {
    let row = Row::idle_many(3, &Script::new().fin().discard()).moment(Moment::Blocked);
    row.check(|played| {
        let failed = played.answered_by_a_new_connection_untouched();
        refused_at_the_gate(played, failed, 3, GateReason::HalfClosed);
        played.idle_ones_untouched();
    });
}

#[test]
fn a_close_notify_without_a_fin_is_seen_at_the_gate() {
    // What a server sends a moment before it closes. In cleartext there is nothing like it.
    for close_notify in [true, false] {
        let end = Script::new().close_notify().fin().discard();
        let row = Row::idle(&end).moment(Moment::Blocked);
        let row = row.only(&[Tls::V12 { close_notify }, Tls::V13 { close_notify }]);
        row.check(|played| {
            played.answered_by_a_new_connection_untouched();
            played.idle_ones_untouched();
        });
    }
}
