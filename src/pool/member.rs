//! What the tasks of a connection hold of the pool: the connection's membership.
//!
//! hyper runs an HTTP/2 connection in more than one task; the last of them to end drops the socket. So each holds this,
//! and when it is gone, the connection is, however it went: ended, panicked, or dropped with its runtime.

use std::sync::Weak;
use std::sync::atomic::{AtomicBool, Ordering};

#[cfg(feature = "http2")]
use super::DiscardReason;
use super::Pool;
use super::slot::ConnectionId;

/// A connection's membership in a pool.
#[derive(Debug)]
pub(crate) struct Member {
    pool: Weak<Pool>,
    connection: ConnectionId,
    /// The pool waits for hyper to be done with the exchange.
    is_awaited: AtomicBool,
}

impl Member {
    pub(super) fn new(pool: Weak<Pool>, connection: ConnectionId) -> Self {
        Self {
            pool,
            connection,
            is_awaited: AtomicBool::new(false),
        }
    }

    /// From now on the pool waits for hyper to be done with the exchange, or no longer.
    pub(super) fn set_awaited(&self, awaited: bool) {
        self.is_awaited.store(awaited, Ordering::SeqCst);
    }

    /// hyper was polled: if the pool waits for it to be done with an exchange, it may be now.
    pub(crate) fn polled(&self) {
        // `SeqCst` on both sides, here after hyper has said "ready" and in the pool before it asks: one of the two sees it.
        if self.is_awaited.load(Ordering::SeqCst) {
            if let Some(pool) = self.pool.upgrade() {
                pool.settle(self.connection);
            }
        }
    }

    /// The peer allows this many streams.
    #[cfg(feature = "http2")]
    pub(crate) fn allows_streams(&self, streams: usize) {
        if let Some(pool) = self.pool.upgrade() {
            pool.allow_streams(self.connection, streams);
        }
    }

    /// The connection takes no further streams; those that run go on.
    #[cfg(feature = "http2")]
    pub(crate) fn takes_no_more(&self, reason: DiscardReason) {
        if let Some(pool) = self.pool.upgrade() {
            pool.retire(self.connection, reason);
        }
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        if let Some(pool) = self.pool.upgrade() {
            pool.ended(self.connection);
        }
    }
}
