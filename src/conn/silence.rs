//! A peer of which nothing at all is heard: a black hole.
//!
//! A firewall that has forgotten an idle connection drops its segments and answers none. No question to the kernel before a
//! write sees that: only what was sent and is not acknowledged does. So, some time after a request was written on a
//! connection that had been idle, the kernel is asked whether it has heard anything since.
//!
//! What is no black hole, and how it is told apart:
//!
//! - a program that is slow, or hangs: its kernel acknowledges;
//! - a peer whose window is closed: nothing is in flight (`tcpi_unacked` is 0), as window probes carry no new data. A peer that
//!   takes back a window with data in flight is heard. `tcpi_probes` is not asked, as it counts the kernel's keep-alives too,
//!   which nobody answers in a black hole;
//! - a link that loses some segments: a loss probe and a retransmission are unanswered, too, before the second timeout passes;
//! - a request that is yet to be written: nothing is in flight.
//!
//! A link that is down for so long looks like one that is gone. What is done about it is therefore no proof of anything:
//! the request may have arrived.

use std::time::Duration;

use super::book::Ending;
use super::ledger::Ledger;
use super::probe::{Sample, State};

/// Timeouts that must have passed in a row. The first try, a loss probe and a retransmission are unanswered by then.
const TIMEOUTS: u8 = 2;
/// Round trips that must have passed. Two timeouts are more, unless the route has changed since it was measured.
const ROUND_TRIPS: u32 = 4;
/// The coarsest tick of a Linux kernel, by which it measures how long ago it has heard something.
const TICK: Duration = Duration::from_millis(10);
/// The least time between two questions: the kernel's timers of half a second are up to so much late.
const SHORTEST: Duration = Duration::from_millis(50);

/// What the kernel has heard of a peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Finding {
    /// Something, or it cannot be told. It need not be asked again.
    Heard,
    /// Nothing yet, which may be in order; to be asked again after this time.
    NothingYet(Duration),
    /// Nothing at all, for too long.
    Silent,
}

impl Ledger {
    /// What was heard of the peer of an exchange that was handed to the connection so long ago.
    pub(crate) fn listen(&self, waited: Duration) -> Finding {
        let sample = self.watched.with(|socket, plain_tcp| {
            let believe = plain_tcp && !self.book().refuted;
            believe.then(|| self.probe().sample(socket)).flatten()
        });
        let Some(sample) = sample.flatten() else {
            return Finding::Heard;
        };
        self.book().acknowledged = Some(sample.acknowledged);
        judge(&sample, waited)
    }

    /// Ends the connection of an exchange whose peer is silent: once this returns true, this machine sends nothing of it any
    /// more, and whoever reads or writes there fails.
    pub(crate) fn abort_silent(&self) -> bool {
        let aborted = self.watched.with(|socket, _| {
            // One lock for both, so that who meets the error finds the reason. HTTP/2 has a keep-alive of its own; of a tunnel
            // nobody here knows what it carries.
            let mut book = self.book();
            let is_ours = !book.is_sealed() && !book.multiplexed && !book.tunnel;
            let aborted = is_ours && self.probe().abort(socket);
            if aborted {
                book.end(Ending::Silent);
            }
            aborted
        });
        aborted.unwrap_or(false)
    }
}

fn judge(sample: &Sample, waited: Duration) -> Finding {
    let heard = sample.last_ack_recv.min(sample.last_data_recv).get();
    // When in doubt it was heard since.
    if sample.state != State::Established || heard <= waited + TICK {
        return Finding::Heard;
    }
    let is_silent = sample.unacked > 0
        && sample.retransmits >= TIMEOUTS
        && waited > ROUND_TRIPS * sample.rtt.get();
    if is_silent {
        Finding::Silent
    } else {
        // The next timeout is the next news. What is not written yet is waited for as long.
        let passed = if sample.unacked > 0 {
            sample.last_data_sent.get()
        } else {
            Duration::ZERO
        };
        let left = sample.rto.get().saturating_sub(passed) + TICK;
        Finding::NothingYet(left.max(SHORTEST))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conn::{Micros, Millis};

    const WAITED: Duration = Duration::from_millis(900);
    const RTO: Duration = Duration::from_millis(880);

    /// A request that nobody answers, on a connection that had been idle for a minute; the second timeout has just passed.
    const BLACK_HOLE: Sample = Sample {
        state: State::Established,
        acknowledged: 100,
        received: 100,
        rto: Micros(880_000),
        rtt: Micros(20_000),
        last_data_sent: Millis(5),
        unacked: 1,
        retransmits: 2,
        last_ack_recv: Millis(61_000),
        last_data_recv: Millis(61_000),
    };
    const SOON: Finding = Finding::NothingYet(Duration::from_millis(885));

    fn micros(duration: Duration) -> Micros {
        Micros(duration.as_micros().try_into().unwrap())
    }

    fn millis(duration: Duration) -> Millis {
        Millis(duration.as_millis().try_into().unwrap())
    }

    /// A moment, so long before the request was handed over.
    fn before(millis: u64) -> Duration {
        WAITED + Duration::from_millis(millis)
    }

    /// What is found if a black hole differs in this.
    fn found(change: impl FnOnce(&mut Sample)) -> Finding {
        let mut sample = BLACK_HOLE;
        change(&mut sample);
        judge(&sample, WAITED)
    }

    #[test]
    fn a_black_hole_is_silent() {
        assert_eq!(found(|_| {}), Finding::Silent);
        assert_eq!(found(|sample| sample.unacked = 9), Finding::Silent);
        assert_eq!(found(|sample| sample.retransmits = 7), Finding::Silent);
        assert_eq!(
            found(|sample| sample.rtt = micros(WAITED / 5)),
            Finding::Silent
        );
        let heard = found(|sample| sample.last_ack_recv = millis(before(11)));
        assert_eq!(heard, Finding::Silent, "more than a tick before");
    }

    #[test]
    fn a_peer_that_was_heard_since_or_has_ended_is_not_silent() {
        for heard in [Duration::ZERO, WAITED / 2, WAITED, before(10)] {
            let acknowledged = found(|sample| sample.last_ack_recv = millis(heard));
            let data = found(|sample| sample.last_data_recv = millis(heard));
            assert_eq!([acknowledged, data], [Finding::Heard; 2], "{heard:?}");
        }
        for state in [State::CloseWait, State::Close, State::Other] {
            let ended = found(|sample| sample.state = state);
            assert_eq!(ended, Finding::Heard, "{state:?}");
        }
    }

    #[test]
    fn what_may_yet_be_answered_is_not_silent() {
        let unsent = found(|sample| sample.unacked = 0);
        let later = Finding::NothingYet(RTO + TICK);
        assert_eq!(unsent, later, "or the peer's window is closed");
        for timeouts in [0, 1] {
            assert_eq!(found(|sample| sample.retransmits = timeouts), SOON);
        }
        assert_eq!(found(|sample| sample.rtt = micros(WAITED / 4)), SOON);
    }

    #[test]
    fn the_next_question_comes_when_the_next_timeout_has_passed_and_not_at_once() {
        let after = |sent| {
            found(|sample| {
                sample.retransmits = 1;
                sample.last_data_sent = millis(sent);
            })
        };
        assert_eq!(after(RTO / 2), Finding::NothingYet(RTO / 2 + TICK));
        for late in [RTO, 2 * RTO] {
            assert_eq!(after(late), Finding::NothingYet(SHORTEST));
        }
    }
}
