//! What the loop tells the log: a span for each call, and an event for each verdict; and what it counts.
//!
//! Apart from the loop so that it reads the same with and without the features `tracing` and `metrics`; without them nothing
//! here does anything, nor takes a byte. The names and fields stand in the crate's documentation, and in that of its
//! metrics.

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

use http::Method;

use crate::verdict::Attempt;

pub(super) use self::counts::attempted;
pub(super) use self::log::CallSpan;

/// A verdict was carried out: the request is replayed, or its failure handed to the caller.
#[inline]
pub(super) fn decided(method: &Method, number: usize, attempt: &Attempt) {
    log::decided(method, number, attempt);
    counts::decided(attempt);
}
