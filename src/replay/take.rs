//! A request that may be sent several times, and what became of each sending.
//!
//! Invariant: every attempt carries the method, URI, version, headers and extensions of the first, and in its
//! body a token of its own; only a conversion to GET, which the caller asked for, changes the request.

use std::error::Error as StdError;
use std::mem;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use http::request::Parts;
use http_body::Body;

use super::{entropy, timer};
use crate::body::{Lost, ReplayBody, Tape};
use crate::evidence::{AttemptId, AttemptToken, Attribution, Evidence, Patience};
use crate::policy::{Decision, Replay, RetryPolicy, Situation};
use crate::request::{ConnectionWish, OnFreshConnection, RequestProfile};
use crate::verdict::{Attempt, Refusal};

type BoxError = Box<dyn StdError + Send + Sync>;

/// A request that may be sent several times, as far as the policy allows it at all.
#[derive(Debug)]
pub(super) struct Take<B> {
    /// Empty after the first time, if there is no other.
    parts: Parts,
    body: Content<B>,
    policy: RetryPolicy,
    /// The attempt that is under way.
    attempt: Option<AttemptId>,
    deadline: Option<Duration>,
    /// Which connections the request accepts.
    wish: ConnectionWish,
    /// Since the request has left, or by its wish, only a connection opened after this may carry it.
    fresh: Option<OnFreshConnection>,
}

#[derive(Debug)]
enum Content<B> {
    /// It may be sent again.
    Kept(Tape<B>),
    /// It never is; `None` once it was sent.
    Once(Option<ReplayBody<B>>),
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
    pub(super) fn new(request: Request<B>, policy: &RetryPolicy, profile: RequestProfile) -> Self {
        let (parts, body) = request.into_parts();
        let least = body.size_hint().lower();
        Self {
            wish: policy.connection(&parts.extensions, profile, least),
            body: if policy.may_ever_replay(profile) {
                Content::Kept(Tape::new(body, policy.replay_limit()))
            } else {
                Content::Once(Some(ReplayBody::once(body)))
            },
            deadline: policy.deadline(&parts.extensions),
            parts,
            policy: policy.clone(),
            attempt: None,
            fresh: None,
        }
    }

    /// When the next attempt is given up because nothing is heard of its peer.
    #[inline]
    pub(super) fn patience(
        &self,
        profile: RequestProfile,
        attempts: &[Attempt],
    ) -> Option<Patience> {
        self.policy.patience(profile, attempts)
    }

    /// The request for the first time.
    #[inline]
    pub(super) fn first(
        &mut self,
        now: timer::Instant,
        patience: Option<Patience>,
    ) -> Request<ReplayBody<B>> {
        if self.wish != ConnectionWish::Any {
            self.make_a_wish(now);
        }
        let token = AttemptToken::new(false, timer::moment(now)).with_patience(patience);
        match &mut self.body {
            Content::Kept(tape) => {
                self.attempt = Some(token.id());
                Request::from_parts(self.parts.clone(), tape.first().marked(token))
            }
            Content::Once(body) => {
                let body = body.take().expect("a call begins once");
                // Nothing is decided on the evidence of it, but it may be given up.
                let body = match patience {
                    Some(_) => body.marked(token),
                    None => body,
                };
                self.give_away(body)
            }
        }
    }

    /// Tells whoever sends the request which connections it accepts, in every attempt.
    #[cold]
    fn make_a_wish(&mut self, now: timer::Instant) {
        let (fresh, recent) = self.wish.asked_at(timer::moment(now));
        self.fresh = fresh;
        if let Some(fresh) = fresh {
            self.parts.extensions.insert(fresh);
        }
        if let Some(recent) = recent {
            self.parts.extensions.insert(recent);
        }
    }

    /// The request itself, and no copy of it.
    fn give_away(&mut self, body: ReplayBody<B>) -> Request<ReplayBody<B>> {
        let mut request = Request::new(body);
        *request.method_mut() = self.parts.method.clone();
        *request.uri_mut() = mem::take(&mut self.parts.uri);
        *request.version_mut() = self.parts.version;
        *request.headers_mut() = mem::take(&mut self.parts.headers);
        *request.extensions_mut() = mem::take(&mut self.parts.extensions);
        request
    }

    /// Marks the request for the attempt that begins now.
    pub(super) fn mark(
        &mut self,
        request: &mut Request<ReplayBody<B>>,
        patience: Option<Patience>,
    ) {
        let token = AttemptToken::new(true, timer::now()).with_patience(patience);
        self.attempt = Some(token.id());
        request.body_mut().mark(token);
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
            lost: self.tape().and_then(Tape::lost).map(unreplayable),
            elapsed,
            deadline: self.deadline,
            now: timer::now(),
            random: entropy::draw(),
        })
    }

    /// Reads the body to its end and turns the request into a GET.
    pub(super) fn poll_become_get(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Refusal>> {
        let body = match self.tape() {
            Some(tape) => ready!(tape.poll_collect(cx)),
            None => return Poll::Ready(Err(Refusal::Policy)),
        };
        Poll::Ready(self.become_get(body.as_ref()))
    }

    fn become_get(&mut self, body: Option<&Bytes>) -> Result<(), Refusal> {
        let body = body.ok_or(Refusal::FormOverLimit)?;
        self.parts = self
            .policy
            .convert_to_get(&self.parts, body, timer::now())?;
        self.body = Content::Kept(Tape::empty());
        Ok(())
    }

    /// The request once more. The body of the attempt before yields nothing from now on.
    pub(super) fn again(&mut self, replay: Replay) -> Result<Request<ReplayBody<B>>, Refusal> {
        let tape = self.tape().ok_or(Refusal::Policy)?;
        let body = tape.attempt().map_err(unreplayable)?;
        if replay.fresh {
            self.fresh = Some(OnFreshConnection::opened_after(timer::now()));
        }
        let mut request = Request::from_parts(self.parts.clone(), body);
        // Still so after the condemned ones that the pool may hold have all refused.
        if let Some(fresh) = self.fresh {
            request.extensions_mut().insert(fresh);
        }
        Ok(request)
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
