//! Whose turn it is to drive an HTTP/1 connection: its task's, or that of the request that is under way on it.
//!
//! ```text
//! the task's ──take──▶ the request's ──give──▶ the task's
//!                        └─ drives it in its own polls: writes, waits for the socket, reads
//! ```
//!
//! hyper's connection is a future that somebody has to poll. If that is always a task, a request costs two switches between
//! tasks, on two threads perhaps, and each goes through the runtime's queues. So while a request waits for the head of its
//! answer, it polls the connection itself. Before and after that the task does: while the connection lies idle, while a
//! body flows.
//!
//! Whoever polls the connection does so with one and the same waker, which is the ledger, and which wakes whose turn it is.
//!
//! Handing a request over wakes hyper's side, which is polled next anyway; and so does taking the last of a body, when it has
//! nothing left to do. Both are done quietly: what comes of them is told to whoever did them.
//!
//! Invariant: what wakes the connection is not lost when the turn changes. It is noted before it is known whom to wake, and
//! whoever is about to wait, or has given the turn, asks for it after saying so.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Wake, Waker};

use parking_lot::{Mutex, MutexGuard};

use super::ledger::Ledger;

thread_local! {
    /// The connection of which this thread keeps quiet, if it does, and whether it has been woken by this thread meanwhile.
    static QUIET: Cell<(u64, bool)> = const { Cell::new((NONE, false)) };
}

/// No connection's number.
const NONE: u64 = 0;

/// Whose turn it is.
#[derive(Debug, Default)]
pub(super) struct Turn {
    /// The connection has been woken since it was last polled.
    is_woken: AtomicBool,
    /// It has been since its socket was last read.
    may_read: AtomicBool,
    /// Something was read, an end or an error too, since a request took the turn.
    has_come: AtomicBool,
    holder: Mutex<Holder>,
}

#[derive(Debug, Default)]
struct Holder {
    /// The connection's task, once it was polled.
    task: Option<Waker>,
    /// Whether it is a request's turn.
    is_request: bool,
    /// The task of that request, while it waits.
    waits: Option<Waker>,
}

impl Turn {
    #[inline]
    fn holder(&self) -> MutexGuard<'_, Holder> {
        self.holder.lock()
    }

    #[cfg(feature = "client")]
    #[inline]
    fn is_woken(&self) -> bool {
        self.is_woken.load(Ordering::SeqCst)
    }

    /// Wakes whose turn it is; never under the lock, see [`Ledger::notify`].
    fn wake(&self) {
        self.may_read.store(true, Ordering::Release);
        self.is_woken.store(true, Ordering::SeqCst);
        let waker = {
            let mut holder = self.holder();
            if holder.is_request {
                holder.waits.take()
            } else {
                holder.task.clone()
            }
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

/// While there is this, its thread does not wake the connection.
#[cfg(feature = "client")]
pub(crate) struct Quiet(u64);

#[cfg(feature = "client")]
impl Quiet {
    /// Returns whether the connection would have been woken: it is then to be [woken](Ledger::wake_line), unless nothing is to be
    /// done for it, or it is driven next.
    #[inline]
    pub(crate) fn end(self) -> bool {
        QUIET.with(Cell::get) == (self.0, true)
    }
}

#[cfg(feature = "client")]
impl Drop for Quiet {
    #[inline]
    fn drop(&mut self) {
        QUIET.with(|quiet| quiet.set((NONE, false)));
    }
}

#[cfg(feature = "client")]
impl Ledger {
    /// It is the turn of the request that is about to be handed over, until it [gives](Self::give_turn) it. If it never drives
    /// the connection, the task will.
    #[inline]
    pub(crate) fn take_turn(&self) {
        self.turn.holder().is_request = true;
        self.turn.is_woken.store(true, Ordering::SeqCst);
        self.turn.has_come.store(false, Ordering::Release);
    }

    /// Whether anything was read since the turn was taken: before that there is no answer, as long as the connection goes on.
    #[inline]
    pub(crate) fn has_come_in_turn(&self) -> bool {
        self.turn.has_come.load(Ordering::Acquire)
    }

    /// The request that has the turn is about to wait: for whatever wakes the connection. If something has since it was last
    /// driven, the request is polled once more at once.
    #[inline]
    pub(crate) fn wait_in_turn(&self, cx: &Context<'_>) {
        let waker = cx.waker().clone();
        let _before = self.turn.holder().waits.replace(waker);
        if self.turn.is_woken() {
            cx.waker().wake_by_ref();
        }
    }

    /// It is the turn of the connection's task again. Before the connection goes to another request.
    #[inline]
    pub(crate) fn give_turn(&self) {
        let _waits = {
            let mut holder = self.turn.holder();
            holder.is_request = false;
            holder.waits.take()
        };
        if self.turn.is_woken() {
            self.turn.wake();
        }
    }

    /// Whether it is the turn of the connection's task, which is polled.
    pub(crate) fn is_tasks_turn(&self, cx: &Context<'_>) -> bool {
        let waker = cx.waker().clone();
        let (is_request, _before) = {
            let mut holder = self.turn.holder();
            (holder.is_request, holder.task.replace(waker))
        };
        !is_request
    }

    /// The connection is about to be polled: what has woken it is seen by that.
    #[inline]
    pub(crate) fn is_driven(&self) {
        self.turn.is_woken.swap(false, Ordering::SeqCst);
    }

    /// The connection is to be polled by whose turn it is.
    #[cold]
    pub(crate) fn wake_line(&self) {
        self.turn.wake();
    }

    /// Puts off what this thread wakes the connection by, until the guard ends.
    #[inline]
    pub(crate) fn quiet(&self) -> Quiet {
        QUIET.with(|quiet| quiet.set((self.id(), false)));
        Quiet(self.id())
    }
}

impl Ledger {
    /// Whether this is the waker by which the connection is polled wherever it is driven.
    #[inline]
    pub(super) fn is_by(self: &Arc<Self>, cx: &Context<'_>) -> bool {
        std::ptr::eq(cx.waker().data(), Arc::as_ptr(self).cast())
    }

    /// There are no turns yet: this task drives the connection, by a waker of its own.
    ///
    /// It is not taken back when the socket goes. There may be turns by then, and another task, which has to be told that the
    /// connection has ended: TLS may know of that without another read.
    #[cold]
    pub(super) fn is_driven_by(&self, task: Waker) {
        let _before = self.turn.holder().task.replace(task);
    }

    /// Whether the socket, of which the last read had to wait, is to be read.
    #[inline]
    pub(super) fn may_read(&self) -> bool {
        self.turn.may_read.load(Ordering::Acquire)
    }

    /// A read did not have to wait.
    #[inline]
    pub(super) fn has_come(&self) {
        self.turn.has_come.store(true, Ordering::Release);
    }

    /// The socket is about to be read.
    #[inline]
    pub(super) fn is_read(&self) {
        self.turn.may_read.swap(false, Ordering::AcqRel);
    }

    fn is_woken(&self) {
        if QUIET.with(Cell::get).0 == self.id() {
            QUIET.with(|quiet| quiet.set((self.id(), true)));
        } else {
            self.turn.wake();
        }
    }
}

impl Wake for Ledger {
    fn wake(self: Arc<Self>) {
        self.is_woken();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.is_woken();
    }
}

#[cfg(all(test, feature = "client"))]
mod tests;
