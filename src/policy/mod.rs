//! What the user allows on top of the verdict: how often, how long, how fast, and for which requests.
//!
//! Apart from [`verdict`](crate::verdict) because the rule is the same for everybody and this is not. A policy narrows
//! what the verdict allows. It widens it only under a name that begins with `danger_`, for an `Idempotency-Key` that
//! the caller vouches for, or where the caller asked for another request (POST as GET).
//!
#![cfg_attr(feature = "tokio", doc = "```")]
#![cfg_attr(not(feature = "tokio"), doc = "```ignore")]
//! use std::time::Duration;
//! use unstale::policy::{Pause, RetryPolicy};
//!
//! let policy = RetryPolicy::builder()
//!     .deadline(Duration::from_secs(10))
//!     .connect(2)
//!     .pause(Pause::Fixed(Duration::from_millis(50)))
//!     .build()?;
//! # Ok::<(), unstale::policy::PolicyError>(())
//! ```
//!
//! Invariant: nothing here reads a clock, draws a random number or waits; `now`, the time elapsed and the randomness
//! come in as arguments. The budget is asked last, so that nothing is withdrawn for what is refused anyway.

mod budget;
mod builder;
#[cfg(test)]
mod case;
mod count;
mod decide;
mod given;
mod key;
mod narrow;
mod origins;
mod patience;
mod pause;
mod policy_error;
mod retry_policy;
mod scope;
mod settings;
mod situation;
mod unrepeatable;

pub use self::budget::Budget;
pub use self::builder::RetryPolicyBuilder;
pub use self::narrow::{Choice, Narrow, View};
pub use self::origins::Origins;
pub use self::pause::{Jitter, Pause};
pub use self::policy_error::PolicyError;
pub use self::retry_policy::RetryPolicy;
pub use self::scope::{FreshConnection, NonIdempotent, Scope, WhenSilent};
pub(crate) use self::situation::{Decision, Replay, Situation};

/// A reading of the clock, made by the caller.
#[expect(
    clippy::disallowed_types,
    reason = "a pure part: it is handed the time and reads no clock, tokio's or another"
)]
pub(crate) type Now = std::time::Instant;
