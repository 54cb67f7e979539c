//! The link does what it says: without that, nothing that is measured over it means anything.

mod echo;
mod left_behind;
mod packets;
mod switches;

use std::thread;
use std::time::Duration;

use crate::lab::{Conditions, Link};

/// How long is waited for what must come.
const PATIENCE: Duration = Duration::from_secs(10);

/// A link that adds nothing.
fn short() -> Link {
    Link::start(Conditions::delay(Duration::ZERO))
}

/// Waits until it is so.
fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    const STEP: Duration = Duration::from_millis(2);
    let mut waited = Duration::ZERO;
    while !is_so() {
        assert!(waited < PATIENCE, "not within {PATIENCE:?}: {what}");
        thread::park_timeout(STEP);
        waited += STEP;
    }
}
