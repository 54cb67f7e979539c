//! tokio's clock, so that a paused test clock governs.

use super::Timer;

pub(in crate::replay) use tokio::time::Instant;

/// Waits for a moment, `None` if there is nothing to wait with.
#[expect(
    clippy::unnecessary_wraps,
    reason = "without tokio there is nothing to wait with"
)]
pub(super) fn until(moment: Instant) -> Option<Timer> {
    Some(Box::pin(tokio::time::sleep_until(moment)))
}

/// A reading of this clock, as the pure parts take it.
pub(in crate::replay) fn moment(at: Instant) -> crate::policy::Now {
    at.into_std()
}

/// The system's own reading of the time, which the pure parts take.
pub(in crate::replay) fn now() -> crate::policy::Now {
    Instant::now().into_std()
}
