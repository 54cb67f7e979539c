//! A request that may be sent several times, and what became of each sending.
//!
//! Invariant: every attempt carries the method, URI, version, headers and extensions of the first, and a token of its
//! own; only a conversion to GET, which the caller asked for, changes the request.

use std::error::Error as StdError;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http::Method;
use http::request::Parts;
use http_body::Body;

use super::{entropy, timer};
use crate::body::{Lost, ReplayBody, Tape};
use crate::carrier::Waybill;
use crate::evidence::{AttemptId, AttemptToken, Attribution, Evidence, Patience};
use crate::policy::{Replay, RetryPolicy, Situation};
use crate::request::{ConnectionWish, OnFreshConnection, RequestProfile};
use crate::verdict::{Attempt, Refusal};

type BoxError = Box<dyn StdError + Send + Sync>;

/// A request that may be sent several times, as far as the policy allows it at all.
#[derive(Debug)]
pub(super) struct Take<B> {
    waybill: Waybill,
    body: Content<B>,
    /// The attempt that is under way.
    attempt: Option<AttemptId>,
    deadline: Option<Duration>,
    /// Which connections the request accepts.
    wish: ConnectionWish,
}

#[derive(Debug)]
enum Content<B> {
    /// It may be sent again.
    Kept(Tape<B>),
    /// It never is; `None` once it was sent.
    Once(Option<ReplayBody<B>>),
}

impl<B> Default for Take<B> {
    #[inline]
    fn default() -> Self {
        Self {
            waybill: Waybill::default(),
            body: Content::Once(None),
            attempt: None,
            deadline: None,
            wish: ConnectionWish::Any,
        }
    }
}

impl<B> Take<B> {
    /// How long all attempts together may take, if there is a limit.
    pub(super) fn deadline(&self) -> Option<Duration> {
        self.deadline
    }

    /// The method of the request.
    pub(super) fn method(&self) -> &Method {
        &self.waybill.head().method
    }

    /// Whether there is anything to send another time.
    pub(super) fn is_kept(&self) -> bool {
        matches!(self.body, Content::Kept(_))
    }
}

impl<B> Take<B>
where
    B: Body,
    B::Error: Into<BoxError>,
{
    /// Notes what is to be done with the request, and keeps what is needed to send its body, and to send it again.
    /// `least`: how large that is at least.
    #[inline]
    pub(super) fn keep(
        &mut self,
        (body, least): (B, u64),
        policy: &RetryPolicy,
        profile: RequestProfile,
    ) {
        let extensions = &self.waybill.head().extensions;
        self.wish = policy.connection(extensions, profile, least);
        self.deadline = policy.deadline(extensions);
        self.waybill.is_kept = policy.may_ever_replay(profile);
        self.body = if self.waybill.is_kept {
            Content::Kept(Tape::new(body, policy.replay_limit()))
        } else {
            Content::Once(Some(ReplayBody::once(body)))
        };
    }

    /// The body for the first time. Marks the attempt, which begins now.
    #[inline]
    pub(super) fn first(
        &mut self,
        now: timer::Instant,
        patience: Option<Patience>,
    ) -> ReplayBody<B> {
        let now = timer::moment(now);
        if self.wish != ConnectionWish::Any {
            (self.waybill.fresh, self.waybill.recent) = self.wish.asked_at(now);
        }
        match &mut self.body {
            Content::Kept(tape) => {
                let body = tape.first();
                self.mark(AttemptToken::new(false, now).with_patience(patience));
                body
            }
            Content::Once(body) => {
                // Nothing is decided on the evidence of it, but it may be given up.
                self.waybill.token = patience
                    .is_some()
                    .then(|| AttemptToken::new(false, now).with_patience(patience));
                body.take().expect("a call begins once")
            }
        }
    }

    /// The request is sent once more, its body made ready before. Marks the attempt, which begins now. Which connections may carry it
    /// holds still, after the condemned ones that the pool may hold have all refused.
    pub(super) fn next(&mut self, patience: Option<Patience>) {
        self.mark(AttemptToken::new(true, timer::now()).with_patience(patience));
    }

    #[inline]
    fn mark(&mut self, token: AttemptToken) {
        self.attempt = Some(token.id());
        self.waybill.token = Some(token);
    }

    /// What goes with the attempt that is under way.
    #[inline]
    pub(super) fn waybill(&mut self) -> &mut Waybill {
        &mut self.waybill
    }

    /// What a decision about a failed attempt rests on, seeing the ones before it.
    pub(super) fn situation<'a>(
        &'a self,
        profile: RequestProfile,
        evidence: &'a Evidence,
        attempts: &'a [Attempt],
        elapsed: Duration,
    ) -> Situation<'a> {
        let head = self.waybill.head();
        Situation {
            method: &head.method,
            uri: &head.uri,
            headers: &head.headers,
            profile,
            evidence,
            attribution: self.attempt.map_or(Attribution::Another, |attempt| {
                evidence.attribution(attempt, &head.method, &head.uri)
            }),
            attempts,
            lost: self.tape().and_then(Tape::lost).map(unreplayable),
            elapsed,
            deadline: self.deadline,
            now: timer::now(),
            random: entropy::draw(),
        }
    }

    /// Reads the body to its end and turns the request into a GET, whose head is returned. From now on there is no body.
    pub(super) fn poll_become_get(
        &mut self,
        policy: &RetryPolicy,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Parts, Refusal>> {
        let body = match self.tape() {
            Some(tape) => ready!(tape.poll_collect(cx)),
            None => return Poll::Ready(Err(Refusal::Policy)),
        };
        Poll::Ready(self.become_get(policy, body.as_ref()))
    }

    fn become_get(&mut self, policy: &RetryPolicy, body: Option<&Bytes>) -> Result<Parts, Refusal> {
        let body = body.ok_or(Refusal::FormOverLimit)?;
        let get = policy.convert_to_get(self.waybill.head(), body, timer::now())?;
        self.body = Content::Kept(Tape::empty());
        Ok(get)
    }

    /// The body once more. That of the attempt before yields nothing from now on.
    pub(super) fn again(&mut self, replay: Replay) -> Result<ReplayBody<B>, Refusal> {
        let tape = self.tape().ok_or(Refusal::Policy)?;
        let body = tape.attempt().map_err(unreplayable)?;
        if replay.fresh {
            self.waybill.fresh = Some(OnFreshConnection::opened_after(timer::now()));
        }
        Ok(body)
    }

    fn tape(&self) -> Option<&Tape<B>> {
        match &self.body {
            Content::Kept(tape) => Some(tape),
            Content::Once(_) => None,
        }
    }
}

fn unreplayable(lost: Lost) -> Refusal {
    match lost {
        Lost::OverLimit => Refusal::BodyOverLimit,
        Lost::CallerError => Refusal::CallerBody,
    }
}
