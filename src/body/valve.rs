//! What a body waits for before it flows.
//!
//! Apart from the body behind it because others hold it, too: who opens it, and who asks whether it was ever opened.
//! Invariant: it is opened or shut for good, whichever comes first, and stays so.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use super::error::BodyError;

/// Lets a body flow, or holds it back. Clones are of the same valve.
#[derive(Clone, Debug, Default)]
pub(crate) struct Valve(Arc<Mutex<Inner>>);

#[derive(Debug, Default)]
struct Inner {
    position: Position,
    /// Whoever waits for the body.
    waker: Option<Waker>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Position {
    #[default]
    Shut,
    Open,
    /// For good: the body fails.
    Broken,
}

impl Valve {
    /// Lets the body flow, unless it is shut for good.
    pub(crate) fn open(&self) {
        self.turn(Position::Open);
    }

    /// Shuts it for good, unless it was opened: who waits for the body gets an error, and its connection ends.
    pub(crate) fn shut_for_good(&self) {
        self.turn(Position::Broken);
    }

    /// Whether it was never opened.
    pub(crate) fn holds_back(&self) -> bool {
        self.lock().position != Position::Open
    }

    fn turn(&self, position: Position) {
        let waker = {
            let mut inner = self.lock();
            if inner.position == Position::Shut {
                inner.position = position;
            }
            inner.waker.take()
        };
        // Not under the lock: what a waker does is not ours to know.
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    pub(super) fn poll_open(&self, cx: &mut Context<'_>) -> Poll<Result<(), BodyError>> {
        let mut inner = self.lock();
        match inner.position {
            Position::Open => Poll::Ready(Ok(())),
            Position::Broken => Poll::Ready(Err(BodyError::withheld())),
            Position::Shut => {
                inner.waker = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
