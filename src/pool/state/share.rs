//! An HTTP/2 connection, which carries as many streams as its peer allows.
//!
//! Apart from what becomes of HTTP/1 connections because it is never given away: it goes on to be shared until it takes no
//! more. Invariant: no more streams run on it than its peer is known to allow.

use tokio::time::Instant;

use super::{Effects, State};
use crate::pool::DiscardReason;
use crate::pool::sender::Sender;
#[cfg(feature = "http2")]
use crate::pool::slot::ConnectionId;
use crate::pool::slot::Phase;

impl State {
    /// It is ready for streams.
    pub(super) fn share(&mut self, at: usize, sender: Sender, now: Instant, fx: &mut Effects) {
        let Some(slot) = self.slots.get_mut(at) else {
            return fx.drop(sender);
        };
        slot.phase = Phase::Shared(sender);
        if let Some(host) = self.hosts.get_mut(slot.host) {
            host.shared.push(at);
        }
        self.fill(at, now, fx);
    }

    /// The peer allows this many streams: it has said so for the first time, or changed its mind.
    #[cfg(feature = "http2")]
    pub(in crate::pool) fn allow_streams(
        &mut self,
        id: ConnectionId,
        streams: usize,
        now: Instant,
        fx: &mut Effects,
    ) {
        let Some(slot) = self.slot_mut(id) else {
            return;
        };
        let host = slot.host;
        slot.max_streams = Some(u32::try_from(streams).unwrap_or(u32::MAX));
        if !matches!(slot.phase, Phase::Shared(_)) {
            return;
        }
        self.fill(id.at, now, fx);
        // Those for whom there is no room may need another.
        self.open_for(host, now, fx);
    }

    pub(super) fn stream_ended(&mut self, at: usize, now: Instant, fx: &mut Effects) {
        let slot = self.slots.get(at);
        if slot.is_some_and(|slot| matches!(slot.phase, Phase::Shared(_))) {
            self.fill(at, now, fx);
        }
    }

    /// Gives streams to those in line, as many as there is room for; a connection that nothing runs on lies idle.
    fn fill(&mut self, at: usize, now: Instant, fx: &mut Effects) {
        loop {
            let Some(slot) = self.slots.get(at) else {
                return;
            };
            let host = slot.host;
            if let (Some(reason), Some(id)) = (self.is_due(slot, now), self.id(at)) {
                return self.retire(id, reason, fx);
            }
            if !slot.has_room() {
                break;
            }
            let Some(waiter) = self.next_in_line(host, at, now) else {
                break;
            };
            if self.is_needed_more_than_streams(host, at, now) {
                if let Some(id) = self.id(at) {
                    self.retire(id, DiscardReason::MadeRoom, fx);
                }
                return;
            }
            let Some(granted) = self.grant_stream(at, now, fx) else {
                break;
            };
            self.serve(waiter, Ok(granted), fx);
        }
        let Some(slot) = self.slots.get_mut(at) else {
            return;
        };
        fx.moves.note(slot);
        if slot.streams > 0 {
            return;
        }
        slot.since = now;
        slot.is_reused = true;
        self.keep_idle_limit(at, now, fx);
    }
}
