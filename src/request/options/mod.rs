//! The caller's word for one request, carried in its extensions.

// Which of two deadlines holds is tested without the clock, too.
#[cfg(any(test, feature = "tokio"))]
mod deadline;

use std::time::Duration;

use super::ConnectionWish;

/// What the caller permits for one request, whatever its method says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Permission {
    /// Nothing beyond what the method permits.
    #[default]
    ByMethod,
    /// It may be repeated even if it was processed: the caller says that this is harmless.
    MayRepeat,
    /// It is never sent twice, whatever is known of the first sending.
    NeverReplay,
    /// Where a replay of it as it stands is refused, it may be replayed as a GET with the form in the query.
    ReplayAsGet,
}

/// The caller's word for one request; insert it into the request's extensions.
///
/// ```
/// use unstale::request::RequestOptions;
///
/// let request = http::Request::post("http://example.com/pay")
///     .extension(RequestOptions::new().never_replay())
///     .body(())?;
/// # Ok::<(), http::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct RequestOptions {
    permission: Permission,
    deadline: Option<Duration>,
    connection: Option<ConnectionWish>,
}

impl RequestOptions {
    /// Options that change nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// The request may be repeated although its method is not idempotent (RFC 9110 section 9.2.2: "some means to know
    /// that the request semantics are actually idempotent").
    #[must_use]
    pub fn may_repeat(mut self) -> Self {
        self.permission = Permission::MayRepeat;
        self
    }

    /// The request is never sent twice, not even when it is certain that it never left.
    #[must_use]
    pub fn never_replay(mut self) -> Self {
        self.permission = Permission::NeverReplay;
        self
    }

    /// Where the request may not be replayed as it stands, it is replayed as a GET with its form body in the query.
    ///
    /// No RFC knows this as a retry. It is right only where the server does the same for both.
    #[must_use]
    pub fn replay_as_get(mut self) -> Self {
        self.permission = Permission::ReplayAsGet;
        self
    }

    /// Which connections the request accepts: only a new one, or one that has been idle for so long at most. Default: what
    /// the policy says of such requests, and that is any.
    ///
    /// ```
    /// use std::time::Duration;
    /// use unstale::request::{ConnectionWish, RequestOptions};
    ///
    /// let second = Duration::from_secs(1);
    /// let request = http::Request::post("http://example.com/pay")
    ///     .extension(RequestOptions::new().connection(ConnectionWish::IdleAtMost(second)))
    ///     .body(())?;
    /// # Ok::<(), http::Error>(())
    /// ```
    #[must_use]
    pub fn connection(mut self, wish: ConnectionWish) -> Self {
        self.connection = Some(wish);
        self
    }

    /// What is permitted.
    pub fn permission(&self) -> Permission {
        self.permission
    }

    /// The deadline set for this request.
    pub fn deadline_set(&self) -> Option<Duration> {
        self.deadline
    }

    /// The connections that this request accepts, if it says so.
    pub fn connection_set(&self) -> Option<ConnectionWish> {
        self.connection
    }
}
