//! What one way of a link does to packets, as data.

use std::time::Duration;

/// What one way of a link does to the packets that are sent over it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Conditions {
    pub(super) delay: Duration,
    pub(super) jitter: Duration,
    pub(super) loss: f64,
    pub(super) held_back: f64,
    pub(super) held_back_for: Duration,
}

impl Conditions {
    /// Each packet takes so long, and none is lost.
    pub fn delay(delay: Duration) -> Self {
        Self {
            delay,
            jitter: Duration::ZERO,
            loss: 0.0,
            held_back: 0.0,
            held_back_for: Duration::ZERO,
        }
    }

    /// The delay of one way, if both together are to make this round trip.
    pub fn round_trip(time: Duration) -> Self {
        Self::delay(time / 2)
    }

    /// The same with another delay.
    #[must_use]
    pub fn with_delay(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// Each packet takes up to so much longer, evenly spread. No packet overtakes another for it. Default: zero.
    #[must_use]
    pub fn with_jitter(mut self, jitter: Duration) -> Self {
        self.jitter = jitter;
        self
    }

    /// This share of the packets is lost, from 0 to 1. Default: 0.
    #[must_use]
    pub fn with_loss(mut self, share: f64) -> Self {
        self.loss = share;
        self
    }

    /// This share of the packets, from 0 to 1, is held back for so long, and overtaken by those behind. Default: 0.
    #[must_use]
    pub fn with_reordering(mut self, share: f64, held_back_for: Duration) -> Self {
        self.held_back = share;
        self.held_back_for = held_back_for;
        self
    }
}
