//! Who is asking: the attempt in whose poll hyper-util is running.
//!
//! hyper-util clones a connection's extra at moments that matter (see [`Facts`](super::facts::Facts)), and tells the
//! clone nothing of the request. The adapter next to it puts the attempt into this thread-local around each poll, so
//! that the clone knows for whom it is made.
//!
//! Invariant: outside of [`within`] there is no attempt, also when the poll panics.

use std::cell::Cell;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::book::{Book, Boundary};
use super::ledger::Ledger;
use crate::body::Progress;
use crate::evidence::GateReason;

thread_local! {
    static CURRENT: Cell<Option<Box<Slot>>> = const { Cell::new(None) };
}

/// What an attempt tells the taps of itself, and what they leave for it.
#[derive(Debug)]
pub(crate) struct Slot {
    /// How far the request's body has been taken.
    pub(crate) progress: Progress,
    /// When the attempt began: a connection opened before it has lain idle.
    pub(crate) started: Instant,
    /// hyper-util names the connection before it hands the request to hyper.
    pub(crate) is_captured: bool,
    /// Only a connection opened after this moment may carry the attempt; it is captured then.
    pub(crate) opened_after: Option<Instant>,
    /// Only one that has been idle for so long at most may, or one opened since the attempt began.
    pub(crate) idle_at_most: Option<Duration>,
    /// One that has been idle since this moment, or longer, may not; it is captured then.
    pub(crate) silent_since: Option<Instant>,
    /// The request asks for a tunnel or another protocol: what follows on the connection are no exchanges.
    pub(crate) tunnel: bool,
    /// The connection that was last opened in its polls.
    pub(crate) opened: Option<Arc<Ledger>>,
    /// The connection that hyper-util last named.
    pub(crate) seen: Option<Seen>,
}

/// A connection as an attempt saw it.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) ledger: Arc<Ledger>,
    /// The mark that holds for this attempt: bytes written before it began, or fewer.
    pub(crate) mark: u64,
    /// Bytes received before it began, or fewer.
    pub(crate) received: u64,
    /// Whether what was written since then left in one piece.
    pub(crate) in_one_piece: bool,
    /// Exchanges before this one.
    pub(crate) exchanges: u64,
}

impl Slot {
    /// What the next write on `ledger` is, seen from this attempt.
    pub(super) fn boundary(&self, ledger: &Ledger) -> Boundary {
        // Of an attempt that is captured hyper-util names the connection before the request is handed to hyper, and the write
        // after that begins it.
        if self.is_captured && self.sees_first(ledger) {
            Boundary::Certain
        } else if self.tunnel {
            Boundary::Unknown
        } else {
            Boundary::AfterBody(self.progress.clone())
        }
    }

    /// Why the attempt does not accept this connection, which hyper-util names, if it does not.
    pub(super) fn unwanted(&self, ledger: &Ledger, book: &Book) -> Option<GateReason> {
        let too_old = |moment| ledger.opened <= moment;
        let silent = |moment| book.active.unwrap_or(ledger.opened) <= moment;
        if self.opened_after.is_some_and(too_old) || self.silent_since.is_some_and(silent) {
            return Some(GateReason::Condemned);
        }
        // It is named once more when it has answered, and is not idle then.
        let is_candidate = self.sees_first(ledger) && ledger.opened < self.started;
        let too_idle = |limit| book.active.unwrap_or(ledger.opened).elapsed() > limit;
        let is_refused = is_candidate && self.idle_at_most.is_some_and(too_idle);
        is_refused.then_some(GateReason::IdleTooLong)
    }

    fn sees_first(&self, ledger: &Ledger) -> bool {
        let seen = self.seen.as_ref();
        seen.is_none_or(|seen| seen.ledger.id() != ledger.id())
    }
}

/// Runs `poll` for the attempt in `slot`, which is boxed: it is taken in and out with each poll.
#[inline]
pub(crate) fn within<R>(slot: &mut Option<Box<Slot>>, poll: impl FnOnce() -> R) -> R {
    /// Meanwhile it holds the attempt outside of this one, if there is any.
    struct Swapped<'a>(&'a mut Option<Box<Slot>>);
    impl Drop for Swapped<'_> {
        fn drop(&mut self) {
            swap(self.0);
        }
    }
    swap(slot);
    let _swapped = Swapped(slot);
    poll()
}

#[inline]
fn swap(slot: &mut Option<Box<Slot>>) {
    CURRENT.with(|current| current.swap(Cell::from_mut(slot)));
}

/// Hands the current attempt to `act`, if there is one.
pub(crate) fn current<R>(act: impl FnOnce(Option<&mut Slot>) -> R) -> R {
    let mut slot = CURRENT.take();
    let result = act(slot.as_deref_mut());
    CURRENT.set(slot);
    result
}
