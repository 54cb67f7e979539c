//! The one task of a pool that gives up what has been idle, or open, for too long.
//!
//! It runs while there are connections, and sleeps until the first of them can be past its time.

use std::sync::Weak;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::time::{Instant, sleep};

use super::Pool;
use super::state::Effects;

/// No more often than this: what is past its time is not given to a request anyway.
const SHORTEST: Duration = Duration::from_millis(100);

/// Starts the task, unless it runs.
pub(super) fn ensure(pool: &Pool, runtime: &Handle) {
    let settings = pool.settings();
    let limits = settings
        .idle_timeout
        .into_iter()
        .chain(settings.max_lifetime);
    let Some(period) = limits.min() else {
        return;
    };
    let mut state = pool.state();
    if state.lacks_sweeper() {
        let task = runtime.spawn(run(Weak::clone(&pool.this), period));
        state.set_sweeper(task.abort_handle());
    }
}

async fn run(pool: Weak<Pool>, period: Duration) {
    loop {
        let Some(pool) = pool.upgrade() else {
            return;
        };
        let mut fx = Effects::default();
        let next = {
            let mut state = pool.state();
            if state.ends_sweeper() {
                return;
            }
            state.sweep(Instant::now(), &mut fx)
        };
        pool.apply(fx);
        drop(pool);
        // With nothing idle, nothing can be past its time sooner than this.
        sleep(next.unwrap_or(period).max(SHORTEST)).await;
    }
}
