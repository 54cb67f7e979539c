//! The loop: one attempt after another, as a tower layer.
//!
//! ```text
//!            ┌──────────────────────────── replay ───────────────────────────┐
//!            ▼                                                                │
//! Readying ─▶ Attempting ──Err, or a status that declines──▶ decide ─▶ Collecting (as GET) ─▶ Pausing
//!            │                                                  │
//!            └──Ok──▶ response                                  └──refuse──▶ error
//! ```
//!
//! Knows nothing of the client below but what its error attests ([`Attested`](crate::evidence::Attested)). It belongs
//! inside of everything that sends more than one request for a call: redirects, authentication, other retries.

mod attempts;
mod entropy;
mod future;
mod layer;
mod run;
mod service;
mod take;
mod telemetry;
mod through;
mod timer;

pub use self::attempts::Attempts;
#[cfg(feature = "hyper-util")]
pub(crate) use self::future::Call;
pub use self::layer::ReplayLayer;
pub use self::service::{Replay, ResponseFuture};
