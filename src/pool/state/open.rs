//! Connections are opened for those in line, as far as the limits allow.
//!
//! A connection is opened for nobody in particular: it goes to the first in line when it is there, and so does one that
//! becomes free meanwhile. What nobody wants any more lies idle.

use std::sync::Arc;

use tokio::time::Instant;

use super::{Effects, Order, State};
use crate::pool::host::Host;
use crate::pool::slot::{ConnectionId, Slot};
use crate::pool::{ConnectError, DiscardReason};

/// How many exchanges go to a host's own line while another host waits for a place, and there is none but by closing a
/// connection. Fewer would have hosts that are all busy close each other's connections all the time.
const MOST_PASSED_OVER: usize = 16;

impl State {
    /// Opens as many connections as those in line need and the limits allow. Returns whether a limit was in the way.
    pub(in crate::pool) fn open_for(
        &mut self,
        host: usize,
        now: Instant,
        fx: &mut Effects,
    ) -> bool {
        loop {
            let lacking = self.lacking(host, now);
            if lacking == 0 || self.is_closed {
                self.leave_queue(host);
                return false;
            }
            if self.is_host_full(host) {
                // What it waits for is one of its own.
                self.leave_queue(host);
                self.make_room_at(host, lacking, now, fx);
                return true;
            }
            if !self.has_place_for(host) {
                self.queue_up(host);
                self.make_room_for_queue(now, fx);
                return true;
            }
            // At the end of the queue again, if it lacks more: hosts take turns.
            self.leave_queue(host);
            self.open_one(host, now, fx);
        }
    }

    /// How many connections those in line are short of. One whose peer has yet to say how many streams it allows may have
    /// room for all.
    fn lacking(&self, host: usize, now: Instant) -> usize {
        self.hosts.get(host).map_or(0, |host| {
            let wanted = host.wants_connecting();
            if wanted <= host.connecting {
                return 0;
            }
            let first = host.line.oldest().and_then(|first| self.waiters.get(first));
            let may_have_room = |at: &&usize| {
                let (slot, first) = (self.slots.get(**at), first);
                slot.zip(first)
                    .is_some_and(|(slot, first)| slot.is_unsaid() && slot.suits(&first.want, now))
            };
            let unsaid = host.shared.iter().filter(may_have_room).count();
            wanted.saturating_sub(host.connecting + unsaid)
        })
    }

    fn is_host_full(&self, host: usize) -> bool {
        let limit = self.settings.max_connections_per_host;
        self.hosts.get(host).is_none_or(|host| host.open >= limit)
    }

    /// Whether there is a place within the limit on all connections that no host is before this one for.
    fn has_place_for(&self, host: usize) -> bool {
        let places = self
            .settings
            .max_connections
            .saturating_sub(self.slots.len());
        places > self.queue.len() || self.queue.iter().take(places).any(|queued| *queued == host)
    }

    fn open_one(&mut self, host: usize, now: Instant, fx: &mut Effects) {
        let Some(owner) = self.hosts.get_mut(host) else {
            return;
        };
        owner.open += 1;
        owner.connecting += 1;
        self.serial += 1;
        let mut slot = Slot::connecting(self.serial, host, now);
        fx.moves.note(&mut slot);
        fx.open(Order {
            connection: ConnectionId {
                serial: slot.serial,
                at: self.slots.insert(slot),
            },
            route: Arc::clone(&owner.route),
        });
    }

    /// A host is full, and what is idle there does not suit those in line: the longest idle go, and uploads that have had
    /// their time.
    fn make_room_at(&mut self, host: usize, lacking: usize, now: Instant, fx: &mut Effects) {
        loop {
            let Some(owner) = self.hosts.get(host) else {
                return;
            };
            if owner.leaving >= lacking {
                return;
            }
            let shared = owner.shared.iter().copied();
            let mut idle = owner.idle.oldest().into_iter().chain(shared);
            let idle = idle.find(|at| self.slots.get(*at).is_some_and(Slot::is_idle));
            let settles = owner.settling > 0;
            if let Some(id) = idle.and_then(|at| self.id(at)) {
                self.retire(id, DiscardReason::MadeRoom, fx);
            } else if !(settles && self.end_settling(Some(host), DiscardReason::MadeRoom, now, fx))
            {
                return;
            }
        }
    }

    fn queue_up(&mut self, host: usize) {
        if let Some(owner) = self.hosts.get_mut(host).filter(|owner| !owner.is_queued) {
            owner.is_queued = true;
            self.queue.push_back(host);
        }
    }

    fn leave_queue(&mut self, host: usize) {
        if let Some(owner) = self.hosts.get_mut(host).filter(|owner| owner.is_queued) {
            owner.is_queued = false;
            self.queue.retain(|queued| *queued != host);
        }
    }

    /// The pool is full, and hosts wait for a place: the connections that were idle longest go, wherever they lead, and
    /// uploads that have had their time.
    pub(super) fn make_room_for_queue(&mut self, now: Instant, fx: &mut Effects) {
        while self.leaving < self.queue.len() && self.is_full() {
            if let Some(id) = self.idle.oldest().and_then(|at| self.id(at)) {
                self.retire(id, DiscardReason::MadeRoom, fx);
            } else if !self.end_settling(None, DiscardReason::MadeRoom, now, fx) {
                return;
            }
        }
    }

    fn is_full(&self) -> bool {
        self.slots.len() >= self.settings.max_connections
    }

    /// Whether a connection that has become free is to be closed, as somebody needs its place who would not get one
    /// otherwise: those of its own host that it does suit could keep it busy for ever.
    #[inline]
    pub(super) fn is_needed_more(&mut self, host: usize, at: usize, now: Instant) -> bool {
        let first = self.hosts.get(host).and_then(|host| host.line.oldest());
        first.is_some_and(|first| {
            self.is_in_the_way(host, at, first, now)
                || self.has_served(at) && self.is_others_turn(host)
        })
    }

    /// The same of an HTTP/2 connection, which need not come to be free at all: it takes no further streams then.
    #[inline]
    pub(super) fn is_needed_more_than_streams(
        &mut self,
        host: usize,
        at: usize,
        now: Instant,
    ) -> bool {
        let first = self.hosts.get(host).and_then(|host| host.line.oldest());
        first.is_some_and(|first| self.is_in_the_way(host, at, first, now))
            || self.has_served(at) && self.is_others_turn(host)
    }

    fn has_served(&self, at: usize) -> bool {
        self.slots.get(at).is_some_and(|slot| slot.exchanges > 0)
    }

    /// It does not suit the first in line, who cannot get another.
    fn is_in_the_way(&self, host: usize, at: usize, first: usize, now: Instant) -> bool {
        let (Some(slot), Some(first)) = (self.slots.get(at), self.waiters.get(first)) else {
            return false;
        };
        let is_helped = |host: &Host| host.connecting + host.leaving > 0;
        !slot.suits(&first.want, now)
            && (self.is_host_full(host) || self.is_full())
            && !self.hosts.get(host).is_some_and(is_helped)
    }

    /// Hosts in the queue are passed over so many times, and then not again.
    fn is_others_turn(&mut self, host: usize) -> bool {
        let others_wait = self.queue.iter().any(|queued| *queued != host);
        if !others_wait || self.leaving >= self.queue.len() || !self.is_full() {
            return false;
        }
        self.passed_over += 1;
        if self.passed_over <= MOST_PASSED_OVER {
            return false;
        }
        self.passed_over = 0;
        // It may be waiting for one more itself: behind the others.
        self.leave_queue(host);
        true
    }

    /// A place has become free: it is used at once, rather than by the first in line, whose task may be busy otherwise.
    pub(super) fn place_freed(&mut self, host: usize, now: Instant, fx: &mut Effects) {
        self.open_for(host, now, fx);
        self.open_for_queue(now, fx);
    }

    fn open_for_queue(&mut self, now: Instant, fx: &mut Effects) {
        while self.slots.len() < self.settings.max_connections {
            let Some(first) = self.queue.front().copied() else {
                return;
            };
            self.open_for_first(first, now, fx);
        }
    }

    /// One connection for the host that waits longest; then it is another's turn.
    fn open_for_first(&mut self, first: usize, now: Instant, fx: &mut Effects) {
        self.leave_queue(first);
        self.passed_over = 0;
        let lacking = self.lacking(first, now);
        if lacking == 0 || self.is_host_full(first) {
            return self.forget_host(first);
        }
        self.open_one(first, now, fx);
        if lacking > 1 {
            self.queue_up(first);
        }
    }

    /// Wakes the first in line, which opens what is lacking: this may not be the poll of a request, nor within a runtime.
    pub(super) fn nudge(&mut self, host: usize, fx: &mut Effects) {
        let is_short = |host: &&Host| host.wants_connecting() > host.connecting;
        let Some(owner) = self.hosts.get(host).filter(is_short) else {
            return;
        };
        let first = owner.line.oldest().and_then(|at| self.waiters.get(at));
        if let Some(waiter) = first {
            fx.wake(waiter.waker.clone());
        }
    }

    /// A connection could not be opened. Where all in line wait for one to share, all are told; else the first.
    pub(in crate::pool) fn connect_failed(
        &mut self,
        id: ConnectionId,
        error: &ConnectError,
        fx: &mut Effects,
    ) {
        let Some(slot) = self.slot(id) else {
            return;
        };
        let at_host = slot.host;
        self.counters.connect_failed += 1;
        self.mark_closing(id.at, fx);
        loop {
            let Some(host) = self.hosts.get(at_host) else {
                return;
            };
            let lacks = host.line.len() > host.connecting;
            let Some(waiter) = host.line.oldest().filter(|_| lacks) else {
                return;
            };
            let may_share = host.may_share();
            self.serve(waiter, Err(error.clone()), fx);
            if !may_share {
                return;
            }
        }
    }
}
