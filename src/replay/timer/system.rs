//! The system's clock, where there is no tokio. Nothing sets a pause or a deadline then, and nothing waits.

use super::Timer;

#[expect(
    clippy::disallowed_types,
    reason = "there is no other clock without tokio"
)]
pub(in crate::replay) type Instant = std::time::Instant;

/// Waits for a moment, `None` if there is nothing to wait with.
pub(super) fn until(_: Instant) -> Option<Timer> {
    None
}

/// A reading of this clock, as the pure parts take it.
pub(in crate::replay) fn moment(at: Instant) -> crate::policy::Now {
    at
}

/// The system's own reading of the time, which the pure parts take.
pub(in crate::replay) fn now() -> crate::policy::Now {
    Instant::now()
}
