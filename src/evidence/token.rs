//! One sending, one piece of evidence.
//!
//! A layer between the replay layer and the wire may send more than one request for one call: it follows a redirect,
//! answers an authentication challenge, retries. An error that comes back may then be about a request that the caller
//! never made, while the caller's own was executed. So each attempt carries a token in its extensions, the adapter next
//! to the wire takes it, and only evidence that holds the token, taken exactly once, counts.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use http::{Method, Uri};

/// The mark that one attempt carries in its request's extensions. Clones are the same token.
#[derive(Clone, Debug)]
pub struct AttemptToken {
    taken: Arc<AtomicU32>,
}

impl AttemptToken {
    pub(crate) fn new() -> Self {
        Self {
            taken: Arc::new(AtomicU32::new(0)),
        }
    }

    /// Takes the token for the request that is about to be sent.
    ///
    /// Call it once for every request that goes to the wire, whether or not it will fail: a token that was taken twice
    /// is void, and all evidence with it.
    pub fn take(&self, method: &Method, uri: &Uri) -> Sending {
        // Saturating, so that no number of sendings makes it look like one again.
        let _ = self
            .taken
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |n| n.checked_add(1));
        Sending {
            token: self.clone(),
            method: method.clone(),
            uri: uri.clone(),
        }
    }

    fn was_taken_once(&self) -> bool {
        self.taken.load(Ordering::Acquire) == 1
    }
}

/// What went to the wire under a token.
#[derive(Clone, Debug)]
pub struct Sending {
    token: AttemptToken,
    method: Method,
    uri: Uri,
}

impl Sending {
    pub(super) fn is_of(&self, token: &AttemptToken, method: &Method, uri: &Uri) -> bool {
        Arc::ptr_eq(&self.token.taken, &token.taken)
            && token.was_taken_once()
            && self.method == *method
            && self.uri == *uri
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

    fn attributed(sending: impl Into<Option<Sending>>, token: &AttemptToken) -> Attribution {
        let evidence = Evidence::new(End::Reset).about(sending.into());
        evidence.attribution(token, &Method::POST, &Uri::from_static("http://a/p"))
    }

    fn take(token: &AttemptToken, method: &Method, uri: &'static str) -> Sending {
        token.take(method, &Uri::from_static(uri))
    }

    #[test]
    fn a_token_taken_once_for_the_same_request_is_about_this_sending() {
        let token = AttemptToken::new();
        let sending = take(&token, &Method::POST, "http://a/p");
        assert_eq!(attributed(sending, &token), Attribution::ThisSending);
    }

    #[test]
    fn evidence_without_a_sending_is_about_another() {
        assert_eq!(attributed(None, &AttemptToken::new()), Attribution::Another);
    }

    #[test]
    fn a_token_taken_twice_is_void() {
        let token = AttemptToken::new();
        let first = take(&token, &Method::POST, "http://a/p");
        let second = take(&token.clone(), &Method::POST, "http://a/p");
        assert_eq!(attributed(first, &token), Attribution::Another);
        assert_eq!(attributed(second, &token), Attribution::Another);
    }

    #[test]
    fn another_token_method_or_uri_is_another_sending() {
        let (token, other) = (AttemptToken::new(), AttemptToken::new());
        let foreign = take(&other, &Method::POST, "http://a/p");
        assert_eq!(attributed(foreign, &token), Attribution::Another);
        for (method, uri) in [(Method::GET, "http://a/p"), (Method::POST, "http://a/q")] {
            let token = AttemptToken::new();
            let sending = take(&token, &method, uri);
            assert_eq!(attributed(sending, &token), Attribution::Another);
        }
    }
}
