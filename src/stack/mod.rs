//! The parts assembled.
//!
//! [`over_http`] and [`over_tls`] put everything around hyper-util's client. With the feature `client` there is one on a pool
//! of our own: [`Client`].

#[cfg(feature = "client")]
mod builder;
#[cfg(feature = "client")]
mod client;
#[cfg(feature = "client")]
mod dialer;
mod layered;
#[cfg(feature = "reqwest")]
pub mod reqwest;

#[cfg(feature = "client")]
pub use self::builder::{BuildError, ClientBuilder};
#[cfg(feature = "client")]
pub use self::client::{Client, ResponseFuture};
pub use self::layered::{ReplayClient, ReplayFuture, over_http, over_tls};
