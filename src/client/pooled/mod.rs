//! One attempt over a connection of our own pool.
//!
//! ```text
//! take the token ─▶ check out a connection ─▶ begin the exchange ─▶ hyper ─▶ response, its body holds the lease
//!                        ▲                                            │
//!                        └────────── handed back unsent ◀─────────────┤
//!                                                                     └─▶ inquest ─▶ error with evidence
//! ```
//!
//! The pool knows what hyper-util's client hides: whether the connection had lain idle, where in the bytes written the
//! exchange begins, and when the connection's tasks have ended.

mod attempt;
mod body;
mod carrier;
#[cfg(feature = "http2")]
mod driver;
mod exchange;
mod expect;
mod handshake;
mod head;
mod inquest;
mod line;
mod preflight;
mod sending;
mod unconnected;

pub use self::body::{ResponseBody, ResponseBodyError};
pub(crate) use self::carrier::over;
#[cfg(feature = "http2")]
pub(crate) use self::handshake::Http2;
pub(crate) use self::handshake::{Handshake, Protocols};
pub(crate) use self::unconnected::Unconnected;
