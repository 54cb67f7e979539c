//! Why a connection was given up: one value for the log, the counters and the table of connections.

use crate::evidence::GateReason;

/// Why a connection was given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DiscardReason {
    /// It lay idle for longer than `pool_idle_timeout`.
    IdleTimeout,
    /// It was open for longer than `pool_max_lifetime`.
    Lifetime,
    /// It had served `pool_max_exchanges` requests.
    ExchangeLimit,
    /// There were more idle connections than allowed, and it had been idle longest.
    IdleLimit,
    /// A request that it could not carry needed its place within `max_connections` or `max_connections_per_host`: one to
    /// another server, one that accepts only a new connection or one that was not idle for so long, or one in line behind an
    /// upload without end.
    MadeRoom,
    /// The peer had closed it while it lay idle: found before a request was sent into it.
    Stale(GateReason),
    /// It had been idle for nearly as long as its server keeps idle connections, or had carried as many requests as its
    /// server takes on one: what the server says of that, or what was learned (see [`Prevention`](crate::Prevention)).
    Expiring,
    /// It lay idle while the machine slept, or the process stood still, and it is not known for how long its server keeps
    /// idle connections.
    AfterSleep,
    /// The peer closed it while it lay idle.
    PeerClosed,
    /// It ended with its exchange: `Connection: close`, HTTP/1.0, a body that ends with the connection, or one that broke off.
    Spent,
    /// An HTTP/2 connection on which nothing was heard of the peer for the keep-alive interval and timeout.
    Unheard,
    /// Nothing at all was heard of the peer after a request was written on it, or on another to the same server that had been
    /// idle no longer than it.
    Silent,
    /// The peer takes no further streams on it (HTTP/2 `GOAWAY`).
    GoAway,
    /// It was asked before a request was sent over it ([`Preflight`](crate::request::Preflight)), and died of that or said
    /// nothing; or it had been idle for no less long than one that said nothing.
    Preflight,
    /// An exchange on it failed.
    Failed,
    /// An exchange on it was given up by the caller.
    Canceled,
    /// The body of a response was not read to its end, and the rest was too long to be drained.
    NotDrained,
    /// It speaks another protocol from now on.
    Upgraded,
    /// The client was closed.
    ClientClosed,
}

impl DiscardReason {
    pub(super) const COUNT: usize = 19;

    /// The reason in words, for a reader who does not know sockets.
    pub fn explain(self) -> &'static str {
        match self {
            Self::IdleTimeout => "it had been idle for longer than the client keeps connections",
            Self::Lifetime => "it had been open for longer than the client keeps connections",
            Self::ExchangeLimit => "it had served as many requests as one connection may",
            Self::IdleLimit => "more connections were idle than the client keeps",
            Self::MadeRoom => "its place was needed for a request that it could not carry",
            Self::Stale(reason) => reason.explain(),
            Self::Expiring => GateReason::Expiring.explain(),
            Self::AfterSleep => GateReason::AfterSleep.explain(),
            Self::PeerClosed => "the server closed it while it was idle",
            Self::Spent => "it was to carry one request and no other",
            Self::Unheard => "the server had not been heard of for too long",
            Self::Silent => {
                "nothing was heard of the server on it, or on another that had been idle no longer"
            }
            Self::GoAway => "the server said that it takes no further requests on it",
            Self::Preflight => "the server did not answer when it was asked before a request",
            Self::Failed => "a request on it failed",
            Self::Canceled => "a request on it was given up before it was answered",
            Self::NotDrained => "a response on it was not read to its end",
            Self::Upgraded => "it speaks another protocol now",
            Self::ClientClosed => "the client was closed",
        }
    }

    /// What the gate's refusal means for a connection of the pool.
    pub(super) fn at_gate(reason: GateReason) -> Self {
        match reason {
            GateReason::Expiring => Self::Expiring,
            GateReason::AfterSleep => Self::AfterSleep,
            reason => Self::Stale(reason),
        }
    }

    /// The place of its counter.
    pub(super) fn index(self) -> usize {
        match self {
            Self::IdleTimeout => 0,
            Self::Lifetime => 1,
            Self::ExchangeLimit => 2,
            Self::IdleLimit => 3,
            Self::MadeRoom => 4,
            Self::Stale(_) => 5,
            Self::PeerClosed => 6,
            Self::Unheard => 7,
            Self::GoAway => 8,
            Self::Failed => 9,
            Self::Canceled => 10,
            Self::NotDrained => 11,
            Self::Upgraded => 12,
            Self::ClientClosed => 13,
            Self::Spent => 14,
            Self::Preflight => 15,
            Self::Expiring => 16,
            Self::AfterSleep => 17,
            Self::Silent => 18,
        }
    }
}
