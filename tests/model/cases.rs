//! Ten servers, each as the model's program with any timing: what the client may conclude of each. None of them is bound by
//! the assumption.

use unstale::evidence::Delivery::{NotReceived, NotSent, Unknown};

use super::explore::{Exploration, explore};
use super::link::{BEGIN, END};
use super::world::Step::{self, Abort, AwaitAcknowledgement, Close, Execute, HalfClose, ReadTo};
use super::world::{Program, Promise, World};

/// The exchange before is read to its end.
const IDLE: Step = ReadTo(BEGIN);
const READ_PART: Step = ReadTo(BEGIN + 1);
const READ_ALL: Step = ReadTo(END);

fn outcomes(name: &str, steps: &'static [Step]) -> Exploration {
    let world = World {
        program: Program::Steps(steps),
        promise: Promise::Never,
        without: &[],
    };
    let found = explore(&world);
    println!("{name}: {} states, {:?}", found.states, found.outcomes);
    found
}

/// Only these may end with `NotReceived`, and the client is never wrong about them.
#[track_caller]
fn assert_proven(name: &str, steps: &'static [Step]) {
    let found = outcomes(name, steps);
    assert!(found.counterexample.is_none(), "{name}");
    assert!(found.may_end_with(NotReceived), "{name}: {found:?}");
}

#[track_caller]
fn assert_unknown(name: &str, steps: &'static [Step], is_executed: bool) {
    let found = outcomes(name, steps);
    assert!(!found.may_end_with(NotReceived), "{name}: {found:?}");
    assert!(
        found.outcomes.contains(&(Unknown, is_executed)),
        "{name}: {found:?}"
    );
    assert!(
        !found.outcomes.contains(&(NotSent, true)),
        "{name}: {found:?}"
    );
}

/// Those that the assumption excludes: the client is wrong about them.
#[track_caller]
fn assert_excluded(name: &str, steps: &'static [Step]) {
    let found = outcomes(name, steps);
    assert!(found.counterexample.is_some(), "{name}: {found:?}");
}

#[test]
fn case_1_closed_before_the_request_arrives_is_proven() {
    assert_proven("1", &[IDLE, Close]);
}

#[test]
fn case_2_half_closed_and_read_later_is_unknown() {
    assert_unknown("2", &[IDLE, HalfClose, READ_ALL], false);
}

#[test]
fn case_3_half_closed_read_executed_and_closed_at_once_is_unknown() {
    assert_unknown("3", &[IDLE, HalfClose, READ_ALL, Execute, Close], true);
}

#[test]
fn case_4_half_closed_partly_read_executed_and_closed_is_what_the_assumption_excludes() {
    assert_excluded("4", &[IDLE, HalfClose, READ_PART, Execute, Close]);
}

#[test]
fn case_5_read_executed_and_aborted_at_once_is_unknown() {
    assert_unknown("5", &[IDLE, READ_ALL, Execute, Abort], true);
}

#[test]
fn case_6_read_executed_and_aborted_when_acknowledged_is_unknown() {
    assert_unknown(
        "6",
        &[IDLE, READ_ALL, Execute, AwaitAcknowledgement, Abort],
        true,
    );
}

#[test]
fn case_7_read_executed_and_closed_is_unknown() {
    assert_unknown("7", &[IDLE, READ_ALL, Execute, Close], true);
}

#[test]
fn case_8_aborted_while_idle_is_unknown() {
    assert_unknown("8", &[IDLE, Abort], false);
}

#[test]
fn case_9_half_closed_read_executed_and_aborted_at_once_is_what_the_assumption_excludes() {
    assert_excluded("9", &[IDLE, HalfClose, READ_ALL, Execute, Abort]);
}

#[test]
fn case_10_half_closed_read_executed_and_left_open_is_unknown() {
    // Node's `socket.end()` on idle sockets.
    let steps = &[IDLE, HalfClose, READ_ALL, Execute, AwaitAcknowledgement];
    assert_unknown("10", steps, true);
}
