//! The policy itself: its presets, and what the replay loop reads off it before and between attempts.

use std::sync::Arc;
use std::time::Duration;

use http::request::Parts;
use http::{Extensions, Method};

use crate::request::{Permission, RequestOptions, RequestProfile, Semantics};
use crate::verdict::Refusal;

use super::settings::{Settings, Statuses};
use super::{Now, RetryPolicyBuilder, Scope};

/// What the user allows: how often, how long, how fast, and for which requests. Cheap to clone; clones share the
/// budget.
///
/// The default repeats what is safe, and no more: what never left; what provably reached no program, or was refused by
/// the server, at most twice; what may have been processed once, if it is idempotent.
///
/// ```
/// use unstale::policy::RetryPolicy;
///
/// let default = RetryPolicy::default();
/// let careful = RetryPolicy::safe_only();
/// let off = RetryPolicy::never();
/// ```
#[derive(Clone, Debug)]
pub struct RetryPolicy {
    pub(super) settings: Arc<Settings>,
}

impl RetryPolicy {
    /// A builder that begins with the default.
    pub fn builder() -> RetryPolicyBuilder {
        RetryPolicyBuilder::from_settings(Settings::default())
    }

    /// A builder that begins with this policy, such as a preset. The new policy shares this one's budget.
    pub fn to_builder(&self) -> RetryPolicyBuilder {
        RetryPolicyBuilder::from_settings((*self.settings).clone())
    }

    /// Sends nothing twice, not even what never left. Requests take a path without recording.
    pub fn never() -> Self {
        Self::preset(|settings| settings.methods = Scope::Nothing)
    }

    /// Of requests that left, repeats GET, HEAD, OPTIONS and TRACE only; what never left is sent whatever its method.
    ///
    /// For a server where even a lost PUT must not arrive after a newer one: see [`Scope::SafeOnly`].
    pub fn safe_only() -> Self {
        Self::preset(|settings| settings.methods = Scope::SafeOnly)
    }

    /// Of requests that left, repeats idempotent methods only; what never left is sent whatever its method.
    pub fn idempotent_only() -> Self {
        Self::preset(|settings| settings.methods = Scope::Idempotent)
    }

    /// For a proxy: repeats what never left and what the HTTP/2 layer of the server refused, and nothing else.
    ///
    /// RFC 9110 section 9.2.2: "A proxy MUST NOT automatically retry non-idempotent requests", and the client behind it
    /// repeats the others.
    pub fn proxy() -> Self {
        Self::preset(|settings| {
            settings.times.not_received = 0;
            settings.times.unknown = 0;
            settings.statuses = Statuses {
                request_timeout: false,
                misdirected: false,
                too_early: false,
            };
        })
    }

    fn preset(change: impl FnOnce(&mut Settings)) -> Self {
        let mut settings = Settings::default();
        change(&mut settings);
        Self::of(settings)
    }

    pub(super) fn of(settings: Settings) -> Self {
        Self {
            settings: Arc::new(settings),
        }
    }

    /// Deposits into the budget for one request. Call it once for each, before its first attempt.
    #[inline]
    pub(crate) fn begin(&self) {
        if let Some(budget) = &self.settings.budget {
            budget.deposit();
        }
    }

    /// Whether there is any evidence on which a request like this would be sent again. If not, nothing need be
    /// recorded.
    #[inline]
    pub(crate) fn may_ever_replay(&self, profile: RequestProfile) -> bool {
        self.settings.methods != Scope::Nothing
            && profile.permission() != Permission::NeverReplay
            && profile.semantics() != Semantics::Tunnel
    }

    /// The deadline over all attempts of a request: its own word, else the policy's.
    #[inline]
    pub(crate) fn deadline(&self, request: &Extensions) -> Option<Duration> {
        let own = request.get::<RequestOptions>();
        own.and_then(RequestOptions::deadline_set)
            .or(self.settings.deadline)
    }

    /// How many bytes of a body are kept for a replay.
    #[inline]
    pub(crate) fn replay_limit(&self) -> usize {
        self.settings.replay_limit
    }

    /// Turns a request into a GET, after a decision to replay `as_get`, and charges the budget for it.
    ///
    /// It is charged here and not by `decide`, so that nothing is withdrawn for what cannot be converted.
    pub(crate) fn convert_to_get(
        &self,
        request: &Parts,
        body: &[u8],
        now: Now,
    ) -> Result<Parts, Refusal> {
        let get = self.settings.convert_with.convert(request, body)?;
        if get.method != Method::GET {
            return Err(Refusal::NotConvertible);
        }
        self.charge(now)?;
        Ok(get)
    }

    pub(super) fn charge(&self, now: Now) -> Result<(), Refusal> {
        match &self.settings.budget {
            Some(budget) if !budget.withdraw(now) => Err(Refusal::BudgetExhausted),
            _ => Ok(()),
        }
    }
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self::of(Settings::default())
    }
}

#[cfg(test)]
mod tests;
