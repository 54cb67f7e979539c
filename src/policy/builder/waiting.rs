//! Setters: how long, and how fast. Only with the feature `tokio`.
//!
//! Apart from the other limits because there is nothing to wait with otherwise, and a deadline that never passes is worse
//! than one that cannot be set.

use std::time::Duration;

use crate::policy::Pause;

use super::RetryPolicyBuilder;

impl RetryPolicyBuilder {
    /// One deadline over all attempts of a request, counted from when its future is first polled; above zero. Default: none.
    ///
    /// A request may carry its own in [`RequestOptions`](crate::request::RequestOptions). Only with the feature `tokio`,
    /// as nothing else can wait.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.settings.deadline = Some(deadline);
        self
    }

    /// The pause before a replay. Default: none. Only with the feature `tokio`, as nothing else can wait.
    pub fn pause(mut self, pause: Pause) -> Self {
        self.settings.pause = pause;
        self
    }
}
