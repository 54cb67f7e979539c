//! One connection as the pool keeps it, from the moment it is begun to be opened until its socket is closed.
//!
//! ```text
//! Connecting ─▶ Busy ◀─▶ Settling ─▶ Idle        HTTP/1: one exchange at a time
//!     │           │          │         │
//!     └─▶ Shared ─┴──────────┴─────────┴─▶ Closing ─▶ (the socket is closed: the slot is freed)
//! ```

use std::sync::{Arc, Weak};

use tokio::task::AbortHandle;
use tokio::time::Instant;

use super::checkout::Want;
use super::list::{Link, Linked};
use super::member::Member;
use super::sender::{Protocol, Sender};
use super::telemetry::Watch;
use crate::conn::Ledger;

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
    pub(super) opened: Instant,
    /// Since when it has been idle; the moment of opening before.
    pub(super) since: Instant,
    /// Exchanges that were handed to it.
    pub(super) exchanges: u64,
    /// It has lain idle, whether or not it has served.
    pub(super) has_idled: bool,
    /// Exchanges that run on it now.
    pub(super) streams: usize,
    /// How many may, as the peer says.
    pub(super) max_streams: usize,
    /// Nothing runs on it any more, and its socket is yet to be closed.
    pub(super) is_leaving: bool,
    /// Its span, if anybody listens.
    pub(super) watch: Watch,
    /// Its task, to be stopped while nothing has come of it.
    pub(super) task: Option<AbortHandle>,
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
            opened: now,
            since: now,
            exchanges: 0,
            has_idled: false,
            streams: 0,
            max_streams: 1,
            is_leaving: false,
            watch: Watch::default(),
            task: None,
            suspect: false,
            member: Weak::new(),
            anywhere: Link::Out,
            of_host: Link::Out,
        }
    }

    /// Whether a request that wants this may go over the connection.
    #[inline]
    pub(super) fn suits(&self, want: &Want) -> bool {
        want.opened_after
            .is_none_or(|moment| self.is_opened_after(moment))
            && !(want.is_replay && self.suspect)
    }

    #[inline]
    fn is_opened_after(&self, moment: Instant) -> bool {
        self.ledger
            .as_ref()
            .is_some_and(|ledger| ledger.opened() > moment)
    }

    /// Whether it has served, or lain idle: its peer may have given it up.
    #[inline]
    pub(super) fn is_reused(&self) -> bool {
        self.exchanges > 0 || self.has_idled
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
