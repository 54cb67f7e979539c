//! The user's own word on a replay, and what it is decided on.
//!
//! Apart from [`RetryPolicy`](super::RetryPolicy)'s fields because it is code. It is asked after the verdict and the
//! fields have allowed the replay, so it can refuse one and never cause one.

use http::{HeaderMap, Method, Uri};

use crate::evidence::Evidence;
use crate::request::RequestProfile;
use crate::verdict::{Attempt, Grounds};

use super::Situation;

/// Decides on a replay that everything else allows.
///
/// Closures and the two [`Choice`]s are policies too:
///
/// ```
/// use unstale::policy::{Choice, RetryPolicy, View};
///
/// let policy = RetryPolicy::builder()
///     .narrow(|view: &View<'_>| match view.uri().path() {
///         "/payments" => Choice::Refuse,
///         _ => Choice::Allow,
///     })
///     .build()?;
/// # Ok::<(), unstale::policy::PolicyError>(())
/// ```
pub trait Narrow: Send + Sync {
    /// Whether the replay may take place. It can only narrow: what is refused otherwise is not asked about.
    fn allow(&self, view: &View<'_>) -> Choice;
}

impl<F> Narrow for F
where
    F: Fn(&View<'_>) -> Choice + Send + Sync,
{
    fn allow(&self, view: &View<'_>) -> Choice {
        self(view)
    }
}

/// What [`Narrow::allow`] says. As a policy of its own it always says the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[must_use]
#[non_exhaustive]
pub enum Choice {
    /// The replay may take place.
    Allow,
    /// The replay must not take place.
    Refuse,
}

impl Narrow for Choice {
    fn allow(&self, _: &View<'_>) -> Choice {
        *self
    }
}

/// What a user's policy sees of a failed attempt: the request, the evidence, and what was done before.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    situation: &'a Situation<'a>,
    grounds: Grounds,
}

impl<'a> View<'a> {
    pub(super) fn new(situation: &'a Situation<'a>, grounds: Grounds) -> Self {
        Self { situation, grounds }
    }

    /// The request's method.
    pub fn method(&self) -> &'a Method {
        self.situation.method
    }

    /// The request's URI.
    pub fn uri(&self) -> &'a Uri {
        self.situation.uri
    }

    /// The request's headers.
    pub fn headers(&self) -> &'a HeaderMap {
        self.situation.headers
    }

    /// What the request permits.
    pub fn profile(&self) -> RequestProfile {
        self.situation.profile
    }

    /// What is known of the attempt that failed just now.
    pub fn evidence(&self) -> &'a Evidence {
        self.situation.evidence
    }

    /// The attempts before that one, oldest first.
    pub fn attempts(&self) -> &'a [Attempt] {
        self.situation.attempts
    }

    /// On what grounds the request would be sent again.
    pub fn grounds(&self) -> Grounds {
        self.grounds
    }
}
