//! The pool's memory: plain data under one lock, and every way in which it changes.
//!
//! Apart from the pool that holds the lock because nothing here waits, asks a socket, wakes a task or drops a connection:
//! what is to be done about a change is written into [`Effects`], and done when the lock is released.
//!
//! Invariants:
//!
//! - A slot exists from the moment a connection is begun to be opened until its socket is closed, so the number of slots is
//!   the number of sockets, and the limits hold for sockets.
//! - A connection that suits a request in line is never idle.
//! - A host exists while it has a slot, or a request in line.

mod end;
mod give;
mod open;
mod settle;
mod share;
mod take;
mod trust;

pub(super) use self::settle::SETTLE_TIME;

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::task::Waker;
use std::time::Duration;

use http::Uri;
use slab::Slab;
use tokio::task::AbortHandle;
use tokio::time::Instant;

use super::counters::Counters;
use super::host::{Host, Waiter};
use super::key::Key;
use super::list::List;
use super::member::Member;
use super::reason::DiscardReason;
use super::route::Route;
use super::sender::Sender;
use super::settings::{STREAM_IDS, Settings};
use super::slot::{Anywhere, ConnectionId, Slot};
use super::telemetry::{Moves, Watch};
use crate::body::Valve;
use crate::conn::Ledger;

/// Everything a pool knows.
#[derive(Debug)]
pub(super) struct State {
    pub(super) settings: Settings,
    by_key: HashMap<Key, usize>,
    /// The host that was last asked for: mostly it is asked for again.
    last_host: usize,
    pub(super) hosts: Slab<Host>,
    pub(super) slots: Slab<Slot>,
    waiters: Slab<Waiter>,
    /// Kept only where a limit on all connections asks for the one that was idle longest.
    idle: List<Anywhere>,
    keeps_idle: bool,
    /// Hosts that want a connection and have none because of the limit on all of them.
    queue: VecDeque<usize>,
    /// How often a connection that had become free went to its own host since one of the queue was given a place.
    passed_over: usize,
    /// HTTP/1 connections that hyper is not done with.
    settling: List<Anywhere>,
    /// The task that looks after those in line behind them.
    look: Option<AbortHandle>,
    /// Connections on which nothing runs any more, and whose sockets are yet to be closed.
    leaving: usize,
    serial: u64,
    /// Somebody is told of every request, and not only of connections.
    is_observed: bool,
    sweeper: Option<AbortHandle>,
    pub(super) counters: Counters,
    is_closed: bool,
    closers: Vec<Waker>,
}

/// A connection given to a request.
#[derive(Debug)]
pub(super) struct Granted {
    pub(super) connection: ConnectionId,
    pub(super) sender: Sender,
    pub(super) ledger: Arc<Ledger>,
    pub(super) route: Arc<Route>,
    pub(super) member: Arc<Member>,
    pub(super) is_reused: bool,
    /// When it was taken.
    pub(super) taken: Instant,
    /// Since when it had been idle.
    pub(super) since: Instant,
}

/// What is to be done about a change, once the lock is released. Mostly nothing.
#[derive(Debug, Default)]
pub(super) struct Effects {
    to_do: Option<Box<ToDo>>,
    pub(super) moves: Moves,
}

/// What is to be done.
#[derive(Debug, Default)]
pub(super) struct ToDo {
    pub(super) wake: Vec<Waker>,
    /// Their connections end by this.
    pub(super) drop: Vec<Sender>,
    pub(super) open: Vec<Order>,
    pub(super) told: Vec<Told>,
    /// To be let go outside of the lock, which their end takes.
    pub(super) held: Vec<Arc<Member>>,
    /// Tasks of connections that would not end by themselves.
    pub(super) stop: Vec<AbortHandle>,
    /// When somebody in line is to be looked after.
    pub(super) look_again: Option<Duration>,
    /// Of bodies that are never sent.
    pub(super) shut: Vec<Valve>,
    /// To be dropped, and nothing else: what a waker does then is not known.
    pub(super) done_with: Vec<Waker>,
}

impl Effects {
    fn list(&mut self) -> &mut ToDo {
        self.to_do.get_or_insert_default()
    }

    pub(super) fn wake(&mut self, waker: Waker) {
        self.list().wake.push(waker);
    }

    pub(super) fn drop(&mut self, sender: Sender) {
        self.list().drop.push(sender);
    }

    fn done_with(&mut self, waker: Waker) {
        self.list().done_with.push(waker);
    }

    fn hold(&mut self, member: Arc<Member>) {
        self.list().held.push(member);
    }

    fn shut(&mut self, valve: Valve) {
        self.list().shut.push(valve);
    }

    fn stop(&mut self, task: AbortHandle) {
        self.list().stop.push(task);
    }

    fn look_again_in(&mut self, after: Duration) {
        let found = &mut self.list().look_again;
        *found = Some(found.map_or(after, |found| found.min(after)));
    }

    fn open(&mut self, order: Order) {
        self.list().open.push(order);
    }

    fn tell(&mut self, told: Told) {
        self.list().told.push(told);
    }

    #[inline]
    pub(super) fn into_parts(self) -> (Moves, Option<Box<ToDo>>) {
        (self.moves, self.to_do)
    }
}

/// A connection to be opened.
#[derive(Debug)]
pub(super) struct Order {
    pub(super) connection: ConnectionId,
    pub(super) route: Arc<Route>,
}

/// What the observer and the log are told.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) route: Arc<Route>,
    pub(super) number: u64,
    pub(super) watch: Watch,
    pub(super) what: What,
}

/// What happened to a connection.
#[derive(Clone, Copy, Debug)]
pub(super) enum What {
    Opened,
    Reused,
    Discarded(DiscardReason),
    Closed,
}

impl State {
    pub(super) fn new(mut settings: Settings, is_observed: bool) -> Self {
        settings.max_exchanges = settings.max_exchanges.min(STREAM_IDS);
        Self {
            settings,
            by_key: HashMap::new(),
            last_host: 0,
            hosts: Slab::new(),
            slots: Slab::new(),
            waiters: Slab::new(),
            idle: List::default(),
            keeps_idle: settings.max_idle < usize::MAX || settings.max_connections < usize::MAX,
            queue: VecDeque::new(),
            passed_over: 0,
            settling: List::default(),
            look: None,
            leaving: 0,
            serial: 0,
            is_observed,
            sweeper: None,
            counters: Counters::default(),
            is_closed: false,
            closers: Vec::new(),
        }
    }

    /// The host that this URI leads to, if the pool knows it.
    #[inline]
    pub(super) fn host(&mut self, uri: &Uri) -> Option<usize> {
        let last = self.hosts.get(self.last_host);
        if last.is_some_and(|host| host.route.key.is_plainly(uri)) {
            return Some(self.last_host);
        }
        let host = self.by_key.get(&Key::of(uri)?).copied()?;
        self.last_host = host;
        Some(host)
    }

    /// The same, if requests are still taken.
    #[inline]
    pub(super) fn host_if_open(&mut self, uri: &Uri) -> Option<usize> {
        if self.is_closed {
            return None;
        }
        self.host(uri)
    }

    /// Adds a host, unless somebody else has in the meantime.
    pub(super) fn add_host(&mut self, route: Route) -> usize {
        if let Some(host) = self.by_key.get(&route.key) {
            return *host;
        }
        let key = route.key.clone();
        let host = self.hosts.insert(Host::new(Arc::new(route)));
        self.by_key.insert(key, host);
        host
    }

    /// Drops a host that nobody would miss.
    pub(super) fn forget_host(&mut self, host: usize) {
        if self.hosts.get(host).is_some_and(Host::is_forgotten) {
            let host = self.hosts.remove(host);
            self.by_key.remove(&host.route.key);
        }
    }

    pub(super) fn is_closed(&self) -> bool {
        self.is_closed
    }

    /// Requests that wait, or that have not yet come for what they were given.
    #[cfg(test)]
    pub(super) fn in_line(&self) -> usize {
        self.waiters.len()
    }

    /// The slot of a connection, if it is still that one's.
    #[inline]
    pub(super) fn slot(&self, id: ConnectionId) -> Option<&Slot> {
        self.slots
            .get(id.at)
            .filter(|slot| slot.serial == id.serial)
    }

    #[inline]
    fn slot_mut(&mut self, id: ConnectionId) -> Option<&mut Slot> {
        let slot = self.slots.get_mut(id.at);
        slot.filter(|slot| slot.serial == id.serial)
    }

    #[inline]
    fn id(&self, at: usize) -> Option<ConnectionId> {
        let serial = self.slots.get(at)?.serial;
        Some(ConnectionId { at, serial })
    }

    /// Why a connection is to be given up now, if it is.
    #[inline]
    fn is_due(&self, slot: &Slot, now: Instant) -> Option<DiscardReason> {
        slot.is_due(&self.settings, self.trust(slot), now)
    }

    fn tell(&self, at: usize, what: What, fx: &mut Effects) {
        let Some(slot) = self.slots.get(at) else {
            return;
        };
        if let (Some(ledger), Some(host)) = (&slot.ledger, self.hosts.get(slot.host)) {
            fx.tell(Told {
                route: Arc::clone(&host.route),
                number: ledger.id(),
                watch: slot.watch.clone(),
                what,
            });
        }
    }
}
