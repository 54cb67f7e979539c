//! The builder of a policy.
//!
//! Setters are named as their field, and lie in five files: how often (here), which requests, how much, what is done so
//! that nothing need be sent again, and how long and how fast.
//!
//! Invariant: nothing is judged before `build`, so the order of the setters does not matter.

mod check;
mod limits;
// What only a client of our own does; its arithmetic is tested without, too.
#[cfg(any(test, feature = "client"))]
mod precautions;
mod requests;
// The arithmetic of both is tested without the clock, too.
#[cfg(any(test, feature = "tokio"))]
mod waiting;

use super::settings::Settings;
use super::{PolicyError, RetryPolicy};

/// Builds a [`RetryPolicy`]; every field has a default, and a contradiction is an error of [`build`](Self::build).
///
/// ```
/// use unstale::policy::RetryPolicy;
///
/// let policy = RetryPolicy::builder().unknown(2).connect(1).build()?;
/// let error = RetryPolicy::builder().replay_limit(usize::MAX).build().unwrap_err();
/// assert_eq!(error.field(), "replay_limit");
/// # Ok::<(), unstale::policy::PolicyError>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct RetryPolicyBuilder {
    settings: Settings,
}

impl RetryPolicyBuilder {
    pub(super) fn from_settings(settings: Settings) -> Self {
        Self { settings }
    }

    /// Replays of a request that never left, when the connection was opened for it. Default: 2.
    ///
    /// It bounds a server that accepts and closes at once. On a connection that was kept alive since before the
    /// request, such a failure costs nothing and is not counted: it happens at most once for each connection in the
    /// pool. Nor is a living connection that was given back since, and is passed over as too old: up to 32 times.
    pub fn not_sent(mut self, times: u32) -> Self {
        self.settings.times.not_sent = times;
        self
    }

    /// Replays of a request that provably reached no program. Default: 2. Not charged to the budget.
    pub fn not_received(mut self, times: u32) -> Self {
        self.settings.times.not_received = times;
        self
    }

    /// Replays of a request that the server said it did not process: HTTP/2 `REFUSED_STREAM` and `GOAWAY`, 421, 425,
    /// 408 by proof. Default: 2. The first is free, further ones are charged to the budget.
    pub fn refused(mut self, times: u32) -> Self {
        self.settings.times.refused = times;
        self
    }

    /// Replays of a request that may have been processed, where repeating it is harmless. Default: 1. Charged to the
    /// budget.
    ///
    /// RFC 9110 section 9.2.2: "A client SHOULD NOT automatically retry a failed automatic retry." A GET in the place
    /// of a POST counts here too.
    pub fn unknown(mut self, times: u32) -> Self {
        self.settings.times.unknown = times;
        self
    }

    /// Retries when no connection could be opened. Default: 0, as such a failure is no stale connection.
    ///
    /// Not charged to the budget; set a `pause` with it (feature `tokio`).
    pub fn connect(mut self, times: u32) -> Self {
        self.settings.times.connect = times;
        self
    }

    /// The policy.
    ///
    /// # Errors
    ///
    /// If a value is outside what is allowed, or two fields contradict each other. The error names the field.
    pub fn build(self) -> Result<RetryPolicy, PolicyError> {
        check::all(&self.settings)?;
        Ok(RetryPolicy::of(self.settings))
    }
}

#[cfg(test)]
mod tests;
