//! The metrics of the pool.
//!
//! Invariant: a slot is counted in exactly one state once [`Moves::note`] has seen it, and in none when it is gone.

use metrics::Label;

use crate::evidence::GateReason;
use crate::metrics::{
    CONNECT_FAILURES, CONNECTIONS, CONNECTIONS_DISCARDED, CONNECTIONS_OPENED, Fixed, GATE_REFUSALS,
};
use crate::pool::DiscardReason;
use crate::pool::slot::{Phase, Slot};
use crate::pool::state::What;

static LABELS: [[Label; 1]; 5] = [
    state("connecting"),
    state("busy"),
    state("idle"),
    state("settling"),
    state("closing"),
];

static STATES: [Fixed; 5] = [
    Fixed::labelled(CONNECTIONS, &LABELS[0]),
    Fixed::labelled(CONNECTIONS, &LABELS[1]),
    Fixed::labelled(CONNECTIONS, &LABELS[2]),
    Fixed::labelled(CONNECTIONS, &LABELS[3]),
    Fixed::labelled(CONNECTIONS, &LABELS[4]),
];

const fn state(name: &'static str) -> [Label; 1] {
    [Label::from_static_parts("state", name)]
}

/// The state in which the gauge counts a slot, by its place in [`STATES`].
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::pool) struct Place(Option<usize>);

/// By how much the gauge changes, in each state. Noted under the pool's lock, published outside of it.
#[derive(Debug, Default)]
pub(in crate::pool) struct Moves([i32; 5]);

impl Moves {
    /// A slot may have changed its state.
    #[inline]
    pub(in crate::pool) fn note(&mut self, slot: &mut Slot) {
        let state = match slot.phase {
            Phase::Connecting => 0,
            Phase::Settling(_) => 3,
            Phase::Closing => 4,
            _ if slot.is_idle() => 2,
            _ => 1,
        };
        if slot.place.0 != Some(state) {
            self.forget(slot);
            self.add(state, 1);
            slot.place.0 = Some(state);
        }
    }

    /// A slot is gone.
    pub(in crate::pool) fn forget(&mut self, slot: &Slot) {
        if let Some(state) = slot.place.0 {
            self.add(state, -1);
        }
    }

    #[inline]
    fn add(&mut self, state: usize, by: i32) {
        if let Some(moved) = self.0.get_mut(state) {
            *moved += by;
        }
    }

    #[inline]
    pub(in crate::pool) fn publish(self) {
        for (state, moved) in STATES.iter().zip(self.0) {
            if moved != 0 {
                state.gauge().increment(moved);
            }
        }
    }
}

/// What was granted did not take the request.
pub(in crate::pool) fn refused(reason: DiscardReason) {
    let reason = match reason {
        DiscardReason::Stale(reason) => reason,
        DiscardReason::Expiring => GateReason::Expiring,
        DiscardReason::AfterSleep => GateReason::AfterSleep,
        _ => return,
    };
    metrics::counter!(GATE_REFUSALS, "reason" => format!("{reason:?}")).increment(1);
}

/// No connection could be opened.
pub(super) fn failed() {
    metrics::counter!(CONNECT_FAILURES).increment(1);
}

/// Something has become of a connection.
pub(super) fn tell(what: What) {
    match what {
        What::Opened => metrics::counter!(CONNECTIONS_OPENED).increment(1),
        What::Discarded(reason) => {
            let reason = match reason {
                DiscardReason::Stale(_) => "Stale".to_owned(),
                reason => format!("{reason:?}"),
            };
            metrics::counter!(CONNECTIONS_DISCARDED, "reason" => reason).increment(1);
        }
        What::Reused | What::Closed => {}
    }
}
