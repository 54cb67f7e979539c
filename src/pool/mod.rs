//! The pool: many connections, found alive before they are used.
//!
//! ```text
//! Checkout ──▶ Lease ──▶ given back ──▶ idle, newest first ──▶ Checkout …
//!    │           └─────▶ discarded ─▶ closing ─▶ its socket is closed, its place is free
//!    └──▶ in line, while connections are opened by tasks of their own
//! ```
//!
//! One task a connection drives it from the connect to its end, but for the turns of requests, and says when it has ended; one
//! task a pool gives up what has been idle or open for too long. The lock is held for changes of plain data only ([`state`]): never while a socket
//! is asked, a connection opened, a waker woken or a handle dropped.
//!
//! Knows nothing of methods, evidence and policies.

mod checkout;
mod counters;
mod error;
mod host;
mod key;
mod lease;
mod list;
mod member;
mod observer;
mod opening;
mod reason;
mod route;
mod sender;
mod settings;
mod slot;
mod snapshot;
mod state;
mod sweeper;
mod telemetry;
mod wait;

use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Weak};

use parking_lot::{Mutex, MutexGuard};
use tokio::time::Instant;

use crate::evidence::GateReason;

pub use self::counters::Counters;
pub use self::observer::Observer;
pub use self::reason::DiscardReason;
pub use self::sender::Protocol;
pub use self::snapshot::{Activity, Connection, Connections};

pub(crate) use self::checkout::{Checkout, Want};
pub(crate) use self::error::ConnectError;
pub(crate) use self::key::Key;
pub(crate) use self::lease::{Lease, Taken};
pub(crate) use self::member::{Line, Member};
pub(crate) use self::route::{Dial, Dialed, Dialing, Driving, Proxy, Route, Speaks};
pub(crate) use self::sender::Sender;
pub(crate) use self::settings::Settings;
#[cfg(feature = "http2")]
pub(crate) use self::slot::STREAMS_UNSAID;

use self::slot::ConnectionId;
use self::state::{Effects, State, ToDo, Told, What};
use self::telemetry::Moves;
use crate::conn::Keeping;

/// The connections of a client.
#[derive(Debug)]
pub(crate) struct Pool {
    this: Weak<Self>,
    state: Mutex<State>,
    settings: Settings,
    dialer: Box<dyn Dial>,
    /// What is known of origins; `None` if that does not count.
    keeping: Option<Keeping>,
    observer: Option<Arc<dyn Observer>>,
}

impl Pool {
    pub(crate) fn new(
        settings: Settings,
        dialer: Box<dyn Dial>,
        keeping: Option<Keeping>,
        observer: Option<Arc<dyn Observer>>,
    ) -> Arc<Self> {
        Arc::new_cyclic(|this| Self {
            this: Weak::clone(this),
            state: Mutex::new(State::new(settings, observer.is_some())),
            settings,
            dialer,
            keeping,
            observer,
        })
    }

    /// Gets a connection.
    pub(crate) fn checkout(self: &Arc<Self>, want: Want) -> Checkout {
        Checkout::new(Arc::clone(self), want)
    }

    pub(crate) fn counters(&self) -> Counters {
        self.state().counters
    }

    /// Takes no further request; ready when every socket is closed.
    pub(crate) async fn close(&self) {
        let mut fx = Effects::default();
        self.state().close(Instant::now(), &mut fx);
        self.apply(fx);
        std::future::poll_fn(|cx| {
            if self.state().poll_all_closed(cx.waker()) {
                std::task::Poll::Ready(())
            } else {
                std::task::Poll::Pending
            }
        })
        .await;
    }

    #[inline]
    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing that can panic runs under the lock but the allocator; should it, what was changed is still true.
        self.state.lock()
    }

    fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Does what a change made necessary.
    #[inline]
    fn apply(&self, fx: Effects) {
        let (moves, to_do) = fx.into_parts();
        moves.publish();
        if let Some(to_do) = to_do {
            self.apply_all(*to_do);
        }
    }

    #[cold]
    fn apply_all(&self, to_do: ToDo) {
        let ToDo {
            wake,
            drop: let_go,
            open,
            told,
            held,
            stop,
            look_again,
            shut,
            done_with: _,
        } = to_do;
        // First: what follows from it is told after it.
        for told in told {
            self.tell(&told);
        }
        for order in open {
            opening::spawn(self, order);
        }
        drop((let_go, held));
        for valve in shut {
            valve.shut_for_good();
        }
        for task in stop {
            task.abort();
        }
        if let Some(after) = look_again {
            sweeper::look_again_in(self, after);
        }
        for waker in wake {
            waker.wake();
        }
    }

    fn tell(&self, told: &Told) {
        telemetry::tell(told);
        let Some(observer) = &self.observer else {
            return;
        };
        let (origin, number) = (told.route.origin(), told.number);
        // It is told of a lease that is dropped because something has panicked, too: a second panic would be the process's end.
        let tell = AssertUnwindSafe(|| match told.what {
            What::Opened => observer.opened(&origin, number),
            What::Reused => observer.reused(&origin, number),
            What::Discarded(reason) => observer.discarded(&origin, number, reason),
            What::Closed => observer.closed(&origin, number),
        });
        drop(std::panic::catch_unwind(tell));
    }

    fn host_and_age(&self, id: ConnectionId) -> Option<(usize, Instant)> {
        self.state().slot(id).map(|slot| (slot.host, slot.since))
    }

    /// A connection was found dead that had been idle since then: those idle no shorter are asked at once.
    fn look_at_siblings(&self, host: usize, since: Instant) {
        let suspects = self.state().suspects(host, since);
        let mut fx = Effects::default();
        for (id, ledger) in suspects {
            let Err(reason) = ledger.look() else {
                continue;
            };
            let stale = DiscardReason::Stale(reason);
            if self.state().retire_idle(id, stale, &mut fx) {
                // Nobody has it now. Nothing is written to it any more, no `close_notify` either.
                ledger.refuse(reason);
            }
        }
        self.apply(fx);
    }

    /// Gives up those that have been idle since then, or for longer.
    fn give_up_siblings(&self, host: usize, since: Instant, reason: DiscardReason) {
        let suspects = self.state().suspects(host, since);
        let mut fx = Effects::default();
        for (id, ledger) in suspects {
            if self.state().retire_idle(id, reason, &mut fx) {
                // Nothing is written to it any more, no `close_notify` either.
                ledger.refuse(GateReason::Condemned);
            }
        }
        self.apply(fx);
    }

    fn settle(&self, id: ConnectionId) {
        let mut fx = Effects::default();
        {
            let mut state = self.state();
            if state.slot(id).is_some() {
                state.settle(id.at, Instant::now(), &mut fx);
            }
        }
        self.apply(fx);
    }

    /// Who waits for a connection that hyper is not done with may have waited long enough.
    fn look_again(&self) {
        let mut fx = Effects::default();
        self.state().look_again(Instant::now(), &mut fx);
        self.apply(fx);
    }

    #[cfg(feature = "http2")]
    fn allow_streams(&self, id: ConnectionId, streams: usize) {
        let mut fx = Effects::default();
        self.state()
            .allow_streams(id, streams, Instant::now(), &mut fx);
        self.apply(fx);
    }

    #[cfg(feature = "http2")]
    fn retire(&self, id: ConnectionId, reason: DiscardReason) {
        let mut fx = Effects::default();
        self.state().retire(id, reason, &mut fx);
        self.apply(fx);
    }

    fn ended(&self, id: ConnectionId) {
        let mut fx = Effects::default();
        self.state().ended(id, Instant::now(), &mut fx);
        self.apply(fx);
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        let mut state = self.state();
        // Nobody is left to use what is being opened.
        state.stop_tasks();
        sweeper::stop_in_time(state.tasks_of_settling());
        let mut moves = Moves::default();
        state.slots.iter().for_each(|(_, slot)| moves.forget(slot));
        drop(state);
        moves.publish();
    }
}

#[cfg(test)]
mod tests;
