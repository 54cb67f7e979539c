//! An exchange is over for its caller, and hyper is not done with the connection: mostly for the moment until its task runs,
//! but after an early response for as long as the upload takes.
//!
//! Such a connection is nobody's, and so must not be in anybody's way for ever: where a limit is reached and a request
//! waits, or the client is closed, it has [`SETTLE_TIME`], and is then closed in the middle of the upload.
//!
//! Invariant: a slot is in the list of those that settle exactly while it is [`Phase::Settling`].

use std::time::Duration;

use tokio::task::AbortHandle;
use tokio::time::Instant;

use super::{Effects, State};
use crate::pool::DiscardReason;
use crate::pool::host::Host;
use crate::pool::list::List;
use crate::pool::sender::Sender;
use crate::pool::slot::{Anywhere, ConnectionId, Phase};

/// How long an upload may go on after its response was read, where somebody waits for its end. The documentation of
/// [`ClientBuilder::max_connections_per_host`](crate::ClientBuilder::max_connections_per_host) names it.
pub(in crate::pool) const SETTLE_TIME: Duration = Duration::from_millis(500);

impl State {
    /// Asks hyper whether it is done with the exchange; if not, its task will say so.
    #[inline]
    pub(super) fn settle_or_await(
        &mut self,
        at: usize,
        sender: Sender,
        now: Instant,
        fx: &mut Effects,
    ) {
        if sender.is_ready() {
            return self.available(at, sender, now, fx);
        }
        let Some(slot) = self.slots.get_mut(at) else {
            return;
        };
        if let Some(member) = slot.member.upgrade() {
            member.set_awaited(true);
            fx.hold(member);
        }
        let at_host = slot.host;
        slot.phase = Phase::Settling(sender);
        fx.moves.note(slot);
        self.settling.push(at, &mut self.slots);
        if let Some(host) = self.hosts.get_mut(at_host) {
            host.settling += 1;
        }
        // It may have become ready between the question and the flag.
        self.settle(at, now, fx);
        let waits = |host: &Host| host.settling > 0 && !host.line.is_empty();
        if self.hosts.get(at_host).is_some_and(waits) {
            self.open_for(at_host, now, fx);
        }
        if !self.queue.is_empty() {
            self.make_room_for_queue(now, fx);
        }
        if self.is_closed {
            self.end_all_settling(now, fx);
        }
    }

    /// hyper may be done with the exchange.
    pub(in crate::pool) fn settle(&mut self, at: usize, now: Instant, fx: &mut Effects) {
        let Some(slot) = self.slots.get_mut(at) else {
            return;
        };
        match std::mem::replace(&mut slot.phase, Phase::Busy) {
            Phase::Settling(sender) if sender.is_ready() => {
                if let Some(member) = slot.member.upgrade() {
                    member.set_awaited(false);
                    fx.hold(member);
                }
                // Idle since now, and not since its response was read.
                slot.since = now;
                self.no_longer_settling(at);
                self.available(at, sender, now, fx);
            }
            other => slot.phase = other,
        }
    }

    pub(super) fn no_longer_settling(&mut self, at: usize) {
        self.settling.remove(at, &mut self.slots);
        let host = self.slots.get(at).map(|slot| slot.host);
        if let Some(host) = host.and_then(|host| self.hosts.get_mut(host)) {
            host.settling -= 1;
        }
    }

    /// Somebody waits for a place, which connections that settle are holding: the one that has for longest is given up, if
    /// it has had its time; else it is looked at again then. Returns whether one was given up.
    pub(super) fn end_settling(
        &mut self,
        host: Option<usize>,
        reason: DiscardReason,
        now: Instant,
        fx: &mut Effects,
    ) -> bool {
        let Some((id, since)) = self.longest_settling(host) else {
            return false;
        };
        let left = SETTLE_TIME.saturating_sub(now.saturating_duration_since(since));
        if left.is_zero() {
            self.retire(id, reason, fx);
            return true;
        }
        if !self.is_looked_after() {
            fx.look_again_in(left);
        }
        false
    }

    /// The client is closed: they have their time, and no more.
    pub(super) fn end_all_settling(&mut self, now: Instant, fx: &mut Effects) {
        while self.end_settling(None, DiscardReason::ClientClosed, now, fx) {}
    }

    /// What is to be stopped when its time has come, if nobody is there to see to it.
    pub(in crate::pool) fn tasks_of_settling(&self) -> Vec<AbortHandle> {
        let settling = self.slots.iter().map(|(_, slot)| slot);
        settling
            .filter(|slot| matches!(slot.phase, Phase::Settling(_)))
            .filter_map(|slot| slot.task.clone())
            .collect()
    }

    /// Of this host, or of any.
    fn longest_settling(&mut self, host: Option<usize>) -> Option<(ConnectionId, Instant)> {
        let mut next = self.settling.oldest();
        while let Some(at) = next {
            let slot = self.slots.get(at)?;
            if host.is_none_or(|host| slot.host == host) {
                let serial = slot.serial;
                return Some((ConnectionId { at, serial }, slot.since));
            }
            next = List::<Anywhere>::after(at, &mut self.slots);
        }
        None
    }

    /// The time has come for those that were settling when somebody had to wait.
    pub(in crate::pool) fn look_again(&mut self, now: Instant, fx: &mut Effects) {
        self.look = None;
        if self.is_closed {
            return self.end_all_settling(now, fx);
        }
        let mut hosts = Vec::new();
        let mut next = self.settling.oldest();
        while let Some(at) = next {
            hosts.extend(self.slots.get(at).map(|slot| slot.host));
            next = List::<Anywhere>::after(at, &mut self.slots);
        }
        for host in hosts {
            self.open_for(host, now, fx);
        }
        self.make_room_for_queue(now, fx);
    }

    /// Whether a task is there to look again.
    pub(in crate::pool) fn is_looked_after(&self) -> bool {
        self.look.as_ref().is_some_and(|task| !task.is_finished())
    }

    pub(in crate::pool) fn set_look(&mut self, task: AbortHandle) {
        self.look = Some(task);
    }
}
