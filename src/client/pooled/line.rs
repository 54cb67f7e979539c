//! hyper's side of an HTTP/1 connection, where whoever has the turn can drive it: its task, or the request that is under way.
//!
//! Apart from the handshake because it is what lasts of the connection; whose turn it is, the ledger knows.
//!
//! Invariant: the connection is dropped when it has ended, or its task has; never under the lock, and before the task lets go of
//! its membership.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use crate::conn::Ledger;
use crate::pool::{Line, Member};

/// A connection of hyper's, which is a future; `None` once it has ended.
struct Shared<C> {
    connection: Mutex<Option<C>>,
    /// The ledger's, by which it is polled.
    waker: Waker,
    ledger: Arc<Ledger>,
}

impl<C> Shared<C> {
    fn end(&self) {
        let mut connection = self
            .connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let ended = connection.take();
        drop(connection);
        drop(ended);
        self.ledger.wake_line();
    }
}

impl<C: Future + Unpin + Send> Line for Shared<C> {
    fn drive(&self) -> bool {
        let mut cx = Context::from_waker(&self.waker);
        // Whoever panicked in it was its last.
        if let Ok(mut connection) = self.connection.lock() {
            let Some(connection) = &mut *connection else {
                return false;
            };
            self.ledger.is_driven();
            match Pin::new(connection).poll(&mut cx) {
                Poll::Pending => return true,
                Poll::Ready(_) => {}
            }
        }
        self.end();
        false
    }
}

/// Drives an HTTP/1 connection to its end, but for the turns of requests. What that end was is told to the request that it
/// failed, if there was one.
pub(super) struct Exchanges<C> {
    line: Arc<Shared<C>>,
    /// After the connection, and its socket.
    member: Arc<Member>,
}

impl<C: Future + Unpin + Send + 'static> Exchanges<C> {
    pub(super) fn new(connection: C, ledger: Arc<Ledger>, member: Arc<Member>) -> Self {
        let line = Arc::new(Shared {
            connection: Mutex::new(Some(connection)),
            waker: Waker::from(Arc::clone(&ledger)),
            ledger,
        });
        member.set_line(line.clone());
        Self { line, member }
    }
}

impl<C: Future + Unpin + Send> Future for Exchanges<C> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if !self.line.ledger.is_tasks_turn(cx) {
            return Poll::Pending;
        }
        let is_open = self.line.drive();
        self.member.polled();
        if is_open {
            Poll::Pending
        } else {
            Poll::Ready(())
        }
    }
}

impl<C> Drop for Exchanges<C> {
    fn drop(&mut self) {
        self.line.end();
    }
}
