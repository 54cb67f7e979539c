//! Request bodies that can be sent again.
//!
//! A [`Tape`] owns the caller's body and records what it yields, up to a limit. Each attempt gets a [`ReplayBody`] from
//! it, which plays the record from the first byte and then goes on with the rest of the original. This is apart from the
//! replay loop because it knows bytes only: neither why a request is sent again nor by whom.
//!
//! ```text
//!                            over the limit
//!                ┌────────────────────────────────▶ Lost::OverLimit ─────┐
//!  Tape::new     │                                                       │ the original
//!  ────────▶ recording ── the original ends ──▶ whole (collected())      │ failed
//!                │                                                       ▼
//!                └──── the original failed ───────────────────▶ Lost::CallerError
//! ```
//!
//! Invariants:
//!
//! - *One reader.* Only the handle of the latest attempt takes frames; every older one is fenced for ever, so a
//!   connection that was given up cannot steal a byte from the one that replaced it.
//! - *Bounded memory.* The payload recorded never exceeds the limit. (A recorded [`Bytes`](bytes::Bytes) is shared, not
//!   copied: one that is a slice of a larger buffer keeps that buffer alive.)
//! - *Same framing.* Every attempt starts with the size hint of the original at its start, so that the request does not
//!   change from `Transfer-Encoding: chunked` to `Content-Length` or back.
//! - The original is never polled again after its end or its error, and is dropped there. Trailers are its end.
//!
//! # Examples
//!
//! ```
//! use bytes::Bytes;
//! use http_body_util::{BodyExt, Full};
//! use unstale::body::Tape;
//!
//! # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
//! let tape = Tape::new(Full::new(Bytes::from("salut")), 64 * 1024);
//! let mut first = tape.attempt().unwrap();
//! first.frame().await.unwrap().unwrap();
//!
//! let second = tape.attempt().unwrap();
//! assert!(first.frame().await.unwrap().unwrap_err().is_fenced());
//! assert_eq!(second.collect().await.unwrap().to_bytes(), "salut");
//! # });
//! ```

#[cfg(feature = "client")]
mod erased;
mod error;
#[cfg(feature = "metrics")]
#[path = "held/gauged.rs"]
mod held;
#[cfg(not(feature = "metrics"))]
#[path = "held/plain.rs"]
mod held;
mod lost;
mod progress;
mod reader;
mod record;
mod reel;
mod replay;
mod source;
mod tape;
#[cfg_attr(
    not(feature = "client"),
    expect(dead_code, reason = "only a client of our own holds bodies back")
)]
mod valve;
#[cfg(feature = "client")]
mod withheld;

#[cfg(feature = "client")]
pub(crate) use erased::Erased;
pub use error::BodyError;
pub use lost::Lost;
pub use progress::Progress;
pub use replay::ReplayBody;
pub use tape::Tape;
#[cfg(feature = "hyper-util")]
pub(crate) use valve::Valve;

#[cfg(test)]
mod tests;
