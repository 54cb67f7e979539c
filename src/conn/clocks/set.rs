//! Clocks that a test sets: tokio's, which it may pause, and how long the machine has slept.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::Instant;

use super::Clocks;
use crate::keepalive::Reading;

#[derive(Debug)]
pub(crate) struct Set {
    begin: Instant,
    asleep: AtomicU64,
}

impl Set {
    /// For as long as the process lives, as the machine's.
    pub(crate) fn new() -> &'static Self {
        Box::leak(Box::new(Self {
            begin: Instant::now(),
            asleep: AtomicU64::new(0),
        }))
    }

    /// The machine sleeps for so long.
    pub(crate) fn sleep(&self, seconds: u64) {
        self.asleep.fetch_add(seconds, Ordering::SeqCst);
    }
}

impl Clocks for Set {
    fn read(&self) -> Reading {
        let asleep = Duration::from_secs(self.asleep.load(Ordering::SeqCst));
        let time = self.begin.elapsed() + asleep;
        Reading {
            runtime: Instant::now().into_std(),
            boot: time,
            wall: time,
        }
    }
}
