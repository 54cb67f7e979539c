//! The adapter for hyper-util's client.
//!
//! [`Attest`] sits directly on a [`Client`](::hyper_util::client::legacy::Client) and turns its errors into errors that
//! carry [`Evidence`](crate::evidence::Evidence). With taps on the client's connector ([`TrackLayer`](crate::TrackLayer))
//! it knows what the wire knows; without them the error's source chain is all there is, and what that cannot tell is
//! `Unknown` on a connection of which nothing is known, which is never replayed.
//!
//! [`stack`](crate::stack) builds all of it in one call.

mod attest;
mod carrier;
mod chain;
mod future;
mod host;
mod inquest;
mod silenced;
mod trying;
mod watcher;

pub use self::attest::Attest;
#[cfg(feature = "reqwest")]
pub(super) use self::chain::end_of;
pub use self::future::ResponseFuture;

#[cfg(test)]
mod tests;
