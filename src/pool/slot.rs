//! One connection as the pool keeps it, from the moment it is begun to be opened until its socket is closed.
//!
//! ```text
//! Connecting ─▶ Busy ◀─▶ Settling ─▶ Idle        HTTP/1: one exchange at a time
//!     │           │          │         │
//!     └─▶ Shared ─┴──────────┴─────────┴─▶ Closing ─▶ (the socket is closed: the slot is freed)
//! ```

use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::task::AbortHandle;
use tokio::time::Instant;

use super::checkout::Want;
use super::list::{Link, Linked};
use super::member::Member;
use super::reason::DiscardReason;
use super::sender::{Protocol, Sender};
use super::settings::Settings;
use super::telemetry::{Place, Watch};
use crate::body::Valve;
use crate::conn::{Ledger, Trust};

/// How many streams an HTTP/2 connection carries before its peer has said how many it allows.
///
/// Any number would be in order (RFC 9113 section 6.5.2), and most clients send 100. But a peer that allows fewer resets the
/// rest, at worst with an error that does not say whether it has processed them (section 5.1.2). The first request goes at
/// once; those behind it wait for the peer's first frame, which says it and is sent unasked (section 3.4).
pub(crate) const STREAMS_UNSAID: u32 = 1;

/// All idle connections of a pool, or all that settle; none is both.
#[derive(Debug)]
pub(super) struct Anywhere;

/// The idle HTTP/1 connections of one host.
#[derive(Debug)]
pub(super) struct OfHost;

/// Names a connection for good: a slot that is used anew has another serial number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ConnectionId {
    pub(super) at: usize,
    pub(super) serial: u64,
}

/// What a connection is doing.
#[derive(Debug)]
pub(super) enum Phase {
    /// It is being opened.
    Connecting,
    /// It carries an exchange, whose lease has the handle.
    Busy,
    /// Its exchange is over for the caller, and hyper is not done with it: the rest of an upload, a task that has yet to run.
    Settling(Sender),
    /// It waits for a request.
    Idle(Sender),
    /// HTTP/2: it takes streams.
    Shared(Sender),
    /// It takes nothing more. What runs on it may go on; then its socket is closed.
    Closing,
}

/// One connection.
#[derive(Debug)]
pub(super) struct Slot {
    pub(super) serial: u64,
    pub(super) host: usize,
    pub(super) phase: Phase,
    pub(super) protocol: Protocol,
    /// `None` until it is open.
    pub(super) ledger: Option<Arc<Ledger>>,
    /// Since when it has been idle; the moment of opening before.
    pub(super) since: Instant,
    /// Exchanges that were handed to it: not more than [`STREAM_IDS`](super::settings::STREAM_IDS).
    pub(super) exchanges: u32,
    /// It has lain idle, or served: its peer may have given it up since. The streams of a new HTTP/2 connection that are
    /// handed over before one of them has been answered are all its first: what becomes of them happens again.
    pub(super) is_reused: bool,
    /// Exchanges that run on it now.
    pub(super) streams: u32,
    /// How many may, as an HTTP/2 peer says; `None` until it has.
    pub(super) max_streams: Option<u32>,
    /// Nothing runs on it any more, and its socket is yet to be closed.
    pub(super) is_leaving: bool,
    /// Its span, if anybody listens.
    pub(super) watch: Watch,
    /// Where it is counted, if anybody counts.
    pub(super) place: Place,
    /// Its task, to be stopped while nothing has come of it, or when an upload that nobody waits for is in the way.
    pub(super) task: Option<AbortHandle>,
    /// What the body of the exchange that runs on it waits for, if it is held back.
    pub(super) withheld: Option<Valve>,
    /// A sibling that had been idle no longer was found dead: not for a request that is sent again because of that.
    pub(super) suspect: bool,
    /// Held by its tasks, and by who finds out what became of an exchange on it.
    pub(super) member: Weak<Member>,
    pub(super) anywhere: Link,
    pub(super) of_host: Link,
}

impl Slot {
    pub(super) fn connecting(serial: u64, host: usize, now: Instant) -> Self {
        Self {
            serial,
            host,
            phase: Phase::Connecting,
            protocol: Protocol::Http1,
            ledger: None,
            since: now,
            exchanges: 0,
            is_reused: false,
            streams: 0,
            max_streams: None,
            is_leaving: false,
            watch: Watch::default(),
            place: Place::default(),
            task: None,
            withheld: None,
            suspect: false,
            member: Weak::new(),
            anywhere: Link::Out,
            of_host: Link::Out,
        }
    }

    /// Why it is to be given up now, if it is. `trust`: what is known of its origin.
    #[expect(clippy::inline_always, reason = "a part of what each request does")]
    #[inline(always)]
    pub(super) fn is_due(
        &self,
        settings: &Settings,
        trust: Option<&Trust>,
        now: Instant,
    ) -> Option<DiscardReason> {
        // A moment beyond the end of time is never reached.
        let is_past = |until: Option<Instant>| until.is_some_and(|until| until <= now);
        let has_lived = |limit| is_past(self.opened().and_then(|opened| opened.checked_add(limit)));
        let has_rested = |limit| self.is_idle() && is_past(self.since.checked_add(limit));
        if settings.max_lifetime.is_some_and(has_lived) {
            Some(DiscardReason::Lifetime)
        } else if u64::from(self.exchanges) >= settings.max_exchanges {
            Some(DiscardReason::ExchangeLimit)
        } else if settings.idle_timeout.is_some_and(has_rested) {
            Some(DiscardReason::IdleTimeout)
        } else if self.trusted_for(trust).is_some_and(has_rested) {
            Some(DiscardReason::Expiring)
        } else {
            None
        }
    }

    /// For how long it may be idle to be used, if that is known.
    #[inline]
    pub(super) fn trusted_for(&self, trust: Option<&Trust>) -> Option<Duration> {
        let trust = trust.filter(|_| self.protocol == Protocol::Http1)?;
        trust.limit()
    }

    /// Whether a request that wants this may go over the connection.
    #[inline]
    pub(super) fn suits(&self, want: &Want, now: Instant) -> bool {
        want.opened_after
            .is_none_or(|moment| self.is_opened_after(moment))
            && want
                .idle_at_most
                .is_none_or(|limit| self.idle(now) <= limit)
            && !(want.is_replay && self.suspect)
    }

    /// The one of its host that became idle before it.
    #[inline]
    pub(super) fn before(&self) -> Option<usize> {
        self.of_host.before()
    }

    /// For how long nothing has run on it.
    fn idle(&self, now: Instant) -> Duration {
        if self.streams > 0 {
            return Duration::ZERO;
        }
        now.saturating_duration_since(self.since)
    }

    /// When its socket was connected; `None` until it is open.
    #[inline]
    pub(super) fn opened(&self) -> Option<Instant> {
        self.ledger.as_ref().map(|ledger| ledger.opened())
    }

    #[inline]
    fn is_opened_after(&self, moment: Instant) -> bool {
        self.opened().is_some_and(|opened| opened > moment)
    }

    /// Whether an HTTP/2 peer has yet to say how many streams it allows.
    pub(super) fn is_unsaid(&self) -> bool {
        self.max_streams.is_none()
    }

    /// Whether an HTTP/2 connection has room for one more stream.
    #[inline]
    pub(super) fn has_room(&self) -> bool {
        self.streams < self.max_streams.unwrap_or(STREAMS_UNSAID)
    }

    /// Whether nothing runs on it.
    #[inline]
    pub(super) fn is_idle(&self) -> bool {
        match self.phase {
            Phase::Idle(_) => true,
            Phase::Shared(_) => self.streams == 0,
            _ => false,
        }
    }
}

impl Linked<Anywhere> for Slot {
    fn link(&mut self) -> &mut Link {
        &mut self.anywhere
    }
}

impl Linked<OfHost> for Slot {
    fn link(&mut self) -> &mut Link {
        &mut self.of_host
    }
}
