//! A connection is ready, new or come back: it goes to the first in line whom it suits, or lies idle.

use std::sync::Arc;

use tokio::time::Instant;

use super::{Effects, Granted, State, What};
use crate::conn::Ledger;
use crate::pool::DiscardReason;
use crate::pool::sender::{Protocol, Sender};
use crate::pool::slot::{ConnectionId, Phase, Slot};

impl State {
    /// A connection has been opened.
    pub(in crate::pool) fn opened(
        &mut self,
        id: ConnectionId,
        (sender, ledger): (Sender, Arc<Ledger>),
        now: Instant,
        fx: &mut Effects,
    ) {
        let protocol = sender.protocol();
        let Some(slot) = self.slot_mut(id) else {
            return fx.drop(sender);
        };
        slot.since = now;
        slot.ledger = Some(ledger);
        slot.protocol = protocol;
        slot.phase = Phase::Busy;
        let at_host = slot.host;
        self.counters.opened += 1;
        if let Some(host) = self.hosts.get_mut(at_host) {
            host.connecting -= 1;
            host.protocol = Some(protocol);
        }
        self.tell(id.at, What::Opened, fx);
        if self.is_closed {
            fx.drop(sender);
            return self.retire(id, DiscardReason::ClientClosed, fx);
        }
        match protocol {
            Protocol::Http1 => self.available(id.at, sender, now, fx),
            Protocol::Http2 => self.share(id.at, sender, now, fx),
        }
        // Now that it is known what the peer speaks, the others in line may need connections of their own.
        self.open_for(at_host, now, fx);
    }

    /// An exchange is over, and its connection may carry another. `answered`: it was an exchange.
    #[inline]
    pub(in crate::pool) fn give_back(
        &mut self,
        id: ConnectionId,
        (sender, answered): (Sender, bool),
        now: Instant,
        fx: &mut Effects,
    ) {
        let Some(slot) = self.slot_mut(id) else {
            return fx.drop(sender);
        };
        slot.streams = slot.streams.saturating_sub(1);
        if answered {
            slot.since = now;
        }
        slot.suspect = false;
        slot.is_reused |= answered;
        if let Some(valve) = slot.withheld.take() {
            fx.shut(valve);
        }
        if matches!(slot.phase, Phase::Busy) {
            self.settle_or_await(id.at, sender, now, fx);
        } else {
            fx.drop(sender);
            self.stream_ended(id.at, now, fx);
        }
    }

    /// What had been given to a request that is gone is passed on, as if it had never been.
    pub(super) fn take_back(&mut self, granted: Granted, now: Instant, fx: &mut Effects) {
        // The connection's tasks may have ended meanwhile, and this be the last to hold it: its end takes the lock.
        fx.hold(granted.member);
        let Some(slot) = self.slot_mut(granted.connection) else {
            return fx.drop(granted.sender);
        };
        slot.exchanges = slot.exchanges.saturating_sub(1);
        let (since, suspect) = (slot.since, slot.suspect);
        self.counters.reused -= u64::from(granted.is_reused);
        self.give_back(granted.connection, (granted.sender, false), now, fx);
        if let Some(slot) = self.slot_mut(granted.connection) {
            // It has not served: its age and what is thought of it stay.
            slot.since = since;
            slot.suspect = suspect;
        }
    }

    /// An HTTP/1 connection is ready for a request.
    #[inline]
    pub(super) fn available(&mut self, at: usize, sender: Sender, now: Instant, fx: &mut Effects) {
        let Some(slot) = self.slots.get_mut(at) else {
            return fx.drop(sender);
        };
        let host = slot.host;
        slot.phase = Phase::Busy;
        let reason = if self.is_closed {
            Some(DiscardReason::ClientClosed)
        } else {
            // It does not lie idle yet, and so no trust in its server has run out.
            slot.is_due(&self.settings, None, now)
        };
        if let (Some(reason), Some(id)) = (reason, self.id(at)) {
            fx.drop(sender);
            return self.retire(id, reason, fx);
        }
        let is_wanted = self
            .hosts
            .get(host)
            .is_some_and(|host| !host.line.is_empty());
        if !is_wanted {
            return self.rest(at, sender, now, fx);
        }
        if self.is_needed_more(host, at, now) {
            fx.drop(sender);
            if let Some(id) = self.id(at) {
                self.retire(id, DiscardReason::MadeRoom, fx);
            }
            return;
        }
        if let Some(waiter) = self.next_in_line(host, at, now) {
            if let Some(granted) = self.grant(at, sender, now, fx) {
                self.serve(waiter, Ok(granted), fx);
            }
            return;
        }
        self.rest(at, sender, now, fx);
        // Whom it does not suit waits for a place, which it may be holding.
        self.open_for(host, now, fx);
    }

    /// Nobody wants it now.
    #[inline]
    fn rest(&mut self, at: usize, sender: Sender, now: Instant, fx: &mut Effects) {
        let Some(slot) = self.slots.get_mut(at) else {
            return fx.drop(sender);
        };
        slot.phase = Phase::Idle(sender);
        slot.is_reused = true;
        fx.moves.note(slot);
        let host = slot.host;
        self.lie_idle(at, host, now, fx);
    }

    #[inline]
    fn lie_idle(&mut self, at: usize, host: usize, now: Instant, fx: &mut Effects) {
        let Some(owner) = self.hosts.get_mut(host) else {
            return;
        };
        owner.idle.push(at, &mut self.slots);
        let over = owner.idle.len() > self.settings.max_idle_per_host;
        let oldest = owner.idle.oldest().filter(|_| over);
        if let Some(id) = oldest.and_then(|oldest| self.id(oldest)) {
            self.retire(id, DiscardReason::IdleLimit, fx);
        }
        self.keep_idle_limit(at, now, fx);
    }

    #[inline]
    pub(super) fn keep_idle_limit(&mut self, at: usize, now: Instant, fx: &mut Effects) {
        if !self.keeps_idle || !self.slots.get(at).is_some_and(Slot::is_idle) {
            return;
        }
        self.idle.push(at, &mut self.slots);
        if self.idle.len() > self.settings.max_idle {
            if let Some(id) = self.idle.oldest().and_then(|oldest| self.id(oldest)) {
                self.retire(id, DiscardReason::IdleLimit, fx);
            }
        }
        self.make_room_for_queue(now, fx);
    }
}
