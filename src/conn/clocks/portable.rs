//! Elsewhere: whether the standard library's clock goes on while the machine sleeps depends on the system; the wall clock, which
//! is read beside it, does.

use std::sync::OnceLock;
use std::time::Duration;

#[expect(
    clippy::disallowed_types,
    reason = "the machine's own clock is wanted here, and not a runtime's that can be paused"
)]
type Instant = std::time::Instant;

pub(super) fn boot() -> Duration {
    static BEGIN: OnceLock<Instant> = OnceLock::new();
    BEGIN.get_or_init(Instant::now).elapsed()
}
