//! What the client of our own is to do before a request goes over a connection that has been idle for long.
//!
//! Apart from the wishes because no other client can do it.

use std::sync::Arc;

use http::Request;
use http_body::Body;

use crate::policy::RetryPolicy;
use crate::request::{Precautions, RequestProfile};

impl RetryPolicy {
    /// Tells the client, in the request's extensions, what is to be done for a request that could not be sent again.
    #[inline]
    pub(crate) fn take_precautions<B: Body>(
        &self,
        request: &mut Request<B>,
        profile: RequestProfile,
    ) {
        if self.settings.preflight.is_none() {
            return;
        }
        let least = request.body().size_hint().lower();
        if let Some(precautions) = self.precautions(profile, least) {
            request.extensions_mut().insert(precautions);
        }
    }

    pub(super) fn precautions(&self, profile: RequestProfile, least: u64) -> Option<Precautions> {
        let preflight = self.settings.preflight.as_ref()?;
        self.loses(profile, least).then(|| Precautions {
            preflight: Some(Arc::clone(preflight)),
        })
    }
}
