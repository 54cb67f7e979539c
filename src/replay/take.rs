//! A request that may be sent several times, and what became of each sending.
//!
//! Invariant: every attempt carries the method, URI, version, headers and extensions of the first, and a token of its
//! own; only a conversion to GET, which the caller asked for, changes the request.

use std::error::Error as StdError;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use http::request::Parts;
use http_body::Body;

use super::{entropy, timer};
use crate::body::{Lost, ReplayBody, Tape};
use crate::carrier::Load;
use crate::evidence::{AttemptId, AttemptToken, Attribution, Evidence, Patience};
use crate::policy::{Replay, RetryPolicy, Situation};
use crate::request::{ConnectionWish, OnFreshConnection, OnRecentConnection, RequestProfile};
use crate::verdict::{Attempt, Refusal};

type BoxError = Box<dyn StdError + Send + Sync>;

/// A request that may be sent several times, as far as the policy allows it at all.
#[derive(Debug)]
pub(super) struct Take<B> {
    /// Bare after the first time, if there is no other. `None` until it was [put in](Self::put).
    head: Option<Parts>,
    body: Content<B>,
    /// The attempt that is under way.
    attempt: Option<AttemptId>,
    deadline: Option<Duration>,
    /// Which connections the request accepts.
    wish: ConnectionWish,
    /// Since the request has left, or by its wish, only a connection opened after this may carry it.
    fresh: Option<OnFreshConnection>,
    /// Only a connection that was not idle for longer than this may carry it.
    recent: Option<OnRecentConnection>,
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
            head: None,
            body: Content::Once(None),
            attempt: None,
            deadline: None,
            wish: ConnectionWish::Any,
            fresh: None,
            recent: None,
        }
    }
}

impl<B> Take<B> {
    /// How long all attempts together may take, if there is a limit.
    pub(super) fn deadline(&self) -> Option<Duration> {
        self.deadline
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
    /// Keeps what is needed to send the request, and to send it again.
    #[inline]
    pub(super) fn put(
        &mut self,
        request: Request<B>,
        policy: &RetryPolicy,
        profile: RequestProfile,
    ) {
        let least = request.body().size_hint().lower();
        self.wish = policy.connection(request.extensions(), profile, least);
        self.deadline = policy.deadline(request.extensions());
        let (head, body) = request.into_parts();
        self.head = Some(head);
        self.body = if policy.may_ever_replay(profile) {
            Content::Kept(Tape::new(body, policy.replay_limit()))
        } else {
            Content::Once(Some(ReplayBody::once(body)))
        };
    }

    /// The request for the first time: its head, and the rest.
    #[inline]
    pub(super) fn first(
        &mut self,
        now: timer::Instant,
        patience: Option<Patience>,
    ) -> (&mut Parts, Load<B>) {
        if self.wish != ConnectionWish::Any {
            (self.fresh, self.recent) = self.wish.asked_at(timer::moment(now));
        }
        let token = AttemptToken::new(false, timer::moment(now)).with_patience(patience);
        let load = match &mut self.body {
            Content::Kept(tape) => {
                self.attempt = Some(token.id());
                Load {
                    body: tape.first(),
                    token: Some(token),
                    fresh: self.fresh,
                    recent: self.recent,
                    is_kept: true,
                }
            }
            Content::Once(body) => Load {
                body: body.take().expect("a call begins once"),
                // Nothing is decided on the evidence of it, but it may be given up.
                token: patience.is_some().then_some(token),
                fresh: self.fresh,
                recent: self.recent,
                is_kept: false,
            },
        };
        (head_mut(&mut self.head), load)
    }

    /// The request once more, its body made ready before. Marks the attempt, which begins now.
    pub(super) fn next(
        &mut self,
        body: ReplayBody<B>,
        patience: Option<Patience>,
    ) -> (&mut Parts, Load<B>) {
        let token = AttemptToken::new(true, timer::now()).with_patience(patience);
        self.attempt = Some(token.id());
        let load = Load {
            body,
            token: Some(token),
            // Still so after the condemned ones that the pool may hold have all refused.
            fresh: self.fresh,
            recent: self.recent,
            is_kept: true,
        };
        (head_mut(&mut self.head), load)
    }

    /// The head of the attempt that is under way.
    #[inline]
    pub(super) fn head(&self) -> &Parts {
        self.head.as_ref().expect("it was put in")
    }

    /// What a decision about a failed attempt rests on, seeing the ones before it.
    pub(super) fn situation<'a>(
        &'a self,
        profile: RequestProfile,
        evidence: &'a Evidence,
        attempts: &'a [Attempt],
        elapsed: Duration,
    ) -> Situation<'a> {
        let head = self.head();
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

    /// Reads the body to its end and turns the request into a GET.
    pub(super) fn poll_become_get(
        &mut self,
        policy: &RetryPolicy,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), Refusal>> {
        let body = match self.tape() {
            Some(tape) => ready!(tape.poll_collect(cx)),
            None => return Poll::Ready(Err(Refusal::Policy)),
        };
        Poll::Ready(self.become_get(policy, body.as_ref()))
    }

    fn become_get(&mut self, policy: &RetryPolicy, body: Option<&Bytes>) -> Result<(), Refusal> {
        let body = body.ok_or(Refusal::FormOverLimit)?;
        let get = policy.convert_to_get(self.head(), body, timer::now())?;
        self.head = Some(get);
        self.body = Content::Kept(Tape::empty());
        Ok(())
    }

    /// The body once more. That of the attempt before yields nothing from now on.
    pub(super) fn again(&mut self, replay: Replay) -> Result<ReplayBody<B>, Refusal> {
        let tape = self.tape().ok_or(Refusal::Policy)?;
        let body = tape.attempt().map_err(unreplayable)?;
        if replay.fresh {
            self.fresh = Some(OnFreshConnection::opened_after(timer::now()));
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

fn head_mut(head: &mut Option<Parts>) -> &mut Parts {
    head.as_mut().expect("it was put in")
}

fn unreplayable(lost: Lost) -> Refusal {
    match lost {
        Lost::OverLimit => Refusal::BodyOverLimit,
        Lost::CallerError => Refusal::CallerBody,
    }
}
