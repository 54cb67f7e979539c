//! Who reads a lasting socket, and is woken when there is something to read.
//!
//! Apart from the tap because it is about wakers, and the tap about bytes.

use std::sync::Arc;
use std::task::{Context, Waker};

use super::ledger::Ledger;

/// Who reads a lasting socket.
pub(super) enum Reader {
    /// Nobody yet.
    Unknown,
    /// A task, by a waker of its own. The socket is read by the ledger's, which notes that there is something to read, and wakes
    /// this one.
    Task(Waker),
    /// Whose turn it is, by the ledger's waker, for good: once there are turns, the ledger knows whom to wake, and nobody else is
    /// put in that place. Who reads after that, upgraded, is woken by the runtime itself.
    InTurns,
}

impl Reader {
    /// Whether it reads by this waker.
    #[inline]
    pub(super) fn is_by(&self, cx: &Context<'_>, ledger: &Arc<Ledger>) -> bool {
        match self {
            Self::Task(task) => task.will_wake(cx.waker()),
            Self::InTurns | Self::Unknown => ledger.is_by(cx),
        }
    }

    /// What the socket is read by instead, for the task of this waker; `None`: by itself.
    pub(super) fn stand_in(&mut self, waker: &Waker, ledger: &Arc<Ledger>) -> Option<Waker> {
        let is_known = match self {
            Self::InTurns => return None,
            Self::Task(task) => task.will_wake(waker),
            Self::Unknown => false,
        };
        if !is_known {
            *self = Self::Task(waker.clone());
            ledger.is_driven_by(waker.clone());
        }
        Some(Waker::from(Arc::clone(ledger)))
    }
}
