//! The proof holds in every state, and each of its parts is needed: what is taken away is missed at once.

use unstale::evidence::Delivery::{NotReceived, NotSent, Unknown};

use super::explore::{Exploration, explore};
use super::world::{Part, Promise, World};

#[track_caller]
fn assert_sound(name: &str, world: &World) -> Exploration {
    let found = explore(world);
    println!("{name}: {} states, and no lie in any", found.states);
    if let Some(trace) = &found.counterexample {
        panic!(
            "{name}: the client lies, after {} states\n{trace}",
            found.states
        );
    }
    found
}

#[track_caller]
fn assert_missed(name: &str, world: &World) {
    let found = explore(world);
    let trace = found
        .counterexample
        .unwrap_or_else(|| panic!("{name}: {} states, and no lie in any", found.states));
    println!(
        "{name}: the client lies, after {} states\n{trace}",
        found.states
    );
    assert!(found.outcomes.contains(&(NotReceived, true)), "{name}");
}

fn without(parts: &'static [Part]) -> World {
    World {
        without: parts,
        ..World::WHOLE
    }
}

#[test]
fn what_the_client_calls_not_received_was_not_executed_and_never_will_be() {
    let found = assert_sound("everything is as it is", &World::WHOLE);
    // And it does not come by that through silence.
    for outcome in [
        (NotReceived, false),
        (NotSent, false),
        (Unknown, false),
        (Unknown, true),
    ] {
        assert!(found.outcomes.contains(&outcome), "{:?}", found.outcomes);
    }
}

#[test]
fn without_the_assumption_the_proof_fails() {
    let world = World {
        promise: Promise::Never,
        ..World::WHOLE
    };
    assert_missed("without the assumption", &world);
}

#[test]
fn an_acknowledgement_that_was_sent_is_not_enough_for_the_assumption() {
    // It may be lost, and the RST that follows it is not.
    let world = World {
        promise: Promise::UntilAcknowledged,
        ..World::WHOLE
    };
    assert_missed(
        "where the assumption ends with the sending of an acknowledgement",
        &world,
    );
}

#[test]
fn without_the_freeze_the_proof_fails() {
    assert_missed("without the freeze", &without(&[Part::Freeze, Part::Count]));
}

#[test]
fn a_write_that_slips_through_the_freeze_is_counted_and_ends_the_proof() {
    assert_sound("without the freeze, but counted", &without(&[Part::Freeze]));
}

#[test]
fn without_the_fin_the_proof_fails() {
    assert_missed("without the FIN", &without(&[Part::Fin]));
}

#[test]
fn with_a_mark_that_lies_too_high_the_proof_fails() {
    assert_missed("with a mark too high", &without(&[Part::LowMark]));
}

#[test]
fn in_more_than_one_piece_the_proof_fails() {
    assert_missed("in more than one piece", &without(&[Part::OnePiece]));
}

#[test]
fn where_the_servers_kernel_forgets_at_once_the_proof_fails() {
    assert_missed(
        "where the server's kernel forgets",
        &without(&[Part::Memory]),
    );
}
