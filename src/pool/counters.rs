//! What a pool has done so far, in numbers.

use std::fmt;

use super::reason::DiscardReason;
use crate::evidence::GateReason;

/// What a client's pool has done since it was made; from [`Client::counters`](crate::Client::counters).
///
/// Its [`Display`](fmt::Display) is a table with a sentence each; reasons that never occurred are left out.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counters {
    pub(super) opened: u64,
    pub(super) connect_failed: u64,
    pub(super) reused: u64,
    pub(super) waits: u64,
    pub(super) preflights: u64,
    pub(super) discarded: [u64; DiscardReason::COUNT],
}

impl Counters {
    /// Connections opened.
    pub fn opened(&self) -> u64 {
        self.opened
    }

    /// Connections that could not be opened.
    pub fn connect_failed(&self) -> u64 {
        self.connect_failed
    }

    /// Requests that went over a connection that had served before, or had lain idle.
    pub fn reused(&self) -> u64 {
        self.reused
    }

    /// Connections found dead when a request wanted them, before a byte of it was sent.
    pub fn refused_at_gate(&self) -> u64 {
        self.discarded(DiscardReason::Stale(GateReason::HalfClosed))
    }

    /// Requests that waited because a limit on connections was reached.
    pub fn waits(&self) -> u64 {
        self.waits
    }

    /// Connections that were asked whether they are alive before a request went over them
    /// ([`Preflight`](crate::request::Preflight)).
    pub fn preflights(&self) -> u64 {
        self.preflights
    }

    /// Connections given up for this reason. Of [`Stale`](DiscardReason::Stale) all kinds are counted as one.
    pub fn discarded(&self, reason: DiscardReason) -> u64 {
        self.discarded.get(reason.index()).copied().unwrap_or(0)
    }

    pub(super) fn discard(&mut self, reason: DiscardReason) {
        if let Some(count) = self.discarded.get_mut(reason.index()) {
            *count += 1;
        }
    }
}

const SENTENCES: [(DiscardReason, &str); DiscardReason::COUNT] = [
    (
        DiscardReason::Stale(GateReason::HalfClosed),
        "found dead when a request wanted them, before a byte of it was sent",
    ),
    (
        DiscardReason::Expiring,
        "given up before the server would have closed them",
    ),
    (
        DiscardReason::AfterSleep,
        "given up because the machine had slept",
    ),
    (DiscardReason::PeerClosed, "closed by the server while idle"),
    (DiscardReason::Spent, "that ended with a request"),
    (
        DiscardReason::IdleTimeout,
        "closed after being idle for too long",
    ),
    (
        DiscardReason::Lifetime,
        "closed after being open for too long",
    ),
    (
        DiscardReason::ExchangeLimit,
        "closed after as many requests as one may serve",
    ),
    (
        DiscardReason::IdleLimit,
        "closed because too many were idle",
    ),
    (
        DiscardReason::MadeRoom,
        "closed to make room for one that was needed more",
    ),
    (
        DiscardReason::Unheard,
        "given up because the server was not heard of",
    ),
    (
        DiscardReason::Silent,
        "given up because a request over one of them was met by silence",
    ),
    (
        DiscardReason::GoAway,
        "given up because the server said GOAWAY",
    ),
    (
        DiscardReason::Preflight,
        "given up because the server did not answer when it was asked",
    ),
    (
        DiscardReason::Failed,
        "closed after a request on them failed",
    ),
    (
        DiscardReason::Canceled,
        "closed because a request was given up half way",
    ),
    (
        DiscardReason::NotDrained,
        "closed because a response was not read to its end",
    ),
    (DiscardReason::Upgraded, "handed over to another protocol"),
    (DiscardReason::ClientClosed, "closed with the client"),
];

impl fmt::Display for Counters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:>10}  connections opened", self.opened)?;
        writeln!(
            f,
            "{:>10}  connections that could not be opened",
            self.connect_failed
        )?;
        writeln!(
            f,
            "{:>10}  requests over a connection that was open already",
            self.reused
        )?;
        writeln!(
            f,
            "{:>10}  requests that waited for a connection to become free",
            self.waits
        )?;
        if self.preflights > 0 {
            writeln!(
                f,
                "{:>10}  connections asked whether they are alive before a request",
                self.preflights
            )?;
        }
        let occurred = SENTENCES.iter();
        for (reason, sentence) in occurred.filter(|(reason, _)| self.discarded(*reason) > 0) {
            let reason = *reason;
            writeln!(f, "{:>10}  connections {sentence}", self.discarded(reason))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_has_a_counter_and_a_sentence_of_its_own() {
        let mut places: Vec<_> = SENTENCES.iter().map(|(reason, _)| reason.index()).collect();
        places.sort_unstable();
        assert_eq!(places, (0..DiscardReason::COUNT).collect::<Vec<_>>());
    }
}
