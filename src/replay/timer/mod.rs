//! The clock of the loop, and waiting by it. Without the feature `tokio` there is a clock and no waiting.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

#[cfg(not(feature = "tokio"))]
#[path = "system.rs"]
mod clock;
#[cfg(feature = "tokio")]
#[path = "tokio.rs"]
mod clock;

pub(super) use self::clock::{Instant, moment, now};

/// A wait that has begun.
pub(super) type Timer = Pin<Box<dyn Future<Output = ()> + Send + Sync>>;

/// Waits for a while, `None` if there is nothing to wait for or with.
pub(super) fn after(pause: Duration) -> Option<Timer> {
    if pause.is_zero() {
        return None;
    }
    clock::until(Instant::now().checked_add(pause)?)
}

/// The moment by which all must be over.
pub(super) enum Deadline {
    None,
    /// Not polled yet: the timer is made where there is a runtime for certain.
    At(Instant),
    Running(Timer),
}

impl Deadline {
    #[inline]
    pub(super) fn after(started: Instant, deadline: Option<Duration>) -> Self {
        // A deadline beyond the end of time is none.
        deadline
            .and_then(|deadline| started.checked_add(deadline))
            .map_or(Self::None, Self::At)
    }

    #[inline]
    pub(super) fn poll_passed(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if let Self::At(moment) = *self {
            *self = clock::until(moment).map_or(Self::None, Self::Running);
        }
        match self {
            Self::Running(timer) => timer.as_mut().poll(cx),
            Self::None | Self::At(_) => Poll::Pending,
        }
    }
}
