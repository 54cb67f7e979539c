//! Setters: how much, and over which connection.

use std::sync::Arc;

use crate::policy::given::Given;
use crate::policy::{Budget, FreshConnection, Narrow};
use crate::request::ConnectionWish;

use super::RetryPolicyBuilder;

impl RetryPolicyBuilder {
    /// The budget that charged replays are taken from. Default: 20 % of the requests, with a reserve of 100.
    pub fn budget(mut self, budget: Budget) -> Self {
        self.settings.budget = Some(budget);
        self
    }

    /// Limits replays by no budget.
    ///
    /// When all connections to a server die at once, every request on them is then repeated at once.
    pub fn no_budget(mut self) -> Self {
        self.settings.budget = None;
        self
    }

    /// Over which connection a request is replayed. Default: a fresh one, once the request had left.
    pub fn fresh_connection(mut self, choice: FreshConnection) -> Self {
        self.settings.fresh_connection = choice;
        self
    }

    /// Which connections are accepted by requests that could not be sent again. Default: any that is not known to be dead.
    ///
    /// Those are all of which a loss that may have been processed would be the caller's: a POST without a key that is
    /// honoured, a PUT with a precondition, what must never be sent twice, a tunnel, whatever
    /// [`methods`](Self::methods) or [`unknown(0)`](Self::unknown) leave out, and bodies known to be over the
    /// [`replay_limit`](Self::replay_limit). A request's own
    /// [`RequestOptions::connection`](crate::request::RequestOptions::connection) stands above it.
    ///
    /// ```
    /// use std::time::Duration;
    /// use unstale::request::ConnectionWish;
    /// use unstale::RetryPolicy;
    ///
    /// let second = Duration::from_secs(1);
    /// let policy = RetryPolicy::builder()
    ///     .unrepeatable_connection(ConnectionWish::IdleAtMost(second))
    ///     .build()?;
    /// # Ok::<(), unstale::policy::PolicyError>(())
    /// ```
    pub fn unrepeatable_connection(mut self, wish: ConnectionWish) -> Self {
        self.settings.unrepeatable_connection = wish;
        self
    }

    /// How many bytes of a body are kept for a replay; at most `isize::MAX`. Default: 64 KiB.
    ///
    /// A body over the limit is sent as ever, and only its replay is lost. Memory for one request is bounded by it.
    pub fn replay_limit(mut self, bytes: usize) -> Self {
        self.settings.replay_limit = bytes;
        self
    }

    /// Your own word on each replay that everything else allows: a closure, a [`Choice`](crate::policy::Choice), or a
    /// type of yours. Default: allow. It can only narrow.
    pub fn narrow(mut self, narrow: impl Narrow + 'static) -> Self {
        self.settings.narrow = Given(Arc::new(narrow));
        self
    }
}
