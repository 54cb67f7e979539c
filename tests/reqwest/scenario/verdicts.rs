//! What the rows are held to.

use unstale::evidence::{Delivery, Evidence};
use unstale::verdict::{Attempt, Grounds, Refusal, Verdict};

use super::call::Call;
use super::play::Played;
use crate::client::Stack;

impl Played {
    pub fn asks(&self) -> bool {
        self.mode.stack == Stack::Asking
    }

    pub fn is_safe(&self) -> bool {
        self.call.method().is_safe()
    }

    /// Ok, executed once; whatever was tried before, none of it left.
    #[track_caller]
    pub fn answered_and_never_lost(&self) {
        for attempt in self.answered() {
            let delivery = attempt.evidence().map(Evidence::delivery);
            assert_eq!(delivery, Some(Delivery::NotSent), "{self}: {attempt:?}");
        }
        self.executed_times(1);
        self.executed_whole();
    }

    /// Ok, after one attempt that was lost and repeated on the request's own grounds, on a new connection.
    #[track_caller]
    pub fn repeated_once(&self) {
        let grounds = match self.call {
            Call::KeyedPost => Grounds::IdempotencyKey,
            _ => Grounds::Idempotent,
        };
        let is_lost = |attempt: &&Attempt| attempt.decided() != Verdict::Replay(Grounds::NotSent);
        let lost: Vec<_> = self.answered().iter().filter(is_lost).collect();
        let [attempt] = lost[..] else {
            panic!("{self}: {lost:?}")
        };
        assert_eq!(attempt.decided(), Verdict::Replay(grounds), "{self}");
        let delivery = attempt.evidence().map(Evidence::delivery);
        assert_eq!(delivery, Some(Delivery::Unknown), "{self}: {attempt:?}");
        self.executed_whole();
    }

    /// An error after one attempt that may have been processed.
    #[track_caller]
    pub fn refused(&self, refusal: Refusal) {
        let error = self.failed_at_once(Delivery::Unknown);
        assert_eq!(error.refusal(), refusal, "{self}: {error:?}");
        assert!(!error.is_connect() && !error.is_timeout(), "{self}");
        self.opened(self.warm);
    }

    /// What is said of a POST.
    #[track_caller]
    pub fn may_have_been_processed(&self) {
        if self.asks() {
            self.refused(Refusal::MayHaveBeenProcessed);
            assert!(self.failed().is_stale(), "{self}: {:?}", self.outcome);
        } else {
            let refusal = self.failed().refusal();
            let known = [Refusal::MayHaveBeenProcessed, Refusal::ReuseUnknown];
            assert!(known.contains(&refusal), "{self}: {refusal:?}");
            self.refused(refusal);
        }
    }
}
