//! How the replay layer asks whatever is next to the wire for a connection that has not been idle for long.

use std::time::Duration;

/// In a request's extensions: only a connection that has been idle for so long at most may carry it, or a new one.
///
/// Put there by the replay layer, by the wish of the request or of its policy
/// ([`ConnectionWish`](super::ConnectionWish)).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OnRecentConnection {
    idle_at_most: Duration,
}

impl OnRecentConnection {
    pub(crate) fn idle_at_most(limit: Duration) -> Self {
        Self {
            idle_at_most: limit,
        }
    }

    /// How long it may have been idle; above zero.
    pub fn limit(&self) -> Duration {
        self.idle_at_most
    }
}
