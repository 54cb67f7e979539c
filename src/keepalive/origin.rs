//! What is known of one origin, and what follows for a connection to it that lies idle.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::learned::{Close, Learned, REMEMBERED};
use super::shown::Shown;
use super::table::Shared;
use super::vigil::Reading;
use super::{Hint, Moment};

/// The kernel's word comes that much later than the close itself if nobody was there to take it: the process stood still.
const PROMPT: Duration = Duration::from_secs(1);
/// Who is later than this with it was busy, and may have been as late with the answer from which the age counts; it matters
/// where the kernel does not tell the age itself (over TLS, a `close_notify` comes with the close).
const VERY_PROMPT: Duration = Duration::from_millis(100);
const NO_LIMIT: u64 = u64::MAX;

/// Why an idle connection is not to be used any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Past {
    /// Its server is about to close it, or has.
    Expiring,
    /// The machine has slept, and nothing is known of its server.
    AfterSleep,
}

/// For how long a connection has been idle.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Idle {
    /// Since when, by the runtime's clock.
    pub(crate) since: Moment,
    /// For how long nothing has arrived on it, as the kernel says, if it does.
    pub(crate) unheard: Option<Duration>,
    /// Its round trip, if the kernel says it.
    pub(crate) rtt: Option<Duration>,
}

/// What was seen of the end of a connection that lay idle.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seen {
    /// Since when it was idle, by the runtime's clock.
    pub(crate) since: Moment,
    /// How long ago the end had arrived, and how long before that the last byte, as the kernel says, if it does.
    pub(crate) by_kernel: Option<(Duration, Duration)>,
}

/// One origin.
#[derive(Debug)]
pub(crate) struct Origin {
    shared: Arc<Shared>,
    record: Mutex<Record>,
    /// For how long a connection may be idle to be used again, in milliseconds: for whoever only wants to know that.
    limit: AtomicU64,
    shown: Shown,
}

#[derive(Debug, Default)]
struct Record {
    announced: Option<(Duration, Moment)>,
    learned: Learned,
    rtt: Duration,
}

impl Origin {
    pub(super) fn new(shared: Arc<Shared>, name: &str) -> Self {
        let origin = Self {
            shared,
            record: Mutex::default(),
            limit: AtomicU64::new(NO_LIMIT),
            shown: Shown::new(name),
        };
        origin.note_limit(&origin.record());
        origin
    }

    /// For how long a connection may be idle to be used again, if that is known.
    #[inline]
    pub(crate) fn limit(&self) -> Option<Duration> {
        match self.limit.load(Ordering::Relaxed) {
            NO_LIMIT => None,
            limit => Some(Duration::from_millis(limit)),
        }
    }

    /// For how long one may be kept, used or not: what was learned is held against those that live longer.
    #[cfg(feature = "client")]
    pub(crate) fn kept_for(&self) -> Option<Duration> {
        let record = self.record();
        let limit = self.limit()?;
        let learned = record.learned.timeout();
        Some(learned.map_or(limit, |timeout| Learned::outlived_at(timeout).max(limit)))
    }

    /// The server says something of a connection.
    pub(crate) fn announced(&self, hint: Hint, now: Moment) {
        if let Some(timeout) = hint.timeout {
            let mut record = self.record();
            record.announced = Some((timeout, now));
            self.note_limit(&record);
        }
    }

    /// The server has closed a connection that lay idle.
    pub(crate) fn closed(&self, seen: Seen, now: Reading) {
        let is_interrupted = {
            let mut vigil = self.shared.vigil();
            vigil.look(now);
            vigil.has_woken_since(seen.since) || !vigil.slept_since(seen.since).is_zero()
        };
        let (late, unheard) = seen.by_kernel.unwrap_or_default();
        let age = now.runtime.saturating_duration_since(seen.since);
        let is_told = unheard + VERY_PROMPT >= age.saturating_sub(late);
        if is_interrupted || late > if is_told { PROMPT } else { VERY_PROMPT } {
            return;
        }
        let mut record = self.record();
        record.learned.closed(Close {
            since: seen.since,
            at: now.runtime.checked_sub(late).unwrap_or(now.runtime),
            // The server counts from its answer; who reads that slowly counts from later.
            age: age.saturating_sub(late).max(unheard),
        });
        self.note_limit(&record);
        let learned = record.learned.timeout();
        drop(record);
        self.shown.tell(learned);
    }

    /// Whether a connection that looks alive is not to be used any more.
    pub(crate) fn is_past(&self, idle: Idle, now: Reading) -> Option<Past> {
        let (slept, has_woken) = {
            let mut vigil = self.shared.vigil();
            vigil.look(now);
            (
                vigil.slept_since(idle.since),
                vigil.has_woken_since(idle.since),
            )
        };
        let awake = now.runtime.saturating_duration_since(idle.since);
        let age = awake.max(idle.unheard.unwrap_or_default()) + slept;
        let mut record = self.record();
        record.forget_old(now.runtime);
        record.rtt = idle.rtt.unwrap_or(record.rtt);
        self.note_limit(&record);
        let past = if let Some(limit) = self.limit() {
            (age >= limit).then_some(Past::Expiring)
        } else {
            let limit = self.shared.settings.idle_after_sleep;
            let is_past = has_woken && limit.is_some_and(|limit| age >= limit);
            is_past.then_some(Past::AfterSleep)
        };
        if slept.is_zero() && !has_woken {
            // After this connection has been judged: it may look alive because nothing is heard of it any more.
            record.learned.lives(Close {
                since: idle.since,
                at: now.runtime,
                age,
            });
            self.note_limit(&record);
        }
        let learned = record.learned.timeout();
        drop(record);
        self.shown.tell(learned);
        past
    }

    /// Of a connection of which only a sleep counts.
    #[cfg(feature = "client")]
    pub(crate) fn has_slept(&self, since: Moment, now: Reading) -> bool {
        let mut vigil = self.shared.vigil();
        vigil.look(now);
        let age = now.runtime.saturating_duration_since(since) + vigil.slept_since(since);
        let limit = self.shared.settings.idle_after_sleep;
        vigil.has_woken_since(since) && limit.is_some_and(|limit| age >= limit)
    }

    /// Keeps in a number what follows from the record.
    fn note_limit(&self, record: &Record) {
        let settings = &self.shared.settings;
        let announced = record.announced.map(|(timeout, _)| timeout);
        let known = announced.into_iter().chain(record.learned.timeout()).min();
        let limit = known
            .or(settings.configured)
            .map(|timeout| settings.usable(timeout, record.rtt));
        let limit = limit.map_or(NO_LIMIT, |limit| {
            u64::try_from(limit.as_millis()).unwrap_or(NO_LIMIT)
        });
        self.limit.store(limit, Ordering::Relaxed);
    }

    fn record(&self) -> MutexGuard<'_, Record> {
        // Nothing that can panic runs under the lock; should it, what was noted is still true.
        self.record.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Record {
    fn forget_old(&mut self, now: Moment) {
        self.learned.forget_old(now);
        let is_old = |(_, at): (Duration, Moment)| now.saturating_duration_since(at) > REMEMBERED;
        if self.announced.is_some_and(is_old) {
            self.announced = None;
        }
    }
}
