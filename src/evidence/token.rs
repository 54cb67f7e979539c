//! One sending, one piece of evidence.
//!
//! A layer between the replay layer and the wire may send more than one request for one call: it follows a redirect,
//! answers an authentication challenge, retries. An error that comes back may then be about a request that the caller
//! never made, while the caller's own was executed. So each attempt carries a token in its body, the adapter next to the
//! wire takes it, and only evidence that holds it counts.
//!
//! Invariant: a token is in one place. It is not `Clone`, nobody outside makes one, and taking it uses it up; so it goes
//! to the wire once at most, with the body that it came in, and a request that a layer makes by itself has none.
//!
//! It also says when the attempt began, so that nobody on the way need read the clock for it again.

use std::num::NonZeroU64;
use std::sync::atomic::{AtomicU64, Ordering};

use http::{Method, Uri};

use super::Patience;

/// A reading of the clock, made by the replay layer.
#[expect(
    clippy::disallowed_types,
    reason = "a pure part: it is handed the time and reads no clock, tokio's or another"
)]
type Moment = std::time::Instant;

/// Counts in twos from two: the lowest bit says whether the attempt is a replay.
static NEXT: AtomicU64 = AtomicU64::new(FIRST.get());
const FIRST: NonZeroU64 = NonZeroU64::MIN.saturating_add(1);
const REPLAY: u64 = 1;

/// Names one attempt, unique in this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct AttemptId(NonZeroU64);

/// The mark of one attempt, which its body carries; see [`ReplayBody::take_token`](crate::ReplayBody::take_token).
#[derive(Debug)]
pub struct AttemptToken {
    id: AttemptId,
    begun: Moment,
    patience: Option<Patience>,
}

impl AttemptToken {
    #[inline]
    pub(crate) fn new(is_replay: bool, begun: Moment) -> Self {
        let even = NEXT.fetch_add(2, Ordering::Relaxed);
        // Never zero: nobody counts that far.
        let id = NonZeroU64::new(even | u64::from(is_replay)).unwrap_or(FIRST);
        Self {
            id: AttemptId(id),
            begun,
            patience: None,
        }
    }

    /// The attempt is given up like this if nothing is heard of its peer; `None`: never.
    #[inline]
    pub(crate) fn with_patience(mut self, patience: Option<Patience>) -> Self {
        self.patience = patience;
        self
    }

    /// When the attempt is given up because nothing is heard of its peer; `None`: never.
    #[cfg(feature = "hyper-util")]
    pub(crate) fn patience(&self) -> Option<Patience> {
        self.patience
    }

    pub(crate) fn id(&self) -> AttemptId {
        self.id
    }

    /// Whether the request was sent before, or tried to be: false for its first attempt.
    pub fn is_replay(&self) -> bool {
        self.id.0.get() & REPLAY != 0
    }

    /// When the attempt began: by tokio's clock, where the feature `tokio` is on.
    pub fn begun(&self) -> Moment {
        self.begun
    }

    /// Takes the token for the request that is about to be sent, of this method and URI.
    ///
    /// Do so for every request that goes to the wire, whether or not it will fail. One that comes without a token is
    /// sent without, and its failure is evidence [`about`](super::Evidence::about) nothing.
    #[inline]
    pub fn take(self, method: &Method, uri: &Uri) -> Sending {
        Sending {
            id: self.id,
            method: method.clone(),
            uri: uri.clone(),
        }
    }
}

/// What went to the wire under a token.
#[derive(Clone, Debug)]
pub struct Sending {
    id: AttemptId,
    method: Method,
    uri: Uri,
}

impl Sending {
    pub(super) fn is_of(&self, id: AttemptId, method: &Method, uri: &Uri) -> bool {
        self.id == id && self.method == *method && self.uri == *uri
    }
}

/// Whether evidence is about the very sending that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Attribution {
    /// It is.
    ThisSending,
    /// It is about another, or it cannot be told.
    Another,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::{End, Evidence};

    fn now() -> Moment {
        Moment::now()
    }

    fn attributed(sending: impl Into<Option<Sending>>, id: AttemptId) -> Attribution {
        let evidence = Evidence::new(End::Reset).about(sending.into());
        evidence.attribution(id, &Method::POST, &Uri::from_static("http://a/p"))
    }

    /// A token and what it is known by once it is used up.
    fn token() -> (AttemptToken, AttemptId) {
        let token = AttemptToken::new(false, now());
        let id = token.id();
        (token, id)
    }

    fn take(token: AttemptToken, method: &Method, uri: &'static str) -> Sending {
        token.take(method, &Uri::from_static(uri))
    }

    #[test]
    fn a_token_taken_for_the_same_request_is_about_this_sending() {
        let (token, id) = token();
        let sending = take(token, &Method::POST, "http://a/p");
        assert_eq!(attributed(sending, id), Attribution::ThisSending);
    }

    #[test]
    fn evidence_without_a_sending_is_about_another() {
        assert_eq!(attributed(None, token().1), Attribution::Another);
    }

    #[test]
    fn another_token_method_or_uri_is_another_sending() {
        let foreign = take(token().0, &Method::POST, "http://a/p");
        assert_eq!(attributed(foreign, token().1), Attribution::Another);
        for (method, uri) in [(Method::GET, "http://a/p"), (Method::POST, "http://a/q")] {
            let (token, id) = token();
            let sending = take(token, &method, uri);
            assert_eq!(attributed(sending, id), Attribution::Another);
        }
    }

    #[test]
    fn a_token_knows_a_replay_and_is_like_no_other() {
        let (first, again) = (
            AttemptToken::new(false, now()),
            AttemptToken::new(true, now()),
        );
        assert_eq!((first.is_replay(), again.is_replay()), (false, true));
        assert_ne!(first.id(), again.id());
        assert_ne!(AttemptToken::new(true, now()).id(), again.id());
    }
}
