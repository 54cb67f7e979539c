//! What a pool does by the clock: a task gives up what has been idle, or open, for too long. It runs while there are
//! connections, and sleeps until the first of them can be past its time; or for less, where it is to notice that the process
//! stood still.
//!
//! Another, seldom wanted, looks after requests that wait for a place which an upload without end holds.

use std::sync::Weak;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::task::AbortHandle;
use tokio::time::{Instant, sleep};

use super::Pool;
use super::state::{Effects, SETTLE_TIME};
use super::wait::wait;

/// No more often than this: what is past its time is not given to a request anyway.
const SHORTEST: Duration = Duration::from_millis(100);
/// And, where it is to be noticed that the process stood still, no more seldom than this.
const BEAT: Duration = Duration::from_secs(5);
/// A busy machine may be late. Who is later stood still; the documentation of
/// [`Prevention::idle_after_sleep`](crate::Prevention::idle_after_sleep) names it.
const LATE: Duration = Duration::from_secs(5);

/// Starts the task, unless it runs.
pub(super) fn ensure(pool: &Pool, runtime: &Handle) {
    let settings = pool.settings();
    let limits = settings
        .idle_timeout
        .into_iter()
        .chain(settings.max_lifetime)
        .chain(pool.keeping.as_ref().map(|_| BEAT));
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
    let mut before = Instant::now();
    loop {
        let Some(pool) = pool.upgrade() else {
            return;
        };
        let now = Instant::now();
        let has_woken = pool
            .keeping
            .as_ref()
            .is_some_and(|it| it.has_woken_since(before));
        before = now;
        let mut fx = Effects::default();
        let next = {
            let mut state = pool.state();
            if state.ends_sweeper() {
                return;
            }
            state.sweep(now, has_woken, &mut fx)
        };
        pool.apply(fx);
        // With nothing idle, nothing can be past its time sooner than this.
        let mut pause = next.unwrap_or(period).max(SHORTEST);
        if let Some(keeping) = pool.keeping.as_ref().filter(|it| it.wants_vigil()) {
            pause = pause.min(BEAT);
            keeping.look_again_within(pause + LATE);
        }
        drop(pool);
        wait(pause).await;
    }
}

/// Looks again, after this time, at what those in line wait for; once, however often it is asked for until then.
#[cold]
pub(super) fn look_again_in(pool: &Pool, after: Duration) {
    let Ok(runtime) = Handle::try_current() else {
        return;
    };
    let mut state = pool.state();
    if state.is_looked_after() {
        return;
    }
    let pool = Weak::clone(&pool.this);
    let task = runtime.spawn(async move {
        sleep(after).await;
        if let Some(pool) = pool.upgrade() {
            pool.look_again();
        }
    });
    state.set_look(task.abort_handle());
}

/// Stops connections that would go on without their pool: those whose upload is not over by then.
pub(super) fn stop_in_time(tasks: Vec<AbortHandle>) {
    if tasks.is_empty() {
        return;
    }
    let stop = move || tasks.iter().for_each(AbortHandle::abort);
    match Handle::try_current() {
        Ok(runtime) => drop(runtime.spawn(async move {
            sleep(SETTLE_TIME).await;
            stop();
        })),
        Err(_) => stop(),
    }
}
