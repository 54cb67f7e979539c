//! How many connections are kept, and for how long.

use std::time::Duration;

use super::ClientBuilder;
use crate::keepalive::Prevention;

impl ClientBuilder {
    /// How many idle connections are kept for each host; the longest idle goes first. Default: unlimited. 0 keeps none: each
    /// request gets a connection of its own.
    #[must_use]
    pub fn pool_max_idle_per_host(mut self, connections: usize) -> Self {
        self.pool.max_idle_per_host = connections;
        self
    }

    /// How many idle connections are kept in total; the longest idle goes first, whichever host it leads to. Default:
    /// unlimited.
    #[must_use]
    pub fn pool_max_idle(mut self, connections: usize) -> Self {
        self.pool.max_idle = connections;
        self
    }

    /// How long an idle connection is kept. Default: 90 seconds. `None` keeps connections until the peer closes them, zero has
    /// none used again. What is known of a server's own idle timeout ends its connections earlier, see
    /// [`prevention`](Self::prevention).
    #[must_use]
    pub fn pool_idle_timeout(mut self, timeout: impl Into<Option<Duration>>) -> Self {
        self.pool.idle_timeout = timeout.into();
        self
    }

    /// When an idle connection is no longer used, before its server closes it. Default: [`Prevention::default`], which goes by
    /// what servers announce and by what is learned of them; [`Prevention::off`] uses each as long as it looks alive.
    #[must_use]
    pub fn prevention(mut self, prevention: Prevention) -> Self {
        self.prevention = prevention;
        self
    }

    /// How old a connection may become; an older one is closed when nothing runs on it. Default: any age. Set it where
    /// requests are to follow changes in the DNS, or a balancer.
    #[must_use]
    pub fn pool_max_lifetime(mut self, lifetime: impl Into<Option<Duration>>) -> Self {
        self.pool.max_lifetime = lifetime.into();
        self
    }

    /// How many requests one connection may serve. Default: any number. A [preflight](crate::request::Preflight) is not counted,
    /// though the server may count it.
    #[must_use]
    pub fn pool_max_exchanges(mut self, exchanges: u64) -> Self {
        self.pool.max_exchanges = exchanges;
        self
    }

    /// How many connections may be open for each host, those being opened and those being closed included. Default:
    /// unlimited. Requests beyond wait in line, the first the first.
    ///
    /// An upload that goes on after its response was read keeps its connection; while requests wait for the place, for half a
    /// second at most.
    ///
    /// (Where a name has addresses of both families, two are tried at once for a moment.)
    #[must_use]
    pub fn max_connections_per_host(mut self, connections: usize) -> Self {
        self.pool.max_connections_per_host = connections;
        self
    }

    /// How many connections may be open in total. Default: unlimited. Where they are all in use, requests wait; where some
    /// are idle, the longest idle makes room. Hosts that wait take turns: sixteen more requests go to hosts that have
    /// connections, and then one of these makes room. (An HTTP/2 connection takes no more requests then, and makes room when
    /// those that run on it have ended.) Uploads that go on give way
    /// [as within the limit per host](Self::max_connections_per_host).
    #[must_use]
    pub fn max_connections(mut self, connections: usize) -> Self {
        self.pool.max_connections = connections;
        self
    }
}
