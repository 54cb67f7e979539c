//! An empty question to a connection, before a request goes over it that could not be sent again.

use std::time::Duration;

use http::Method;
use http::uri::PathAndQuery;

/// How a connection that has been idle for long is asked whether it is alive, before a request goes over it that could not
/// be sent again; for [`RetryPolicyBuilder::preflight`](crate::policy::RetryPolicyBuilder::preflight).
///
/// It costs one round trip, and a request that the server sees (and logs), each time such a request finds nothing but
/// connections that were idle for longer. In return the loss of the question is harmless, and a firewall that has
/// forgotten the connection is found out before the request is in its hands. What dies between the answer and the
/// request is judged as ever: the answer makes that unlikely, and proves nothing.
///
#[cfg_attr(feature = "client", doc = "```")]
#[cfg_attr(not(feature = "client"), doc = "```ignore")]
/// use std::time::Duration;
/// use http::uri::PathAndQuery;
/// use unstale::RetryPolicy;
/// use unstale::request::Preflight;
///
/// let health = PathAndQuery::from_static("/health");
/// let preflight = Preflight::head(health).idle_longer_than(Duration::from_secs(5));
/// let policy = RetryPolicy::builder().preflight(preflight).build()?;
/// # Ok::<(), unstale::policy::PolicyError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preflight {
    method: Method,
    path: PathAndQuery,
    idle_longer_than: Duration,
    timeout: Duration,
}

impl Preflight {
    /// Asks by `OPTIONS *`, which is about the server as a whole (RFC 9110 section 9.3.7: "a ping or no-op type of
    /// method").
    pub fn options() -> Self {
        Self::by(Method::OPTIONS, PathAndQuery::from_static("*"))
    }

    /// Asks by a HEAD of this path, where a server minds `OPTIONS *`: one that closes the connection behind its answer has
    /// it closed each time.
    pub fn head(path: PathAndQuery) -> Self {
        Self::by(Method::HEAD, path)
    }

    fn by(method: Method, path: PathAndQuery) -> Self {
        Self {
            method,
            path,
            idle_longer_than: Duration::from_secs(1),
            timeout: Duration::from_secs(1),
        }
    }

    /// Connections are asked that were idle for longer than this. Default: 1 second. Zero asks all that were open already.
    #[must_use]
    pub fn idle_longer_than(mut self, idle: Duration) -> Self {
        self.idle_longer_than = idle;
        self
    }

    /// How long the answer may take, its body included; above zero. Default: 1 second. A connection that takes longer is
    /// closed.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// The method of the question.
    pub fn method(&self) -> &Method {
        &self.method
    }

    /// What is asked for.
    pub fn path(&self) -> &PathAndQuery {
        &self.path
    }

    /// How long a connection has been idle that is not asked, at most.
    pub fn idle_limit(&self) -> Duration {
        self.idle_longer_than
    }

    /// How long the answer may take.
    pub fn time_limit(&self) -> Duration {
        self.timeout
    }
}
