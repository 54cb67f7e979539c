//! A socket that is held for one attempt, and what the kernel says when the attempt is lost.
//!
//! A socket is asked before the attempt and after it. What lies between is exact where nothing else went over it; and if
//! something did, it was acknowledged, and the proof is lost.
//!
//! The proof is that of [`proof`](crate::conn::proof), with three differences. Its owner cannot be kept from closing it: the FIN
//! that he sends comes behind the request, so a kernel that has taken the request acknowledges it by its answer to that FIN,
//! also for a program that has closed meanwhile. Whether the request left in one piece is seen by the count of segments: there
//! must have been one. The same count shows that nothing was written after the end was seen: over TLS the owner's
//! `close_notify` is a second one, so there the proof is never had.

use std::os::fd::{AsFd, OwnedFd};
use std::time::Duration;

use socket2::SockRef;
use tokio::time::Instant;

use super::{Found, LastRead};
use crate::conn::probe::{Counts, Peek, SYSTEM, State};
use crate::evidence::SecondLook;

const FIRST_STEP: Duration = Duration::from_millis(1);
const LONGEST_STEP: Duration = Duration::from_millis(50);
const SHORTEST: Duration = Duration::from_millis(10);
/// The peer is kept waiting for our end no longer than that.
const LONGEST: Duration = Duration::from_millis(900);

/// A duplicate of an idle connection's descriptor, and the kernel's counters when it was made.
#[derive(Debug)]
pub(crate) struct Held {
    socket: OwnedFd,
    before: Counts,
}

impl Held {
    pub(super) fn of(socket: OwnedFd) -> Option<Self> {
        let before = SYSTEM.counts(socket.as_fd())?;
        // On an idle connection exactly what was written is acknowledged: so the counters prove themselves.
        let is_idle = before.sample.state == State::Established
            && before.sample.acknowledged == before.written
            && before.sample.unacked == 0;
        is_idle.then_some(Self { socket, before })
    }

    /// What became of the request that was lost on this connection. Then the connection is aborted: once this returns, this
    /// machine sends nothing of it any more.
    ///
    /// # Cancel safety
    ///
    /// Dropped before it is ready, the connection is left to its owner.
    pub(crate) async fn ask(self, last: LastRead) -> Option<Found> {
        let look = match last {
            LastRead::End => self.look().await,
            LastRead::Reset | LastRead::Unknown => SecondLook::NotPossible,
        };
        let found = self.found(look, last);
        SYSTEM.abort(self.socket.as_fd());
        found
    }

    fn found(&self, look: SecondLook, last: LastRead) -> Option<Found> {
        let now = SYSTEM.counts(self.socket.as_fd())?;
        let before = &self.before;
        let arrived = now.sample.received.saturating_sub(before.sample.received);
        // What was reset reads as ended too, once the error has been taken.
        let has_fin = last != LastRead::Reset && SYSTEM.peek(self.socket.as_fd()) == Peek::End;
        let sent = now.written.saturating_sub(before.written);
        let acknowledged = now
            .sample
            .acknowledged
            .saturating_sub(before.sample.acknowledged);
        Some(Found {
            look,
            sent,
            // The owner's FIN is not of the request.
            acknowledged: acknowledged.min(sent),
            received: arrived.saturating_sub(u64::from(has_fin)),
        })
    }

    async fn look(&self) -> SecondLook {
        let Some(mut now) = SYSTEM.counts(self.socket.as_fd()) else {
            return SecondLook::NotPossible;
        };
        let patience = (now.sample.rto.get() + 2 * now.sample.rtt.get()).clamp(SHORTEST, LONGEST);
        let deadline = Instant::now() + patience;
        let mut step = FIRST_STEP;
        loop {
            if let Some(look) = self.judge(&now) {
                return look;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return SecondLook::Undecided;
            }
            tokio::time::sleep(step.min(left)).await;
            step = (step * 2).min(LONGEST_STEP);
            now = match SYSTEM.counts(self.socket.as_fd()) {
                Some(now) => now,
                None => return SecondLook::NotPossible,
            };
        }
    }

    /// What the counters say now, if they say anything.
    fn judge(&self, now: &Counts) -> Option<SecondLook> {
        let before = &self.before;
        if now.segments.checked_sub(before.segments) != Some(1) {
            return Some(SecondLook::NotPossible);
        }
        if now.sample.acknowledged > before.sample.acknowledged {
            // When the end was seen, or since: nobody has looked then.
            return Some(SecondLook::Undecided);
        }
        if now.sample.state != State::Close {
            return None;
        }
        // Nothing has arrived but the FIN, which its owner has read; and then a RST, whose error nobody has taken.
        let is_fin_alone = now.sample.received == before.sample.received + 1;
        let is_at_end = || SYSTEM.peek(self.socket.as_fd()) == Peek::End;
        Some(if is_fin_alone && is_at_end() && self.was_reset() {
            SecondLook::NeverAcknowledged
        } else {
            SecondLook::Undecided
        })
    }

    /// EPIPE if the RST came before the owner's FIN, ECONNRESET if after it (`tcp_reset` in `net/ipv4/tcp_input.c`).
    fn was_reset(&self) -> bool {
        let pending = SockRef::from(&self.socket).take_error().ok().flatten();
        let number = pending.and_then(|error| error.raw_os_error());
        matches!(number, Some(libc::EPIPE | libc::ECONNRESET))
    }
}
