//! The verdict: may this request be sent again, seeing this evidence?
//!
//! One exhaustive match, apart from everything that acts on it, so that the rule can be read in one place and tested
//! cell by cell. A policy may narrow what the verdict allows; it widens only under names that begin with `danger_`, or
//! where the caller asked for another request (POST as GET).
//!
//! Invariant: what no arm allows is refused.

mod attempt;
mod grounds;
mod judge;
mod refusal;

pub use self::attempt::Attempt;
pub use self::grounds::Grounds;
pub use self::judge::judge;
pub use self::refusal::Refusal;

/// What [`judge`] says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[must_use]
#[non_exhaustive]
pub enum Verdict {
    /// The request may be sent again, on these grounds.
    Replay(Grounds),
    /// The request must not be sent again, for this reason.
    Refuse(Refusal),
}
