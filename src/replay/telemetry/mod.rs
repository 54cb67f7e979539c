//! What the loop tells the log: a span for each call, and an event for each verdict.
//!
//! Apart from the loop so that it reads the same with and without the feature `tracing`; without it nothing here does
//! anything, nor takes a byte. The names and fields stand in the crate's documentation.

#[cfg(not(feature = "tracing"))]
mod silent;
#[cfg(feature = "tracing")]
mod spans;

#[cfg(not(feature = "tracing"))]
pub(super) use self::silent::{CallSpan, decided};
#[cfg(feature = "tracing")]
pub(super) use self::spans::{CallSpan, decided};
