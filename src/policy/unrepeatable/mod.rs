//! Requests that could not be sent again, and what is done so that they need not be.
//!
//! Apart from [`decide`](super::decide) because it is asked before the first attempt, when nothing has failed yet.

use http::Extensions;

use crate::request::{ConnectionWish, RequestOptions, RequestProfile};

use super::RetryPolicy;

#[cfg(feature = "client")]
mod precautions;

impl RetryPolicy {
    /// Whether a request would be lost if it may have been processed. `least`: how large its body is at least, in bytes.
    pub(super) fn loses(&self, profile: RequestProfile, least: u64) -> bool {
        let settings = &*self.settings;
        let may_be_sent_twice = self.may_ever_replay(profile)
            && settings.methods.covers(profile.semantics())
            && settings.times.unknown > 0
            && usize::try_from(least).is_ok_and(|least| least <= settings.replay_limit);
        !may_be_sent_twice || !(profile.is_harmless() || settings.danger_always)
    }

    /// Which connections a request accepts: by its own word, else by the policy's.
    #[inline]
    pub(crate) fn connection(
        &self,
        request: &Extensions,
        profile: RequestProfile,
        least: u64,
    ) -> ConnectionWish {
        let own = request.get::<RequestOptions>();
        if let Some(wish) = own.and_then(RequestOptions::connection_set) {
            return wish;
        }
        let wish = self.settings.unrepeatable_connection;
        if wish != ConnectionWish::Any && self.loses(profile, least) {
            wish
        } else {
            ConnectionWish::Any
        }
    }
}

#[cfg(test)]
mod tests;
