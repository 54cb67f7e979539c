//! The clocks that show a sleep of the machine.
//!
//! Apart so that tests can put others in their place: no test can send the machine to sleep.

#[cfg(target_os = "linux")]
mod linux;
#[cfg(not(target_os = "linux"))]
mod portable;
#[cfg(test)]
mod set;

use std::fmt::Debug;
use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use crate::keepalive::Reading;

#[cfg(target_os = "linux")]
use self::linux::boot;
#[cfg(not(target_os = "linux"))]
use self::portable::boot;

#[cfg(test)]
pub(crate) use self::set::Set;

/// Reads the clocks.
pub(crate) trait Clocks: Debug + Send + Sync {
    /// All of them, at one moment.
    fn read(&self) -> Reading;
}

/// The machine's.
#[derive(Debug)]
pub(crate) struct System;

impl Clocks for System {
    fn read(&self) -> Reading {
        let wall = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        Reading {
            runtime: Instant::now().into_std(),
            boot: boot(),
            // Before 1970 it shows nothing.
            wall: wall.unwrap_or(Duration::ZERO),
        }
    }
}
