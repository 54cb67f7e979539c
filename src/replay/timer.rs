//! The clock of the loop, and waiting by it. Without the feature `tokio` there is a clock and no waiting.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

#[cfg(feature = "tokio")]
pub(super) use tokio::time::Instant;

/// Without tokio's clock, the system's.
#[cfg(not(feature = "tokio"))]
#[expect(
    clippy::disallowed_types,
    reason = "there is no other clock without tokio"
)]
pub(super) type Instant = std::time::Instant;

/// A wait that has begun.
pub(super) type Timer = Pin<Box<dyn Future<Output = ()> + Send + Sync>>;

/// Waits for a moment, `None` if there is nothing to wait with.
#[cfg(feature = "tokio")]
#[expect(
    clippy::unnecessary_wraps,
    reason = "without tokio there is nothing to wait with"
)]
pub(super) fn until(moment: Instant) -> Option<Timer> {
    Some(Box::pin(tokio::time::sleep_until(moment)))
}

/// Waits for a moment, `None` if there is nothing to wait with.
#[cfg(not(feature = "tokio"))]
pub(super) fn until(_: Instant) -> Option<Timer> {
    None
}

/// Waits for a while, `None` if there is nothing to wait for or with.
pub(super) fn after(pause: Duration) -> Option<Timer> {
    if pause.is_zero() {
        return None;
    }
    until(Instant::now().checked_add(pause)?)
}

/// The system's own reading of the time, which the pure parts take.
#[cfg(feature = "tokio")]
pub(super) fn now() -> crate::policy::Now {
    Instant::now().into_std()
}

/// The system's own reading of the time, which the pure parts take.
#[cfg(not(feature = "tokio"))]
pub(super) fn now() -> crate::policy::Now {
    Instant::now()
}

/// The moment by which all must be over.
pub(super) enum Deadline {
    None,
    /// Not polled yet: the timer is made where there is a runtime for certain.
    At(Instant),
    Running(Timer),
}

impl Deadline {
    pub(super) fn after(deadline: Option<Duration>) -> Self {
        // A deadline beyond the end of time is none.
        deadline
            .and_then(|deadline| Instant::now().checked_add(deadline))
            .map_or(Self::None, Self::At)
    }

    pub(super) fn poll_passed(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if let Self::At(moment) = *self {
            *self = until(moment).map_or(Self::None, Self::Running);
        }
        match self {
            Self::Running(timer) => timer.as_mut().poll(cx),
            Self::None | Self::At(_) => Poll::Pending,
        }
    }
}
