//! The explorer: breadth first, so that the way to a counterexample is the shortest; the same on every run.

use std::collections::HashMap;
use std::fmt::{self, Write};

use unstale::evidence::Delivery;

use super::act::Act;
use super::state::State;
use super::world::World;

/// What was found in a world.
#[derive(Debug)]
pub struct Exploration {
    pub states: usize,
    /// The shortest way to a lie; nothing was explored beyond it.
    pub counterexample: Option<Trace>,
    /// What the client may conclude, and whether the request is executed then, or later.
    pub outcomes: Vec<(Delivery, bool)>,
}

/// What happened, and in which states that resulted.
#[derive(Debug)]
pub struct Trace(Vec<(Act, State)>);

impl Exploration {
    pub fn may_end_with(&self, delivery: Delivery) -> bool {
        self.outcomes.iter().any(|(found, _)| *found == delivery)
    }
}

/// Visits every state that can be reached, or those up to the first in which the client has lied.
pub fn explore(world: &World) -> Exploration {
    let first = State::first();
    let mut known = HashMap::from([(first, None)]);
    let mut states = vec![first];
    let mut outcomes = Vec::new();
    let mut counterexample = None;
    let mut next = 0;
    while let Some(&state) = states.get(next) {
        next += 1;
        if let Some(delivery) = state.client.conclusion() {
            let outcome = (delivery, state.server.has_executed());
            if !outcomes.contains(&outcome) {
                outcomes.push(outcome);
            }
        }
        if state.is_lie() {
            counterexample = Some(trace(state, &known));
            break;
        }
        for (act, after) in state.steps(world) {
            known.entry(after).or_insert_with(|| {
                states.push(after);
                Some((act, state))
            });
        }
    }
    Exploration {
        states: states.len(),
        counterexample,
        outcomes,
    }
}

fn trace(last: State, known: &HashMap<State, Option<(Act, State)>>) -> Trace {
    let mut steps = Vec::new();
    let mut state = last;
    while let Some(Some((act, before))) = known.get(&state) {
        steps.push((*act, state));
        state = *before;
    }
    steps.reverse();
    Trace(steps)
}

impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "segment 0 ends the request before, 1 and 2 are the request; ACK names the next one"
        )?;
        let mut before = State::first();
        for (number, (act, after)) in self.0.iter().enumerate() {
            let mut line = format!("{:>4} {act}", number + 1);
            for answer in after.link.answers() {
                if !before.link.answers().any(|sent| sent == answer) {
                    write!(line, ": {answer}")?;
                }
            }
            if let Some(delivery) = after.client.conclusion() {
                if before.client.conclusion().is_none() {
                    write!(line, ": {delivery:?}")?;
                }
            }
            writeln!(f, "{line}")?;
            before = *after;
        }
        Ok(())
    }
}
