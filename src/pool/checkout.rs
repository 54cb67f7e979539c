//! The way of a request to its connection.
//!
//! ```text
//! take one that is idle ──none──▶ get in line, open what is lacking ──▶ given one, or told that there is none
//!        │      ▲                                                            │
//!        ▼      └──────────── dead ◀─┐                                       │
//!   ask the kernel ──────────────────┴───────────── alive ──▶ Lease ◀────────┘
//! ```
//!
//! The kernel is asked outside of the pool's lock. A dead connection costs a system call, and the next one is taken.

use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::Uri;
use tokio::time::Instant;

use super::Pool;
use super::error::ConnectError;
use super::key::Key;
use super::lease::Taken;
use super::reason::DiscardReason;
use super::state::{Effects, Granted};
use super::telemetry;

/// On another thread hyper may take a few of our turns to be done; an upload that goes on takes any number.
const MOST_YIELDS: u8 = 8;

/// What a request wants of its connection.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Want {
    /// Only one opened after this moment will do.
    pub(crate) opened_after: Option<Instant>,
    /// Only one that has been idle for so long at most.
    pub(crate) idle_at_most: Option<Duration>,
    /// The request is sent again: not over a connection that is suspect since.
    pub(crate) is_replay: bool,
}

/// Gets connections for one request: mostly one.
///
/// # Cancel safety
///
/// Dropping it leaves the line; what it had been given goes to the next. A connection that was being opened for it goes
/// on to be, for whoever comes.
#[derive(Debug)]
pub(crate) struct Checkout {
    pool: Arc<Pool>,
    want: Want,
    /// Its place in line, and the host's.
    waiting: Option<Waiting>,
    /// How often it has let other tasks run, for a connection that was all but free.
    yields: u8,
}

#[derive(Clone, Copy, Debug)]
struct Waiting {
    waiter: usize,
    host: usize,
}

enum Step {
    Given(Granted),
    Failed(ConnectError),
    UnknownHost,
    Yield,
    Wait,
}

impl Checkout {
    pub(super) fn new(pool: Arc<Pool>, want: Want) -> Self {
        Self {
            pool,
            want,
            waiting: None,
            yields: 0,
        }
    }

    /// Not over a connection that is suspect by now.
    pub(crate) fn avoid_suspects(&mut self) {
        self.want.is_replay = true;
    }

    /// Only over a connection that is opened after this moment.
    pub(crate) fn only_new(&mut self, moment: Instant) {
        self.want.opened_after = self.want.opened_after.max(Some(moment));
    }

    /// Gets a connection to the origin of this URI, which must be the same until one is had.
    pub(crate) fn poll(
        &mut self,
        uri: &Uri,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Taken, ConnectError>> {
        loop {
            let mut fx = Effects::default();
            let has_waited = self.waiting.is_some();
            let step = self.step(uri, cx, &mut fx);
            self.pool.apply(fx);
            match step {
                Step::Given(granted) => {
                    if let Some(taken) = self.pool.ask(granted, has_waited) {
                        return Poll::Ready(Ok(taken));
                    }
                }
                Step::Failed(error) => return Poll::Ready(Err(error)),
                Step::UnknownHost => self.add_host(uri)?,
                Step::Yield => {
                    cx.waker().wake_by_ref();
                    return Poll::Pending;
                }
                Step::Wait => return Poll::Pending,
            }
        }
    }

    fn step(&mut self, uri: &Uri, cx: &mut Context<'_>, fx: &mut Effects) -> Step {
        let now = Instant::now();
        let state = &mut *self.pool.state();
        if let Some(Waiting { waiter, host }) = self.waiting {
            if let Some(outcome) = state.outcome(waiter, cx.waker(), fx) {
                self.waiting = None;
                return outcome.map_or_else(Step::Failed, Step::Given);
            }
            state.open_for(host, now, fx);
            return Step::Wait;
        }
        if state.is_closed() {
            return Step::Failed(ConnectError::closed());
        }
        let Some(host) = state.host(uri) else {
            return Step::UnknownHost;
        };
        if let Some(granted) = state.take(host, &self.want, now, fx) {
            return Step::Given(granted);
        }
        // hyper is nearly done with one: on another thread, or in a task that has yet to run. It is not waited for, but a
        // connection is not opened in the same breath either.
        if self.yields < MOST_YIELDS && state.is_settling(host) {
            self.yields += 1;
            return Step::Yield;
        }
        let waiter = state.wait(host, self.want, cx.waker().clone());
        self.waiting = Some(Waiting { waiter, host });
        if state.open_for(host, now, fx) {
            state.counters.waits += 1;
        }
        Step::Wait
    }

    /// Finds out the way to a host that the pool does not know.
    #[cold]
    fn add_host(&self, uri: &Uri) -> Result<(), ConnectError> {
        let key = Key::of(uri);
        let key = key.ok_or_else(|| ConnectError::no_way("the address names no server"))?;
        let mut route = self.pool.dialer.route(key).map_err(ConnectError::no_way)?;
        let keeping = self.pool.keeping.as_ref();
        route.trust = keeping.map(|keeping| keeping.trust(&route.origin()));
        self.pool.state().add_host(route);
        Ok(())
    }
}

impl Pool {
    /// Takes a connection that lies idle, if there is one that is alive; `now` must be so, or hardly ago.
    #[inline]
    pub(crate) fn at_once(self: &Arc<Self>, uri: &Uri, want: &Want, now: Instant) -> Option<Taken> {
        loop {
            let mut fx = Effects::default();
            let granted = {
                let state = &mut *self.state();
                let host = state.host_if_open(uri)?;
                state.take(host, want, now, &mut fx)
            };
            self.apply(fx);
            if let Some(taken) = self.ask(granted?, false) {
                return Some(taken);
            }
        }
    }

    /// Asks the kernel whether what was granted is alive, outside of the lock. If not, it is given up.
    #[inline]
    fn ask(self: &Arc<Self>, granted: Granted, has_waited: bool) -> Option<Taken> {
        let mut taken = Taken::new(Arc::clone(self), granted);
        match taken.ask(has_waited) {
            Ok(()) => Some(taken),
            Err(reason) => {
                telemetry::refused(reason);
                taken.goes_unused();
                match reason {
                    DiscardReason::Stale(_) => taken.lease.discard_stale(reason),
                    _ => taken.lease.discard(reason),
                }
                None
            }
        }
    }
}

impl Drop for Checkout {
    fn drop(&mut self) {
        if let Some(Waiting { waiter, .. }) = self.waiting {
            let mut fx = Effects::default();
            self.pool.state().leave(waiter, Instant::now(), &mut fx);
            self.pool.apply(fx);
        }
    }
}
