//! The metrics of the loop.

use crate::evidence::{End, Evidence};
use crate::metrics::{ATTEMPTS, Fixed, GATE_REFUSALS, REFUSALS, REPLAYS};
use crate::verdict::{Attempt, Verdict};

static ATTEMPTED: Fixed = Fixed::new(ATTEMPTS);

/// An attempt begins. `before`: those of the request that have failed.
#[inline]
pub(in crate::replay) fn attempted(before: &[Attempt]) {
    ATTEMPTED.counter().increment(1);
    if let Some(Verdict::Replay(grounds)) = before.last().map(Attempt::decided) {
        metrics::counter!(REPLAYS, "grounds" => format!("{grounds:?}")).increment(1);
    }
}

/// An attempt has failed.
pub(super) fn decided(attempt: &Attempt) {
    if let Some(End::Gate(reason)) = attempt.evidence().map(Evidence::end) {
        metrics::counter!(GATE_REFUSALS, "reason" => format!("{reason:?}")).increment(1);
    }
    if let Verdict::Refuse(refusal) = attempt.decided() {
        metrics::counter!(REFUSALS, "reason" => format!("{refusal:?}")).increment(1);
    }
}
