//! How many bytes a record holds, as the gauge shows it: it falls when the record goes, wherever that is.

use crate::metrics::{Fixed, REPLAY_HELD};

static HELD: Fixed = Fixed::new(REPLAY_HELD);

/// Bytes held.
#[derive(Default)]
pub(super) struct Held(usize);

impl Held {
    pub(super) const fn bytes(&self) -> usize {
        self.0
    }

    pub(super) fn grow_to(&mut self, bytes: usize) {
        if bytes > self.0 {
            HELD.gauge().increment(as_f64(bytes - self.0));
        }
        self.0 = bytes;
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if self.0 > 0 {
            HELD.gauge().decrement(as_f64(self.0));
        }
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "exact for all that fits into memory"
)]
fn as_f64(bytes: usize) -> f64 {
    bytes as f64
}
