//! A request takes a connection, or gets in line.

use std::sync::Arc;
use std::task::Waker;

use slab::Slab;
use tokio::time::Instant;

use super::{Effects, Granted, State, What};
use crate::pool::host::{InLine, Waiter};
use crate::pool::list::{Link, List};
use crate::pool::sender::Sender;
use crate::pool::slot::{ConnectionId, Phase};
use crate::pool::telemetry::hears_of_reuse;
use crate::pool::{ConnectError, DiscardReason, Want};

/// Room for so many waiters is kept.
const KEPT_WAITERS: usize = 64;

impl State {
    /// Takes a connection for a request: of HTTP/2 one with room for a stream, of HTTP/1 the one that became idle last.
    /// Those that are past their time are given up on the way.
    #[inline]
    pub(in crate::pool) fn take(
        &mut self,
        host: usize,
        want: &Want,
        now: Instant,
        fx: &mut Effects,
    ) -> Option<Granted> {
        if self.hosts.get(host)?.shared.is_empty() {
            return self.take_idle(host, want, now, fx);
        }
        self.take_stream(host, want, now, fx)
            .or_else(|| self.take_idle(host, want, now, fx))
    }

    #[inline]
    fn take_idle(
        &mut self,
        host: usize,
        want: &Want,
        now: Instant,
        fx: &mut Effects,
    ) -> Option<Granted> {
        let mut next = self.hosts.get(host)?.idle.newest();
        while let Some(at) = next {
            let owner = self.hosts.get(host)?;
            let trust = owner.route.trust.as_ref();
            let slot = self.slots.get(at)?;
            next = slot.before();
            if let Some(reason) = slot.is_due(&self.settings, trust, now) {
                self.retire(self.id(at)?, reason, fx);
            } else if matches!(&slot.phase, Phase::Idle(sender) if sender.is_closed()) {
                self.retire(self.id(at)?, DiscardReason::PeerClosed, fx);
            } else if slot.suits(want, now) {
                return self.grant_idle(at, host, now, fx);
            }
        }
        None
    }

    #[inline]
    fn take_stream(
        &mut self,
        host: usize,
        want: &Want,
        now: Instant,
        fx: &mut Effects,
    ) -> Option<Granted> {
        let mut n = self.hosts.get(host)?.shared.len();
        while n > 0 {
            n -= 1;
            let at = *self.hosts.get(host)?.shared.get(n)?;
            let slot = self.slots.get(at)?;
            let is_closed = matches!(&slot.phase, Phase::Shared(sender) if sender.is_closed());
            let has_room = slot.has_room();
            let suits = slot.suits(want, now);
            if let Some(reason) = self.is_due(slot, now) {
                self.retire(self.id(at)?, reason, fx);
            } else if is_closed {
                self.retire(self.id(at)?, DiscardReason::PeerClosed, fx);
            } else if has_room && suits {
                if !self.is_needed_more_than_streams(host, at, now) {
                    return self.grant_stream(at, now, fx);
                }
                self.retire(self.id(at)?, DiscardReason::MadeRoom, fx);
            }
        }
        None
    }

    /// Gives an idle HTTP/1 connection of this host away.
    #[expect(clippy::inline_always, reason = "a part of what each request does")]
    #[inline(always)]
    fn grant_idle(
        &mut self,
        at: usize,
        host: usize,
        now: Instant,
        fx: &mut Effects,
    ) -> Option<Granted> {
        if self.keeps_idle {
            self.idle.remove(at, &mut self.slots);
        }
        let owner = self.hosts.get_mut(host)?;
        owner.idle.remove(at, &mut self.slots);
        match std::mem::replace(&mut self.slots.get_mut(at)?.phase, Phase::Busy) {
            Phase::Idle(sender) => self.grant(at, sender, now, fx),
            _ => None,
        }
    }

    /// Gives a stream of an HTTP/2 connection away.
    pub(super) fn grant_stream(
        &mut self,
        at: usize,
        now: Instant,
        fx: &mut Effects,
    ) -> Option<Granted> {
        self.idle.remove(at, &mut self.slots);
        let sender = match &self.slots.get(at)?.phase {
            Phase::Shared(sender) => sender.another()?,
            _ => return None,
        };
        self.grant(at, sender, now, fx)
    }

    /// Gives a connection away whose handle is here.
    #[expect(clippy::inline_always, reason = "a part of what each request does")]
    #[inline(always)]
    pub(super) fn grant(
        &mut self,
        at: usize,
        sender: Sender,
        now: Instant,
        fx: &mut Effects,
    ) -> Option<Granted> {
        let slot = self.slots.get_mut(at)?;
        let Some(member) = slot.member.upgrade() else {
            // Its last task is ending at this moment, and waits for the lock to say so.
            fx.drop(sender);
            return None;
        };
        let ledger = Arc::clone(slot.ledger.as_ref()?);
        let route = Arc::clone(&self.hosts.get(slot.host)?.route);
        let (serial, is_reused, since) = (slot.serial, slot.is_reused, slot.since);
        slot.exchanges += 1;
        slot.streams += 1;
        fx.moves.note(slot);
        if is_reused {
            self.counters.reused += 1;
            if self.is_observed || hears_of_reuse() {
                self.tell(at, What::Reused, fx);
            }
        }
        Some(Granted {
            connection: ConnectionId { at, serial },
            sender,
            ledger,
            route,
            member,
            is_reused,
            taken: now,
            since,
        })
    }

    /// Whether hyper is yet to be done with a connection that its caller is done with.
    pub(in crate::pool) fn is_settling(&self, host: usize) -> bool {
        self.hosts.get(host).is_some_and(|host| host.settling > 0)
    }

    /// Gets in line.
    pub(in crate::pool) fn wait(&mut self, host: usize, want: Want, waker: Waker) -> usize {
        let at = self.waiters.insert(Waiter {
            host,
            want,
            waker,
            outcome: None,
            in_line: Link::Out,
        });
        if let Some(host) = self.hosts.get_mut(host) {
            host.line.push(at, &mut self.waiters);
        }
        at
    }

    /// What came of waiting, if anything has; the waiter is gone then.
    pub(in crate::pool) fn outcome(
        &mut self,
        waiter: usize,
        waker: &Waker,
        fx: &mut Effects,
    ) -> Option<Result<Granted, ConnectError>> {
        let found = self.waiters.get_mut(waiter)?;
        let outcome = found.outcome.take();
        if outcome.is_some() {
            fx.done_with(self.forget_waiter(waiter).waker);
        } else if !found.waker.will_wake(waker) {
            fx.done_with(std::mem::replace(&mut found.waker, waker.clone()));
        }
        outcome
    }

    /// Removes a waiter; with the last of many goes the room that they took.
    fn forget_waiter(&mut self, waiter: usize) -> Waiter {
        let gone = self.waiters.remove(waiter);
        if self.waiters.is_empty() && self.waiters.capacity() > KEPT_WAITERS {
            self.waiters = Slab::new();
        }
        gone
    }

    /// Leaves the line. What had been given is passed on.
    pub(in crate::pool) fn leave(&mut self, waiter: usize, now: Instant, fx: &mut Effects) {
        let Some(waiter_host) = self.waiters.get(waiter).map(|waiter| waiter.host) else {
            return;
        };
        if let Some(host) = self.hosts.get_mut(waiter_host) {
            host.line.remove(waiter, &mut self.waiters);
        }
        let gone = self.forget_waiter(waiter);
        fx.done_with(gone.waker);
        match gone.outcome {
            Some(Ok(granted)) => self.take_back(granted, now, fx),
            // It may have been woken to open a connection.
            _ => self.nudge(waiter_host, fx),
        }
        self.forget_host(waiter_host);
    }

    /// Gives the first in line whom the connection suits what it waits for.
    pub(super) fn next_in_line(&mut self, host: usize, at: usize, now: Instant) -> Option<usize> {
        let slot = self.slots.get(at)?;
        let mut next = self.hosts.get(host)?.line.oldest();
        while let Some(waiter) = next {
            if slot.suits(&self.waiters.get(waiter)?.want, now) {
                return Some(waiter);
            }
            next = List::<InLine>::after(waiter, &mut self.waiters);
        }
        None
    }

    /// Ends a wait.
    pub(super) fn serve(
        &mut self,
        waiter: usize,
        outcome: Result<Granted, ConnectError>,
        fx: &mut Effects,
    ) {
        if let Some(found) = self.waiters.get_mut(waiter) {
            found.outcome = Some(outcome);
            fx.wake(found.waker.clone());
            if let Some(host) = self.hosts.get_mut(found.host) {
                host.line.remove(waiter, &mut self.waiters);
            }
        }
    }
}
