//! A request that may be sent several times, and what became of each sending.
//!
//! Invariant: every attempt carries the method, URI, version, headers and extensions of the first, and in its
//! body a token of its own; only a conversion to GET, which the caller asked for, changes the request.

use std::error::Error as StdError;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use http::request::Parts;
use http_body::Body;

use super::{entropy, timer};
use crate::body::{Lost, ReplayBody, Tape};
use crate::evidence::{AttemptId, AttemptToken, Attribution, Evidence};
use crate::policy::{Decision, Replay, RetryPolicy, Situation};
use crate::request::{OnFreshConnection, RequestProfile};
use crate::verdict::{Attempt, Refusal};

type BoxError = Box<dyn StdError + Send + Sync>;

/// A request that may be sent several times.
#[derive(Debug)]
pub(super) struct Take<B> {
    parts: Parts,
    body: Tape<B>,
    policy: RetryPolicy,
    /// The attempt that is under way.
    attempt: Option<AttemptId>,
    deadline: Option<Duration>,
    /// Since the request has left, only a connection opened after this may carry it.
    fresh: Option<OnFreshConnection>,
}

impl<B> Take<B>
where
    B: Body,
    B::Error: Into<BoxError>,
{
    /// Keeps what is needed to send the request, and to send it again.
    #[inline]
    pub(super) fn new(
        request: Request<B>,
        policy: RetryPolicy,
        deadline: Option<Duration>,
    ) -> Self {
        let (parts, body) = request.into_parts();
        Self {
            parts,
            body: Tape::new(body, policy.replay_limit()),
            policy,
            attempt: None,
            deadline,
            fresh: None,
        }
    }

    /// The request for the first time.
    #[inline]
    pub(super) fn first(&mut self, now: timer::Instant) -> Request<ReplayBody<B>> {
        let token = AttemptToken::new(false, now.into());
        self.attempt = Some(token.id());
        self.carry(self.body.first().marked(token))
    }

    /// Marks the request for the attempt that begins now.
    pub(super) fn mark(&mut self, request: &mut Request<ReplayBody<B>>) {
        let token = AttemptToken::new(true, timer::now());
        self.attempt = Some(token.id());
        request.body_mut().mark(token);
    }

    /// The request with the body of one attempt.
    #[inline]
    fn carry(&self, body: ReplayBody<B>) -> Request<ReplayBody<B>> {
        Request::from_parts(self.parts.clone(), body)
    }

    /// Decides what to do about a failed attempt, seeing the ones before it.
    pub(super) fn decide(
        &self,
        profile: RequestProfile,
        evidence: &Evidence,
        attempts: &[Attempt],
        elapsed: Duration,
    ) -> Decision {
        self.policy.decide(&Situation {
            method: &self.parts.method,
            uri: &self.parts.uri,
            headers: &self.parts.headers,
            profile,
            evidence,
            attribution: self.attempt.map_or(Attribution::Another, |attempt| {
                evidence.attribution(attempt, &self.parts.method, &self.parts.uri)
            }),
            attempts,
            lost: self.body.lost().map(unreplayable),
            elapsed,
            deadline: self.deadline,
            now: timer::now(),
            random: entropy::draw(),
        })
    }

    /// Reads the body to its end and turns the request into a GET.
    pub(super) fn poll_become_get(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Refusal>> {
        let body = ready!(self.body.poll_collect(cx));
        Poll::Ready(self.become_get(body.as_ref()))
    }

    fn become_get(&mut self, body: Option<&Bytes>) -> Result<(), Refusal> {
        let body = body.ok_or(Refusal::FormOverLimit)?;
        self.parts = self
            .policy
            .convert_to_get(&self.parts, body, timer::now())?;
        self.body = Tape::empty();
        Ok(())
    }

    /// The request once more. The body of the attempt before yields nothing from now on.
    pub(super) fn again(&mut self, replay: Replay) -> Result<Request<ReplayBody<B>>, Refusal> {
        let body = self.body.attempt().map_err(unreplayable)?;
        if replay.fresh {
            self.fresh = Some(OnFreshConnection::opened_after(timer::now()));
        }
        let mut request = self.carry(body);
        // Still so after the condemned ones that the pool may hold have all refused.
        if let Some(fresh) = self.fresh {
            request.extensions_mut().insert(fresh);
        }
        Ok(request)
    }
}

fn unreplayable(lost: Lost) -> Refusal {
    match lost {
        Lost::OverLimit => Refusal::BodyOverLimit,
        Lost::CallerError => Refusal::CallerBody,
    }
}
