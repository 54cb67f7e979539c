//! One attempt as it is remembered: what was known of it, and what was done about it.

use std::time::Duration;

use crate::evidence::Evidence;

use super::Verdict;

/// A failed attempt: its evidence, and what was decided on it.
#[derive(Clone, Debug)]
pub struct Attempt {
    evidence: Option<Evidence>,
    elapsed: Duration,
    decided: Verdict,
}

impl Attempt {
    /// Remembers an attempt. `elapsed` runs from the begin of the request's first attempt to the end of this one.
    pub fn new(evidence: Option<Evidence>, elapsed: Duration, decided: Verdict) -> Self {
        Self {
            evidence,
            elapsed,
            decided,
        }
    }

    /// What is known of the attempt; `None` if its failure carried no evidence.
    pub fn evidence(&self) -> Option<&Evidence> {
        self.evidence.as_ref()
    }

    /// How long after the begin of the request's first attempt this one ended.
    ///
    /// A connection whose [`age`](crate::evidence::Trace::age) is greater was opened before the request began.
    pub fn elapsed(&self) -> Duration {
        self.elapsed
    }

    /// What was decided on it: replayed on some grounds, or refused for a reason.
    pub fn decided(&self) -> Verdict {
        self.decided
    }
}
