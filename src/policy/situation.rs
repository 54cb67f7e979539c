//! What the replay loop hands to the policy when an attempt has failed, and what it gets back.

use std::time::Duration;

use http::{HeaderMap, Method, Uri};

use crate::evidence::{Attribution, Evidence};
use crate::request::RequestProfile;
use crate::verdict::{Attempt, Grounds, Refusal};

use super::Now;

/// A failed attempt and all that surrounds it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Situation<'a> {
    /// The method of the attempt that failed.
    pub(crate) method: &'a Method,
    /// Its URI.
    pub(crate) uri: &'a Uri,
    /// Its headers.
    pub(crate) headers: &'a HeaderMap,
    /// Its profile; after a conversion to GET, that of the GET.
    pub(crate) profile: RequestProfile,
    /// What is known of it.
    pub(crate) evidence: &'a Evidence,
    /// Whether the evidence is about this very sending.
    pub(crate) attribution: Attribution,
    /// The attempts before it, oldest first.
    pub(crate) attempts: &'a [Attempt],
    /// Why the body cannot be sent again; `None` if it can.
    pub(crate) lost: Option<Refusal>,
    /// From the begin of the first attempt to the end of this one.
    pub(crate) elapsed: Duration,
    /// The deadline over all attempts, counted from the begin of the first: `RetryPolicy::deadline`.
    pub(crate) deadline: Option<Duration>,
    /// The time.
    pub(crate) now: Now,
    /// A number drawn evenly from all of `u64`, for the pause.
    pub(crate) random: u64,
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub(crate) enum Decision {
    /// Send the request again, like this.
    Replay(Replay),
    /// Give the error to the caller, with the reason why nothing more is done.
    Surface(Refusal),
}

/// How a request is sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Replay {
    /// Why it may be.
    pub(crate) grounds: Grounds,
    /// Whether it must go over a connection that was opened after the failure.
    pub(crate) fresh: bool,
    /// How long to wait first.
    pub(crate) pause: Duration,
    /// Whether it is to be turned into a GET first, by `RetryPolicy::convert_to_get`, which may still refuse.
    pub(crate) as_get: bool,
}
