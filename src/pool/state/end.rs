//! A connection is given up, and its socket is closed.

use std::sync::{Arc, Weak};
use std::task::Waker;
use std::time::Duration;

use tokio::task::AbortHandle;
use tokio::time::Instant;

use super::trust::Outlook;
use super::{Effects, State, What};
use crate::body::Valve;
use crate::conn::Ledger;
use crate::pool::list::List;
use crate::pool::member::Member;
use crate::pool::slot::{ConnectionId, OfHost, Phase, Slot};
use crate::pool::telemetry::Watch;
use crate::pool::{ConnectError, DiscardReason};

impl State {
    /// Gives a connection up: it takes nothing more, and ends when what runs on it has ended.
    pub(in crate::pool) fn retire(
        &mut self,
        id: ConnectionId,
        reason: DiscardReason,
        fx: &mut Effects,
    ) {
        if self
            .slot(id)
            .is_none_or(|slot| matches!(slot.phase, Phase::Closing))
        {
            return;
        }
        self.counters.discard(reason);
        self.tell(id.at, What::Discarded(reason), fx);
        let host = self.slots.get(id.at).map(|slot| slot.host);
        self.mark_closing(id.at, fx);
        if let Some(host) = host {
            // They may have waited for it to take them.
            self.nudge(host, fx);
        }
    }

    /// Gives up the connection of an exchange whose lease has ended with it.
    pub(in crate::pool) fn discard(
        &mut self,
        id: ConnectionId,
        reason: DiscardReason,
        fx: &mut Effects,
    ) {
        let Some(slot) = self.slot_mut(id) else {
            return;
        };
        slot.streams = slot.streams.saturating_sub(1);
        if let Some(valve) = slot.withheld.take() {
            fx.shut(valve);
        }
        self.retire(id, reason, fx);
    }

    /// Takes a slot out of everything that gives connections away, and its handle out of it.
    pub(super) fn mark_closing(&mut self, at: usize, fx: &mut Effects) {
        let is_settling = |slot: &Slot| matches!(slot.phase, Phase::Settling(_));
        if self.slots.get(at).is_some_and(is_settling) {
            self.no_longer_settling(at);
        } else {
            self.idle.remove(at, &mut self.slots);
        }
        let Some(slot) = self.slots.get_mut(at) else {
            return;
        };
        let Some(host) = self.hosts.get_mut(slot.host) else {
            return;
        };
        if !slot.is_leaving && slot.streams == 0 {
            slot.is_leaving = true;
            host.leaving += 1;
            self.leaving += 1;
        }
        let before = std::mem::replace(&mut slot.phase, Phase::Closing);
        fx.moves.note(slot);
        match before {
            Phase::Connecting => host.connecting -= 1,
            Phase::Settling(sender) => {
                fx.drop(sender);
                // hyper would go on with the upload.
                if let Some(task) = slot.task.take() {
                    fx.stop(task);
                }
            }
            Phase::Idle(sender) => {
                fx.drop(sender);
                host.idle.remove(at, &mut self.slots);
            }
            Phase::Shared(sender) => {
                fx.drop(sender);
                host.shared.retain(|other| *other != at);
            }
            Phase::Busy | Phase::Closing => {}
        }
    }

    /// The last task of a connection has ended, and its socket is closed.
    pub(in crate::pool) fn ended(&mut self, id: ConnectionId, now: Instant, fx: &mut Effects) {
        let Some(slot) = self.slot(id) else {
            return;
        };
        let host = slot.host;
        // Its task was dropped before it had begun, or panicked.
        let is_interrupted = matches!(slot.phase, Phase::Connecting);
        match slot.phase {
            Phase::Connecting => self.connect_failed(id, &ConnectError::interrupted(), fx),
            Phase::Idle(_) | Phase::Shared(_) => self.retire(id, DiscardReason::PeerClosed, fx),
            Phase::Busy | Phase::Settling(_) => self.retire(id, DiscardReason::Spent, fx),
            Phase::Closing => {}
        }
        self.tell(id.at, What::Closed, fx);
        let slot = self.slots.remove(id.at);
        fx.moves.forget(&slot);
        let left = usize::from(slot.is_leaving);
        self.leaving -= left;
        if let Some(host) = self.hosts.get_mut(host) {
            host.leaving -= left;
            host.open -= 1;
        }
        if is_interrupted {
            // With its runtime, perhaps: then the next one that is opened from here would be dropped from here, too.
            self.nudge(host, fx);
        } else {
            self.place_freed(host, now, fx);
        }
        self.forget_host(host);
        if self.slots.is_empty() {
            for waker in self.closers.drain(..) {
                fx.wake(waker);
            }
        }
    }

    /// A connection was found dead. Its siblings that have been idle no shorter are suspect: they are handed out to be
    /// asked, and those that pass are not for the requests that are sent again because of this.
    pub(in crate::pool) fn suspects(
        &mut self,
        host: usize,
        since: Instant,
    ) -> Vec<(ConnectionId, Arc<Ledger>)> {
        let mut found = Vec::new();
        let mut next = self.hosts.get(host).and_then(|host| host.idle.oldest());
        while let Some(at) = next {
            next = List::<OfHost>::after(at, &mut self.slots);
            let Some(slot) = self.slots.get_mut(at).filter(|slot| slot.since <= since) else {
                break;
            };
            slot.suspect = true;
            let serial = slot.serial;
            let id = ConnectionId { at, serial };
            found.extend(slot.ledger.clone().map(|ledger| (id, ledger)));
        }
        found
    }

    /// Gives up a connection if nothing runs on it. Returns whether that is so.
    pub(in crate::pool) fn retire_idle(
        &mut self,
        id: ConnectionId,
        reason: DiscardReason,
        fx: &mut Effects,
    ) -> bool {
        let is_idle = self.slot(id).is_some_and(Slot::is_idle);
        if is_idle {
            self.retire(id, reason, fx);
        }
        is_idle
    }

    /// Gives up what is past its time; `has_woken`: since it last did, the machine has slept. Returns how long until something
    /// else will be; `None` if nothing can be.
    pub(in crate::pool) fn sweep(
        &mut self,
        now: Instant,
        has_woken: bool,
        fx: &mut Effects,
    ) -> Option<Duration> {
        let mut next: Option<Duration> = None;
        for at in 0..self.slots.capacity() {
            match self.outlook(at, now, has_woken) {
                Outlook::Ends(reason) => {
                    if let Some(id) = self.id(at) {
                        self.retire(id, reason, fx);
                    }
                }
                Outlook::LookIn(left) => next = Some(next.map_or(left, |next| next.min(left))),
                Outlook::Stays => {}
            }
        }
        next
    }

    /// What is to become of a connection, by the clock.
    fn outlook(&self, at: usize, now: Instant, has_woken: bool) -> Outlook {
        let Some(slot) = self.slots.get(at).filter(|slot| slot.is_idle()) else {
            return Outlook::Stays;
        };
        match self.is_due(slot, now) {
            Some(DiscardReason::Expiring) => self.outlook_of_expiring(slot, now),
            Some(reason) => Outlook::Ends(reason),
            None if has_woken && self.has_slept(slot) => Outlook::Ends(DiscardReason::AfterSleep),
            None => self
                .ends(at, now)
                .map_or(Outlook::Stays, |(_, left)| Outlook::LookIn(left)),
        }
    }

    /// What ends a connection if nothing else does, and in how long.
    pub(in crate::pool) fn ends(
        &self,
        at: usize,
        now: Instant,
    ) -> Option<(DiscardReason, Duration)> {
        let slot = self.slots.get(at)?;
        let rest = |limit: Option<Duration>, since| {
            limit.map(|limit| limit.saturating_sub(now.saturating_duration_since(since)))
        };
        let by_age = slot
            .opened()
            .and_then(|opened| rest(self.settings.max_lifetime, opened))
            .map(|left| (DiscardReason::Lifetime, left));
        let by_idleness = rest(self.settings.idle_timeout, slot.since)
            .filter(|_| slot.is_idle())
            .map(|left| (DiscardReason::IdleTimeout, left));
        let by_server = rest(slot.trusted_for(self.trust(slot)), slot.since)
            .filter(|_| slot.is_idle())
            .map(|left| (DiscardReason::Expiring, left));
        by_age
            .into_iter()
            .chain(by_idleness)
            .chain(by_server)
            .min_by_key(|(_, left)| *left)
    }

    /// Whether nobody sweeps: the task was not started, or is gone with its runtime.
    pub(in crate::pool) fn lacks_sweeper(&self) -> bool {
        self.sweeper.as_ref().is_none_or(AbortHandle::is_finished)
    }

    pub(in crate::pool) fn set_sweeper(&mut self, task: AbortHandle) {
        self.sweeper = Some(task);
    }

    /// Whether there is nothing left to sweep. The task must end then; another is started with the next connection.
    pub(in crate::pool) fn ends_sweeper(&mut self) -> bool {
        let ends = self.slots.is_empty();
        if ends {
            self.sweeper = None;
        }
        ends
    }

    /// The body of the exchange on this connection is held back.
    pub(in crate::pool) fn hold_back(&mut self, id: ConnectionId, valve: Valve) {
        if let Some(slot) = self.slot_mut(id) {
            slot.withheld = Some(valve);
        }
    }

    pub(in crate::pool) fn set_member(&mut self, id: ConnectionId, member: Weak<Member>) {
        if let Some(slot) = self.slot_mut(id) {
            slot.member = member;
        }
    }

    /// Remembers the span of a connection that was opened.
    pub(in crate::pool) fn set_watch(&mut self, id: ConnectionId, watch: Watch) {
        if let Some(slot) = self.slot_mut(id) {
            slot.watch = watch;
        }
    }

    /// Remembers the task that opens a connection, if it is not open yet.
    pub(in crate::pool) fn set_opening_task(&mut self, id: ConnectionId, task: AbortHandle) {
        let slot = self.slot_mut(id);
        if let Some(slot) = slot.filter(|slot| matches!(slot.phase, Phase::Connecting)) {
            slot.task = Some(task);
        }
    }

    /// Remembers the task that drives a connection.
    pub(in crate::pool) fn set_task(&mut self, id: ConnectionId, task: AbortHandle) {
        if let Some(slot) = self.slot_mut(id) {
            slot.task = Some(task);
        }
    }

    /// Stops every task that is still opening a connection, and those that go by the clock.
    pub(in crate::pool) fn stop_tasks(&mut self) {
        let opening = self
            .slots
            .iter()
            .filter(|(_, slot)| matches!(slot.phase, Phase::Connecting));
        for (_, slot) in opening {
            if let Some(task) = &slot.task {
                task.abort();
            }
        }
        for task in [self.sweeper.take(), self.look.take()]
            .into_iter()
            .flatten()
        {
            task.abort();
        }
    }

    /// No further request is taken; what is idle goes, who is in line is told.
    pub(in crate::pool) fn close(&mut self, now: Instant, fx: &mut Effects) {
        self.is_closed = true;
        self.stop_tasks();
        self.end_all_settling(now, fx);
        for at in 0..self.slots.capacity() {
            let idle = self
                .slots
                .get(at)
                .is_some_and(|slot| matches!(slot.phase, Phase::Idle(_) | Phase::Shared(_)));
            if let Some(id) = self.id(at).filter(|_| idle) {
                self.retire(id, DiscardReason::ClientClosed, fx);
            }
        }
        for at in 0..self.waiters.capacity() {
            if self
                .waiters
                .get(at)
                .is_some_and(|waiter| waiter.outcome.is_none())
            {
                self.serve(at, Err(ConnectError::closed()), fx);
            }
        }
    }

    /// Whether every socket is closed; else the waker is woken when they are.
    pub(in crate::pool) fn poll_all_closed(&mut self, waker: &Waker) -> bool {
        if self.slots.is_empty() {
            return true;
        }
        if !self.closers.iter().any(|known| known.will_wake(waker)) {
            self.closers.push(waker.clone());
        }
        false
    }
}
