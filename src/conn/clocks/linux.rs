//! Linux: `CLOCK_BOOTTIME`, which goes on while the machine is suspended.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

pub(super) fn boot() -> Duration {
    let time = clock_gettime(ClockId::Boottime);
    // It has no past before its beginning.
    Duration::try_from(time).unwrap_or(Duration::ZERO)
}
