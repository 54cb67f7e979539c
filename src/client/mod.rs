//! One attempt on one connection, and the evidence of it: adapters for the clients that send.
//!
//! The only place that names foreign error types. Knows nothing of the loop above: it takes an attempt token from the
//! request, and gives back a response or an error that carries evidence.

mod chain;
#[cfg(any(feature = "http2", feature = "reqwest"))]
mod h2_words;
pub mod hyper_util;
mod invalid;
mod look;
#[cfg(feature = "client")]
pub mod pooled;
#[cfg(feature = "reqwest")]
pub(crate) mod reqwest;
mod unconnected;
mod watch;
