//! A failed attempt for tests: everything of a [`Situation`], owned, with setters.

use std::time::Duration;

use http::{HeaderMap, Method, Request, Uri};

use crate::evidence::samples;
use crate::evidence::{Attribution, Delivery, End, Evidence, Reuse};
use crate::request::{Permission, RequestProfile};
use crate::verdict::{Attempt, Grounds, Refusal, Verdict};

use super::{Decision, Now, Replay, RetryPolicy, RetryPolicyBuilder, Situation};

/// The request began five seconds ago; the connection of the samples is a minute old.
#[derive(Clone, Debug)]
pub(super) struct Case {
    pub(super) method: Method,
    pub(super) uri: Uri,
    pub(super) profile: RequestProfile,
    pub(super) evidence: Evidence,
    pub(super) attribution: Attribution,
    pub(super) attempts: Vec<Attempt>,
    pub(super) lost: Option<Refusal>,
    pub(super) elapsed: Duration,
    pub(super) deadline: Option<Duration>,
    pub(super) now: Now,
    pub(super) random: u64,
}

impl Case {
    pub(super) fn of(method: &Method, evidence: Evidence) -> Self {
        let uri = Uri::from_static("http://a/p");
        let request = Request::builder().method(method).uri(&uri).body(());
        Self {
            method: method.clone(),
            uri,
            profile: RequestProfile::of(&request.unwrap(), true),
            evidence,
            attribution: Attribution::ThisSending,
            attempts: Vec::new(),
            lost: None,
            elapsed: Duration::from_secs(5),
            deadline: None,
            now: Now::now(),
            random: u64::MAX,
        }
    }

    /// A GET on a kept-alive connection that ended with this delivery.
    pub(super) fn get(delivery: Delivery) -> Self {
        Self::of(&Method::GET, samples::delivered(delivery, Reuse::Reused))
    }

    /// A POST on a kept-alive connection that ended with this delivery.
    pub(super) fn post(delivery: Delivery) -> Self {
        Self::of(&Method::POST, samples::delivered(delivery, Reuse::Reused))
    }

    /// A POST on a kept-alive connection that ended like this.
    pub(super) fn post_ended(end: End) -> Self {
        Self::of(&Method::POST, samples::ended(end, Reuse::Reused))
    }

    pub(super) fn permitting(mut self, permission: Permission) -> Self {
        self.profile = RequestProfile::new(self.profile.semantics(), permission);
        self
    }

    /// The same failure, after as many that were replayed on these grounds.
    pub(super) fn again(mut self, times: usize, grounds: Grounds) -> Self {
        let before = Attempt::new(
            Some(self.evidence.clone()),
            self.elapsed,
            Verdict::Replay(grounds),
        );
        self.attempts.extend(vec![before; times]);
        self
    }

    /// The attempts of another case stand before this one.
    pub(super) fn after(mut self, other: &Self, grounds: Grounds) -> Self {
        let evidence = Some(other.evidence.clone());
        let verdict = Verdict::Replay(grounds);
        self.attempts
            .push(Attempt::new(evidence, other.elapsed, verdict));
        self
    }

    pub(super) fn decide(&self, policy: &RetryPolicy) -> Decision {
        policy.decide(&Situation {
            method: &self.method,
            uri: &self.uri,
            headers: &HeaderMap::new(),
            profile: self.profile,
            evidence: &self.evidence,
            attribution: self.attribution,
            attempts: &self.attempts,
            lost: self.lost,
            elapsed: self.elapsed,
            deadline: self.deadline,
            now: self.now,
            random: self.random,
        })
    }

    pub(super) fn decide_by(&self, builder: RetryPolicyBuilder) -> Decision {
        self.decide(&builder.build().unwrap())
    }

    /// The replay that the policy decides on.
    #[track_caller]
    pub(super) fn replay(&self, policy: &RetryPolicy) -> Replay {
        match self.decide(policy) {
            Decision::Replay(replay) => replay,
            Decision::Surface(refusal) => panic!("refused: {refusal:?}"),
        }
    }
}

/// The grounds of a replay, or the reason of a refusal.
pub(super) fn reason(decision: Decision) -> Result<Grounds, Refusal> {
    match decision {
        Decision::Replay(replay) => Ok(replay.grounds),
        Decision::Surface(refusal) => Err(refusal),
    }
}
