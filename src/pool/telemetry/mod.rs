//! What the pool tells the log: a span for each connection, one for each that is being opened, and events of what becomes of
//! them.
//!
//! Apart from the pool so that it reads the same with and without the feature `tracing`; without it nothing here does
//! anything, nor takes a byte. The names and fields stand in the crate's documentation.
//!
//! Invariant: whoever listens is never called under the pool's lock. A [`Watch`] is dropped under it only where what the
//! observer is to be told holds another.

#[cfg(not(feature = "tracing"))]
mod silent;
#[cfg(feature = "tracing")]
mod spans;

#[cfg(not(feature = "tracing"))]
pub(super) use self::silent::{Connecting, Watch, hears_of_reuse, tell};
#[cfg(feature = "tracing")]
pub(super) use self::spans::{Connecting, Watch, hears_of_reuse, tell};
