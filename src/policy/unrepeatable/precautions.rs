//! What the client of our own is to do before a request goes over a connection that has been idle for long.
//!
//! Apart from the wishes because no other client can do it.

use std::sync::Arc;

use http::Extensions;

use crate::policy::{NonIdempotent, RetryPolicy};
use crate::request::{Precautions, RequestProfile};

impl RetryPolicy {
    /// Tells the client, in the request's extensions, what is to be done for a request that could not be sent again.
    #[inline]
    pub(crate) fn take_precautions(
        &self,
        request: &mut Extensions,
        profile: RequestProfile,
        least: u64,
    ) {
        if self.settings.preflight.is_none() && self.settings.expect_on_reuse.is_none() {
            return;
        }
        if let Some(precautions) = self.precautions(profile, least) {
            request.insert(precautions);
        }
    }

    pub(super) fn precautions(&self, profile: RequestProfile, least: u64) -> Option<Precautions> {
        if !self.loses(profile, least) {
            return None;
        }
        let expect = self.settings.expect_on_reuse;
        let precautions = Precautions {
            preflight: self.settings.preflight.as_ref().map(Arc::clone),
            expect: expect.filter(|_| self.answers_a_refusal(profile)),
        };
        let is_any = precautions.preflight.is_some() || precautions.expect.is_some();
        is_any.then_some(precautions)
    }

    /// Whether a request that the server refuses is sent again.
    fn answers_a_refusal(&self, profile: RequestProfile) -> bool {
        let settings = &*self.settings;
        self.may_ever_replay(profile)
            && settings.methods.covers(profile.semantics())
            && settings.non_idempotent != NonIdempotent::Never
            && settings.times.refused > 0
    }
}
