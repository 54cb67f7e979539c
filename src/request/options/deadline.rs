//! The request's own deadline. Only with the feature `tokio`.
//!
//! Apart from the other options because nothing else can wait, and a deadline that never passes is worse than one that
//! cannot be set.

use std::time::Duration;

use super::RequestOptions;

impl RequestOptions {
    /// One deadline over all attempts of this request, counted from when its future is first polled. Default: the policy's.
    ///
    /// Only with the feature `tokio`, as nothing else can wait.
    #[must_use]
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = Some(deadline);
        self
    }
}
