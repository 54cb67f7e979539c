//! Idempotency keys: whose count, and the making of one.
//!
//! A key permits a replay because the server recognises the repetition. A caller who sets one says so; a key that we
//! made says nothing of the server, so it counts only where the caller vouches for the origin.
//!
//! Invariant: a generated key is marked as such in the request's extensions, so that no later look, and no second
//! replay layer further in, takes it for the caller's own.

use http::HeaderValue;
use http::request::Parts;

use crate::request::{IDEMPOTENCY_KEY, RequestProfile, Semantics};

use super::RetryPolicy;

/// The mark of a request whose key was generated.
#[derive(Clone, Copy, Debug)]
struct GeneratedKey;

impl RetryPolicy {
    /// Makes a request ready for its first attempt: adds a key if one is to be generated, and reads its profile.
    ///
    /// All attempts carry the headers of the first, and so the same key.
    pub(crate) fn prepare(&self, request: &mut Parts) -> RequestProfile {
        if let Some(key) = self.generated_key(request) {
            request.headers.insert(IDEMPOTENCY_KEY, key);
            request.extensions.insert(GeneratedKey);
        }
        self.profile(request)
    }

    /// The profile of a request as it stands.
    pub(crate) fn profile(&self, request: &Parts) -> RequestProfile {
        let is_generated = request.extensions.get::<GeneratedKey>().is_some();
        let honoured = (self.settings.idempotency_key && !is_generated)
            || self.settings.origins_honouring_keys.covers(&request.uri);
        RequestProfile::of_head(request, honoured)
    }

    #[inline]
    fn generated_key(&self, request: &Parts) -> Option<HeaderValue> {
        let source = self.settings.generate_idempotency_key.as_ref()?;
        let semantics = RequestProfile::of_head(request, false).semantics();
        let is_wanted =
            semantics == Semantics::NonIdempotent && !request.headers.contains_key(IDEMPOTENCY_KEY);
        if !is_wanted {
            return None;
        }
        // A key that is no header value is left out, and permits nothing.
        let key = HeaderValue::try_from(source()).ok()?;
        (!key.is_empty()).then_some(key)
    }
}

#[cfg(test)]
mod tests;
