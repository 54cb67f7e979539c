//! What the taps counted on a connection, at the end of one attempt.

use std::time::Duration;

/// Whether a connection had lain idle in a pool before an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reuse {
    /// It had lain idle in a pool, whether or not it has served a request before.
    Reused,
    /// It was opened for this attempt.
    Fresh,
    /// Nothing is known of it.
    Unknown,
}

/// What the taps counted on the connection of one attempt.
///
/// `sent` is never too low and `received` never too low: both may include bytes of the exchange before, where the
/// boundary between the two could not be told. Both errors only make a replay less likely.
#[derive(Clone, Debug)]
pub struct Trace {
    pub(crate) connection: u64,
    pub(crate) reuse: Reuse,
    pub(crate) exchanges: u64,
    pub(crate) age: Duration,
    pub(crate) idle: Option<Duration>,
    pub(crate) sent: u64,
    pub(crate) acknowledged: Option<u64>,
    pub(crate) received: u64,
    pub(crate) sealed: bool,
}

impl Trace {
    /// The connection's number, unique in this process.
    pub fn connection(&self) -> u64 {
        self.connection
    }

    /// Whether it had lain idle in a pool before this attempt.
    pub fn reuse(&self) -> Reuse {
        self.reuse
    }

    /// How many exchanges it had served before this one.
    pub fn exchanges(&self) -> u64 {
        self.exchanges
    }

    /// How long it had been open when the attempt ended.
    pub fn age(&self) -> Duration {
        self.age
    }

    /// How long it had been idle before this request; `None` on its first exchange.
    pub fn idle(&self) -> Option<Duration> {
        self.idle
    }

    /// Bytes written to the socket for this request, TLS framing included.
    pub fn sent(&self) -> u64 {
        self.sent
    }

    /// How many of them the peer's kernel had acknowledged; `None` where that cannot be told.
    pub fn acknowledged(&self) -> Option<u64> {
        self.acknowledged
    }

    /// Bytes of a response that arrived, above TLS.
    pub fn received(&self) -> u64 {
        self.received
    }

    /// Whether the connection can write nothing any more, so that [`sent`](Self::sent) is final.
    pub fn is_sealed(&self) -> bool {
        self.sealed
    }
}
