//! What the tasks of a connection hold of the pool: the connection's membership.
//!
//! hyper runs an HTTP/2 connection in more than one task; the last of them to end drops the socket. So each holds this,
//! and when it is gone, the connection is, however it went: ended, panicked, or dropped with its runtime.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock, Weak};

#[cfg(feature = "http2")]
use super::DiscardReason;
use super::Pool;
use super::slot::ConnectionId;

/// An HTTP/1 connection, where others than its task can reach it.
pub(crate) trait Line: Send + Sync {
    /// Polls the connection, for whoever has the turn. Returns whether it goes on.
    fn drive(&self) -> bool;
}

/// A connection's membership in a pool.
pub(crate) struct Member {
    pool: Weak<Pool>,
    connection: ConnectionId,
    /// The pool waits for hyper to be done with the exchange.
    is_awaited: AtomicBool,
    line: OnceLock<Arc<dyn Line>>,
}

impl Member {
    pub(super) fn new(pool: Weak<Pool>, connection: ConnectionId) -> Self {
        Self {
            pool,
            connection,
            is_awaited: AtomicBool::new(false),
            line: OnceLock::new(),
        }
    }

    /// The connection is open, and this is where it can be driven.
    pub(crate) fn set_line(&self, line: Arc<dyn Line>) {
        let _ = self.line.set(line);
    }

    /// Drives the connection, for the request that has the turn. Returns whether it goes on.
    #[inline]
    pub(crate) fn drive(&self) -> bool {
        self.line.get().is_some_and(|line| line.drive())
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

impl fmt::Debug for Member {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Member")
            .field("connection", &self.connection)
            .finish_non_exhaustive()
    }
}
