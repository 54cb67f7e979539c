//! `Expect: 100-continue` on connections that have been idle for long.

use std::time::Duration;

/// How the body of a request that could not be sent again is held back on a connection that has been idle for long; for
/// [`RetryPolicyBuilder::expect_on_reuse`](crate::policy::RetryPolicyBuilder::expect_on_reuse).
///
/// The head goes with `Expect: 100-continue` (RFC 9110 section 10.1.1), the body when the server has said 100, or after
/// the [`wait`](Self::wait): a server may ignore the expectation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExpectOnReuse {
    idle_longer_than: Duration,
    wait: Duration,
}

impl ExpectOnReuse {
    /// On connections that were idle for longer than a second; the body waits for a second.
    pub fn new() -> Self {
        Self {
            idle_longer_than: Duration::from_secs(1),
            wait: Duration::from_secs(1),
        }
    }

    /// The body is held back on connections that were idle for longer than this. Default: 1 second. Zero: on all that were
    /// open already.
    #[must_use]
    pub fn idle_longer_than(mut self, idle: Duration) -> Self {
        self.idle_longer_than = idle;
        self
    }

    /// How long the body waits for the server's 100 before it is sent without; above zero. Default: 1 second. What a
    /// server that ignores expectations costs.
    #[must_use]
    pub fn wait(mut self, wait: Duration) -> Self {
        self.wait = wait;
        self
    }

    /// How long a connection has been idle on which the body is not held back, at most.
    pub fn idle_limit(&self) -> Duration {
        self.idle_longer_than
    }

    /// How long the body waits.
    pub fn time_limit(&self) -> Duration {
        self.wait
    }
}

impl Default for ExpectOnReuse {
    fn default() -> Self {
        Self::new()
    }
}
