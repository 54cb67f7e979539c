//! What a run came to: what was sent on each wire, what became of it, and every fault.

use std::collections::BTreeMap;
use std::fmt;

use unstale::Counters;
use unstale::verdict::{Attempt, Verdict};

use crate::judge::Case;
use crate::traffic::Outcome;
use crate::wire::Wire;

/// Faults beyond these are counted only.
const SHOWN: usize = 20;

#[derive(Default)]
pub struct Report {
    wires: BTreeMap<Wire, Counts>,
    faults: Vec<String>,
    pub counters: Vec<Counters>,
}

#[derive(Default)]
struct Counts {
    connections: usize,
    executed: usize,
    /// By what became of a request.
    outcomes: BTreeMap<String, usize>,
    /// By the grounds on which it was sent again.
    replays: BTreeMap<String, usize>,
}

impl Report {
    pub fn met(&mut self, wire: Wire, connections: usize) {
        self.wires.entry(wire).or_default().connections += connections;
    }

    pub fn take(&mut self, wire: Wire, case: &Case) {
        let counts = self.wires.entry(wire).or_default();
        counts.executed += case.executed;
        let method = &case.sent.method;
        let (outcome, attempts) = match &case.sent.outcome {
            Outcome::Answered { body, failed, .. } => {
                let kind = if body.is_some() {
                    "answered"
                } else {
                    "answer broke off"
                };
                (kind.to_owned(), failed.as_slice())
            }
            Outcome::Failed(error) => {
                let delivery = error.evidence().map(unstale::evidence::Evidence::delivery);
                let kind = format!("failed: {delivery:?} {:?}", error.refusal());
                (kind, error.attempts())
            }
            Outcome::Dropped => ("dropped by the caller".to_owned(), &[][..]),
            Outcome::Hangs(_) => ("hangs".to_owned(), &[][..]),
        };
        *counts
            .outcomes
            .entry(format!("{method} {outcome}"))
            .or_default() += 1;
        for grounds in attempts.iter().map(Attempt::decided) {
            if let Verdict::Replay(grounds) = grounds {
                *counts
                    .replays
                    .entry(format!("{method} {grounds:?}"))
                    .or_default() += 1;
            }
        }
        let fault = case.fault();
        self.faults
            .extend(fault.map(|fault| format!("{wire:?}: {fault}")));
    }

    pub fn add(&mut self, other: Self) {
        for (wire, theirs) in other.wires {
            let ours = self.wires.entry(wire).or_default();
            ours.connections += theirs.connections;
            ours.executed += theirs.executed;
            add(&mut ours.outcomes, theirs.outcomes);
            add(&mut ours.replays, theirs.replays);
        }
        self.faults.extend(other.faults);
        self.counters.extend(other.counters);
    }

    pub fn must_have_no_fault(&self) {
        assert!(
            self.faults.is_empty(),
            "{} faults:\n{}",
            self.faults.len(),
            self.faults[..self.faults.len().min(SHOWN)].join("\n")
        );
    }

    /// There was something to fail: every limit was met.
    pub fn must_have_met_everything(&self) {
        for counters in &self.counters {
            assert!(counters.waits() > 0, "no request had to wait");
        }
        for (wire, counts) in &self.wires {
            assert!(
                !counts.replays.is_empty(),
                "{wire:?}: nothing was sent again"
            );
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (wire, counts) in &self.wires {
            let sent: usize = counts.outcomes.values().sum();
            writeln!(
                f,
                "{wire:?}: {sent} requests over {} connections, {} executions",
                counts.connections, counts.executed
            )?;
            for (what, times) in &counts.outcomes {
                writeln!(f, "  {times:>8}  {what}")?;
            }
            for (what, times) in &counts.replays {
                writeln!(f, "  {times:>8}  {what}: sent again")?;
            }
        }
        for counters in &self.counters {
            writeln!(f, "{counters}")?;
        }
        write!(f, "{} faults", self.faults.len())
    }
}

fn add(ours: &mut BTreeMap<String, usize>, theirs: BTreeMap<String, usize>) {
    for (what, times) in theirs {
        *ours.entry(what).or_default() += times;
    }
}
