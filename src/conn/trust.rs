//! For how long a connection that lies idle is trusted, and what its end teaches of its server.
//!
//! What follows from the facts is found out in [`keepalive`](crate::keepalive), which reads no clock; here the clocks are
//! read, and the kernel's numbers and the book's are put together. Nothing of it is done for a connection that was used
//! within the last five milliseconds.

use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, HeaderName};
use tokio::time::Instant;

use super::clocks::{Clocks, System};
use super::ledger::Ledger;
use super::probe::{Millis, Sample, State};
use crate::evidence::GateReason;
use crate::keepalive::{Hint, Idle, Origin, Past, Prevention, Seen, Table};

static KEEP_ALIVE: HeaderName = HeaderName::from_static("keep-alive");
static SYSTEM_CLOCKS: System = System;
const FEW: usize = 8;
/// A connection on which nothing came for so long is asked about its age. What a server keeps for less is used up by the way
/// there.
pub(super) const RESTED: Millis = Millis(5);

/// The origins of a client, and the clocks by which they are judged.
#[derive(Clone, Debug)]
pub(crate) struct Keeping {
    table: Arc<Table>,
    clocks: &'static dyn Clocks,
}

impl Keeping {
    /// `None` if the user wants none.
    pub(crate) fn new(prevention: &Prevention) -> Option<Self> {
        Self::by(prevention, &SYSTEM_CLOCKS)
    }

    pub(crate) fn by(prevention: &Prevention, clocks: &'static dyn Clocks) -> Option<Self> {
        prevention.is_on.then(|| {
            let (table, now) = (Table::new(prevention.clone()), clocks.read());
            // A sleep is seen by what has changed since.
            table.look(now, now.runtime);
            Self {
                table: Arc::new(table),
                clocks,
            }
        })
    }

    /// What is known of the origin of this name, like `https://example.com`.
    pub(crate) fn trust(&self, origin: &str) -> Trust {
        Trust {
            origin: self.table.origin(origin),
            clocks: self.clocks,
        }
    }
}

#[cfg(feature = "client")]
impl Keeping {
    /// Whether somebody is to look at the clocks now and then.
    pub(crate) fn wants_vigil(&self) -> bool {
        self.table.wants_vigil()
    }

    /// Looks at the clocks: whether the machine has slept, or the process stood still, since then.
    pub(crate) fn has_woken_since(&self, since: Instant) -> bool {
        self.table.look(self.clocks.read(), since.into_std())
    }

    /// Whoever says this looks again within this time, unless the process stands still.
    pub(crate) fn look_again_within(&self, time: Duration) {
        self.table.look_again_within(self.clocks.read(), time);
    }
}

/// What is known of the origin of a connection.
#[derive(Clone, Debug)]
pub(crate) struct Trust {
    origin: Arc<Origin>,
    clocks: &'static dyn Clocks,
}

#[cfg(feature = "client")]
impl Trust {
    /// For how long a connection may be idle to be used again, if that is known.
    #[inline]
    pub(crate) fn limit(&self) -> Option<Duration> {
        self.origin.limit()
    }

    /// For how long one is kept, used or not.
    pub(crate) fn kept_for(&self) -> Option<Duration> {
        self.origin.kept_for()
    }

    /// A connection that has been idle since then looks alive.
    pub(crate) fn outlived(&self, since: Instant) {
        let idle = Idle {
            since: since.into_std(),
            unheard: None,
            rtt: None,
        };
        let _ = self.origin.is_past(idle, self.clocks.read());
    }

    /// Whether a connection that has been idle since then is not to be used after a sleep of the machine.
    pub(crate) fn has_slept(&self, since: Instant) -> bool {
        self.origin.has_slept(since.into_std(), self.clocks.read())
    }
}

impl Ledger {
    /// Says what is known of the connection's origin.
    pub(crate) fn set_trust(&self, trust: Option<Trust>) {
        self.book().trust = trust;
    }

    /// The head of an answer came on it: it may say how long the server keeps the connection.
    #[inline]
    pub(crate) fn answered(&self, head: &HeaderMap) {
        // Of few fields it is sooner seen that none is this one than found out by its hash.
        let is_announced = if head.len() <= FEW {
            head.keys().any(|name| *name == KEEP_ALIVE)
        } else {
            head.contains_key(&KEEP_ALIVE)
        };
        if is_announced {
            self.announced(head);
        }
    }

    #[cold]
    fn announced(&self, head: &HeaderMap) {
        let values = head.get_all(&KEEP_ALIVE).iter();
        let hint = Hint::parse(values.map(http::HeaderValue::as_bytes));
        let trust = {
            let mut book = self.book();
            // A connection that is kept for no time is kept for no exchange.
            book.is_last = hint.max == Some(0) || hint.timeout == Some(Duration::ZERO);
            book.trust.clone()
        };
        if let Some(trust) = trust {
            trust.origin.announced(hint, Instant::now().into_std());
        }
    }

    /// Whether the connection, which looks alive, has been idle for too long to be used. `sample`: what the kernel says of
    /// it, if it does.
    #[inline(never)]
    pub(super) fn trusted(&self, sample: Option<Sample>) -> Result<(), GateReason> {
        let (trust, since) = {
            let book = self.book();
            let (Some(trust), Some(since)) = (book.trust.clone(), book.active) else {
                return Ok(());
            };
            if book.is_last {
                return Err(GateReason::Expiring);
            }
            (trust, since)
        };
        let idle = Idle {
            since: since.into_std(),
            unheard: sample.map(|sample| sample.last_data_recv.get()),
            rtt: sample.map(|sample| sample.rtt.get()),
        };
        match trust.origin.is_past(idle, trust.clocks.read()) {
            None => Ok(()),
            Some(Past::Expiring) => Err(GateReason::Expiring),
            Some(Past::AfterSleep) => Err(GateReason::AfterSleep),
        }
    }

    /// Whether an HTTP/2 connection lay idle until now while the machine slept.
    #[cfg(feature = "client")]
    pub(crate) fn has_slept(&self, now: Instant) -> bool {
        let (trust, since) = {
            let book = self.book();
            let since = book.active.unwrap_or(self.opened);
            match &book.trust {
                Some(trust) if now.saturating_duration_since(since) >= RESTED.get() => {
                    (trust.clone(), since)
                }
                _ => return false,
            }
        };
        trust.has_slept(since)
    }

    /// The end of the connection was seen. If it lay idle, that tells something of its server; once.
    /// `sample`: what the kernel said at the gate, where it does lie idle.
    #[cold]
    pub(super) fn teach(&self, sample: Option<Sample>) {
        let (trust, since) = {
            let mut book = self.book();
            let is_idle =
                (book.is_resting || sample.is_some()) && !book.multiplexed && !book.tunnel;
            let (Some(since), None) = (book.active.filter(|_| is_idle), book.refused) else {
                return;
            };
            let Some(trust) = book.trust.take() else {
                return;
            };
            (trust, book.heard.map_or(since, |heard| heard.min(since)))
        };
        let sample = sample.or_else(|| {
            let asked = self
                .watched
                .with(|socket, plain_tcp| plain_tcp.then(|| self.probe().sample(socket)).flatten());
            asked.flatten()
        });
        // A segment that acknowledges brought the FIN. A RST is not counted among them.
        let told = sample.filter(|sample| sample.state != State::Close);
        let by_kernel = told.map(|sample| {
            let heard = sample.last_ack_recv.get();
            (heard, sample.last_data_recv.get().saturating_sub(heard))
        });
        let seen = Seen {
            since: since.into_std(),
            by_kernel,
        };
        trust.origin.closed(seen, trust.clocks.read());
    }
}
