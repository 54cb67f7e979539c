//! What the pool tells the log: a span for each connection, one for each that is being opened, and events of what becomes of
//! them; and what it counts.
//!
//! Apart from the pool so that it reads the same with and without the features `tracing` and `metrics`; without them nothing
//! here does anything, nor takes a byte. The names and fields stand in the crate's documentation, and in that of its
//! metrics.
//!
//! Invariant: whoever listens is never called under the pool's lock. A [`Watch`] is dropped under it only where what the
//! observer is to be told holds another.

#[cfg(feature = "metrics")]
#[path = "counted.rs"]
mod counts;
#[cfg(not(feature = "metrics"))]
#[path = "uncounted.rs"]
mod counts;
#[cfg(not(feature = "tracing"))]
#[path = "silent.rs"]
mod log;
#[cfg(feature = "tracing")]
#[path = "spans.rs"]
mod log;

use std::error::Error as StdError;

use super::state::Told;

pub(super) use self::counts::{Moves, Place, refused};
pub(super) use self::log::{Connecting, Watch, hears_of_reuse};

/// Tells of what became of a connection.
#[inline]
pub(super) fn tell(told: &Told) {
    log::tell(told);
    counts::tell(told.what);
}

/// Tells that a connection could not be opened.
pub(super) fn failed(connecting: Connecting, error: &(dyn StdError + 'static)) {
    connecting.failed(error);
    counts::failed();
}
