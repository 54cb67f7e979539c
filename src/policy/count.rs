//! What a replay counts as, and how many of that kind there have been.
//!
//! Apart from [`decide`](super::decide) because it is asked of the attempt that failed and of all before it, and must
//! answer the same way for both.

use std::time::Duration;

use crate::evidence::{Delivery, End, Evidence, GateReason, Reuse};
use crate::verdict::{Attempt, Grounds, Refusal, Verdict};

use super::settings::Times;

/// How many connections a request may pass over that are younger than itself: others could give them back for ever.
const PASSED_OVER_AT_MOST: u32 = 32;

/// The count that a replay goes into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Count {
    /// None: a kept-alive connection from before the request did not take it. Bounded by the connections there were.
    Free,
    /// None of the caller's, but bounded: a living connection that others gave back since the request began, and that this
    /// client itself passed over.
    PassedOver,
    Connect,
    NotSent,
    NotReceived,
    Refused,
    Unknown,
}

impl Count {
    /// What a replay of this attempt on these grounds counts as. `elapsed`: from the begin of the first attempt to the
    /// end of this one.
    pub(super) fn of(evidence: &Evidence, elapsed: Duration, grounds: Grounds) -> Self {
        match evidence.delivery() {
            // A GET in the place of a lost request is one more sending of what may have been processed.
            _ if grounds == Grounds::AsGet => Self::Unknown,
            Delivery::NotSent if evidence.end() == End::Connect => Self::Connect,
            // Condemned are those from before a failure of the request's; there are only so many.
            Delivery::NotSent if evidence.end() == End::Gate(GateReason::Condemned) => Self::Free,
            Delivery::NotSent if is_from_before(evidence, elapsed) => Self::Free,
            Delivery::NotSent if is_passed_over(evidence.end()) => Self::PassedOver,
            Delivery::NotSent => Self::NotSent,
            Delivery::NotReceived => Self::NotReceived,
            Delivery::Refused => Self::Refused,
            Delivery::Unknown | Delivery::Received => Self::Unknown,
        }
    }

    /// How many replays have gone into this count.
    #[inline]
    pub(super) fn so_far(self, attempts: &[Attempt]) -> u32 {
        let of_this_kind = attempts.iter().filter(|attempt| {
            let (Some(evidence), Verdict::Replay(grounds)) =
                (attempt.evidence(), attempt.decided())
            else {
                return false;
            };
            Self::of(evidence, attempt.elapsed(), grounds) == self
        });
        u32::try_from(of_this_kind.count()).unwrap_or(u32::MAX)
    }

    /// Whether the limit has room for one more.
    pub(super) fn allow(self, so_far: u32, times: &Times) -> Result<(), Refusal> {
        let limit = match self {
            Self::Free => return Ok(()),
            Self::PassedOver => PASSED_OVER_AT_MOST,
            Self::Connect => times.connect,
            Self::NotSent => times.not_sent,
            Self::NotReceived => times.not_received,
            Self::Refused => times.refused,
            Self::Unknown => times.unknown,
        };
        match (self, limit) {
            (Self::Connect, 0) => Err(Refusal::Connect),
            (_, 0) => Err(Refusal::Policy),
            _ if so_far >= limit => Err(Refusal::AttemptsExhausted),
            _ => Ok(()),
        }
    }

    /// Whether the budget is charged for one more.
    pub(super) fn is_charged(self, so_far: u32) -> bool {
        match self {
            Self::Free | Self::PassedOver | Self::Connect | Self::NotSent | Self::NotReceived => {
                false
            }
            Self::Refused => so_far > 0,
            Self::Unknown => true,
        }
    }
}

/// Whether a living connection was not used because it has been idle for too long.
fn is_passed_over(end: End) -> bool {
    matches!(
        end,
        End::Gate(GateReason::IdleTooLong | GateReason::Expiring | GateReason::AfterSleep)
    )
}

/// The replays before this one that had a pause: all that went into a count.
pub(super) fn paced(attempts: &[Attempt]) -> u32 {
    let all = u32::try_from(attempts.len()).unwrap_or(u32::MAX);
    all.saturating_sub(Count::Free.so_far(attempts) + Count::PassedOver.so_far(attempts))
}

/// Whether the connection had lain in the pool since before the request's first attempt.
///
/// One that was opened since and has lain idle is "reused" as well; not to count it would let a server that accepts and
/// closes at once make a loop.
fn is_from_before(evidence: &Evidence, elapsed: Duration) -> bool {
    let Some(trace) = evidence.trace() else {
        return false;
    };
    trace.reuse() == Reuse::Reused && trace.age() > elapsed
}
