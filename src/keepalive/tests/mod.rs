//! The rules as tables and as properties, at times that are made up.

mod clocks;
mod hint;
mod learning;
mod trusting;

use std::time::Duration;

use tokio::time::Instant;

use super::{Moment, Reading};

const SECOND: Duration = Duration::from_secs(1);

fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// Time as it passes: by the runtime's clock, and asleep.
#[derive(Clone, Copy, Debug)]
struct Time {
    begin: Moment,
    awake: Duration,
    asleep: Duration,
}

impl Time {
    fn begin() -> Self {
        Self {
            begin: Instant::now().into_std(),
            awake: Duration::ZERO,
            asleep: Duration::ZERO,
        }
    }

    fn pass(&mut self, time: Duration) {
        self.awake += time;
    }

    fn sleep(&mut self, time: Duration) {
        self.asleep += time;
    }

    fn now(&self) -> Moment {
        self.begin + self.awake
    }

    fn read(&self) -> Reading {
        Reading {
            runtime: self.now(),
            boot: 3 * SECOND + self.awake + self.asleep,
            wall: 50 * 365 * 86_400 * SECOND + self.awake + self.asleep,
        }
    }
}
