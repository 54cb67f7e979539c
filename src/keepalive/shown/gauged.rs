//! What the gauge shows of an origin: for how long its server was seen to keep idle connections.
//!
//! Invariant: no more than [`MOST`] origins of a process are ever named to the recorder.

use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::Duration;

use crate::metrics::LEARNED_IDLE_TIMEOUT;

/// The documentation of [`metrics`](crate::metrics) names it.
const MOST: usize = 256;

static NAMED: LazyLock<Mutex<HashSet<Box<str>>>> = LazyLock::new(Mutex::default);

/// What is shown of one origin.
#[derive(Debug)]
pub(super) struct Shown {
    origin: Box<str>,
    /// In nanoseconds; 0: nothing.
    shown: AtomicU64,
}

impl Shown {
    pub(super) fn new(origin: &str) -> Self {
        Self {
            origin: origin.into(),
            shown: AtomicU64::new(0),
        }
    }

    /// Shows it, if it has changed. Not to be called under a lock, as nobody knows what the recorder does.
    #[inline]
    pub(super) fn tell(&self, learned: Option<Duration>) {
        let nanos = learned.map_or(0, |learned| learned.as_nanos());
        let nanos = u64::try_from(nanos).unwrap_or(u64::MAX);
        if self.shown.load(Ordering::Relaxed) != nanos {
            self.show(nanos, learned.unwrap_or_default());
        }
    }

    #[cold]
    fn show(&self, nanos: u64, learned: Duration) {
        self.shown.store(nanos, Ordering::Relaxed);
        if may_name(&self.origin) {
            let origin = self.origin.to_string();
            metrics::gauge!(LEARNED_IDLE_TIMEOUT, "origin" => origin).set(learned.as_secs_f64());
        }
    }
}

fn may_name(origin: &str) -> bool {
    let mut named = NAMED.lock().unwrap_or_else(PoisonError::into_inner);
    named.contains(origin) || named.len() < MOST && named.insert(origin.into())
}

#[cfg(test)]
mod tests {
    use metrics_util::debugging::DebuggingRecorder;

    use super::*;

    #[test]
    fn no_more_origins_are_named_than_is_promised() {
        let recorder = DebuggingRecorder::new();
        metrics::with_local_recorder(&recorder, || {
            for n in 0..2 * MOST {
                Shown::new(&format!("http://{n}")).tell(Some(Duration::from_secs(1)));
            }
        });
        let named = recorder.snapshotter().snapshot().into_vec().len();
        assert!((1..=MOST).contains(&named), "{named}");
        assert!(may_name("http://0"), "what is named stays so");
    }
}
