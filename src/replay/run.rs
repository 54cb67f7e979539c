//! What the states of a call do: they conclude an attempt, convert the request, send it again.

use std::error::Error as StdError;
use std::mem;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use http::{Method, Request, Response};
use http_body::Body;
use tower_service::Service;

use super::future::{State, Step};
use super::take::Take;
use super::timer::Instant;
use super::{Attempts, telemetry, timer};
use crate::body::ReplayBody;
use crate::error::Error;
use crate::evidence::{Attested, Attribution, Evidence};
use crate::policy::{Decision, Replay, RetryPolicy};
use crate::request::{RequestProfile, Semantics};
use crate::verdict::{Attempt, Refusal, Verdict, judge};

type BoxError = Box<dyn StdError + Send + Sync>;

/// A call: what became of its attempts, and what is needed for another.
pub(super) struct Run<S, B> {
    method: Method,
    profile: RequestProfile,
    attempts: Vec<Attempt>,
    /// How often the request was handed to the service after the first time. A replay that was decided on may yet meet a
    /// deadline, or a service that does not get ready.
    sent_again: usize,
    /// When the call was first polled.
    started: Option<Instant>,
    /// Ready for the first attempt; its readiness is driven again for every other.
    service: S,
    take: Take<B>,
}

/// An attempt that may have failed: what the caller gets if nothing more is done, and the evidence for what is.
pub(super) struct Ended<R, E> {
    outcome: Result<Response<R>, E>,
    evidence: Option<Evidence>,
}

/// The next attempt, before it is sent.
pub(super) struct Waiting<B> {
    request: Request<ReplayBody<B>>,
    /// The error of the attempt before, which a deadline that passes now leaves as the last.
    cause: Option<BoxError>,
}

impl<R, E: Attested> Ended<R, E> {
    pub(super) fn of(mut outcome: Result<Response<R>, E>) -> Self {
        let evidence = match &mut outcome {
            Ok(response) => response.extensions_mut().remove(),
            Err(error) => error.evidence().cloned(),
        };
        Self { outcome, evidence }
    }
}

/// Whether this is the response, and nothing else: a status that says that the request was not processed comes with
/// evidence.
pub(super) fn is_answer<R>(response: &Response<R>) -> bool {
    response.extensions().get::<Evidence>().is_none()
}

impl<S, B> Run<S, B> {
    /// The error of a call that ends here.
    pub(super) fn error(&mut self, refusal: Refusal, source: Option<BoxError>) -> Error {
        let attempts = mem::take(&mut self.attempts);
        Error::new(refusal, attempts, source).sent_again(self.sent_again)
    }

    fn remember(&mut self, evidence: Option<Evidence>, decided: Verdict) {
        let attempt = self.tell(evidence, decided);
        self.attempts.push(attempt);
    }

    fn tell(&self, evidence: Option<Evidence>, decided: Verdict) -> Attempt {
        let attempt = Attempt::new(evidence, self.elapsed(), decided);
        telemetry::decided(&self.method, self.attempts.len() + 1, &attempt);
        attempt
    }

    fn elapsed(&self) -> Duration {
        self.started
            .map_or(Duration::ZERO, |started| started.elapsed())
    }

    /// The error of a call whose deadline passed while an attempt was under way. Nothing is known of that attempt, and
    /// what is known of the ones before says nothing of why the call failed.
    pub(super) fn cut_short(&mut self) -> Error {
        let refusal = Refusal::DeadlineExceeded;
        self.remember(None, Verdict::Refuse(refusal));
        self.error(refusal, None)
    }

    /// The error of a call whose deadline passed between two attempts: the one before is the last there was.
    pub(super) fn too_late(&mut self, waiting: Option<Box<Waiting<B>>>) -> Error {
        let cause = waiting.and_then(|waiting| waiting.cause);
        let refusal = Refusal::DeadlineExceeded;
        // No attempt to remember; but the log has read that there would be one.
        self.tell(None, Verdict::Refuse(refusal));
        self.error(refusal, cause)
    }

    /// Gives the caller what the attempt ended with.
    pub(super) fn surface<R, E>(
        &mut self,
        ended: Ended<R, E>,
        refusal: Refusal,
    ) -> Result<Response<R>, Error>
    where
        E: Into<BoxError>,
    {
        match ended.outcome {
            Ok(mut response) => {
                // A status that declined the request: the response stands as it is, and the log tells why.
                self.tell(ended.evidence, Verdict::Refuse(refusal));
                self.answered(&mut response);
                Ok(response)
            }
            Err(error) => {
                self.remember(ended.evidence, Verdict::Refuse(refusal));
                Err(self.error(refusal, Some(error.into())))
            }
        }
    }

    /// Whether no attempt has failed yet.
    #[inline]
    pub(super) fn is_first(&self) -> bool {
        self.attempts.is_empty()
    }

    /// Tells in the response what came before it.
    pub(super) fn answered<R>(&mut self, response: &mut Response<R>) {
        if !self.attempts.is_empty() {
            let failed = Attempts::new(mem::take(&mut self.attempts));
            response.extensions_mut().insert(failed);
        }
    }
}

impl<S, B, R> Run<S, B>
where
    S: Service<Request<ReplayBody<B>>, Response = Response<R>>,
    S::Error: Attested + Into<BoxError>,
    B: Body,
    B::Error: Into<BoxError>,
{
    /// A call by `service`, which is ready. It begins when it is first polled.
    #[inline]
    pub(super) fn new(policy: &RetryPolicy, service: S, mut request: Request<B>) -> Box<Self> {
        let profile = policy.prepare(&mut request);
        #[cfg(feature = "client")]
        policy.take_precautions(&mut request, profile);
        Box::new(Self {
            method: request.method().clone(),
            profile,
            attempts: Vec::new(),
            sent_again: 0,
            started: None,
            service,
            take: Take::new(request, policy, profile),
        })
    }

    /// How long the call may take from now on, if there is a limit.
    pub(super) fn deadline(&self) -> Option<Duration> {
        self.take.deadline()
    }

    /// Makes the first attempt.
    #[inline]
    pub(super) fn begin(&mut self, now: Instant) -> S::Future {
        self.started = Some(now);
        let patience = self.take.patience(self.profile, &[]);
        let request = self.take.first(now, patience);
        self.service.call(request)
    }

    /// An attempt has ended, and not with an answer.
    pub(super) fn conclude(
        &mut self,
        outcome: Result<Response<R>, S::Error>,
    ) -> Step<S::Future, B, R, S::Error> {
        let ended = Ended::of(outcome);
        match self.decide(ended.evidence.as_ref()) {
            Decision::Replay(replay) if replay.as_get => {
                let ended = Some(Box::new(ended));
                Step::Go(State::Collecting { ended, replay })
            }
            Decision::Replay(replay) => self.replay(ended, replay),
            Decision::Surface(refusal) => Step::Return(self.surface(ended, refusal)),
        }
    }

    /// The body is read to its end, to turn the request into a GET.
    pub(super) fn poll_convert(
        &mut self,
        ended: &mut Option<Box<Ended<R, S::Error>>>,
        replay: Replay,
        cx: &mut Context<'_>,
    ) -> Poll<Step<S::Future, B, R, S::Error>> {
        let converted = ready!(self.take.poll_become_get(cx));
        let ended = *ended.take().expect("taken on the way out of this state");
        Poll::Ready(match converted {
            Ok(()) => {
                // The attempt that failed was none with GET: what is told of it comes first.
                let step = self.replay(ended, replay);
                self.profile = RequestProfile::new(Semantics::Safe, self.profile.permission());
                self.method = Method::GET;
                step
            }
            Err(refusal) => Step::Return(self.surface(ended, refusal)),
        })
    }

    /// Makes the request once more, and waits. It is made here, and the body of the attempt before fenced by that, so that
    /// nothing which is still being sent can carry the body over the limit during the pause.
    fn replay(
        &mut self,
        ended: Ended<R, S::Error>,
        replay: Replay,
    ) -> Step<S::Future, B, R, S::Error> {
        match self.take.again(replay) {
            Ok(request) => {
                self.remember(ended.evidence, Verdict::Replay(replay.grounds));
                let timer = timer::after(replay.pause);
                let cause = ended.outcome.err().map(Into::into);
                let waiting = Box::new(Waiting { request, cause });
                Step::Go(State::Pausing {
                    timer,
                    waiting: Some(waiting),
                })
            }
            Err(refusal) => Step::Return(self.surface(ended, refusal)),
        }
    }

    /// Sends the request again, once the service is ready for it.
    pub(super) fn poll_again(
        &mut self,
        waiting: &mut Option<Box<Waiting<B>>>,
        cx: &mut Context<'_>,
    ) -> Poll<Step<S::Future, B, R, S::Error>> {
        if let Err(error) = ready!(self.service.poll_ready(cx)) {
            let ended = Ended::of(Err(error));
            return Poll::Ready(Step::Return(self.surface(ended, Refusal::NoEvidence)));
        }
        let mut waiting = waiting.take().expect("taken on the way out of this state");
        let patience = self.take.patience(self.profile, &self.attempts);
        self.take.mark(&mut waiting.request, patience);
        self.sent_again += 1;
        Poll::Ready(Step::Go(State::Attempting {
            future: self.service.call(waiting.request),
        }))
    }

    fn decide(&self, evidence: Option<&Evidence>) -> Decision {
        let Some(evidence) = evidence else {
            return Decision::Surface(Refusal::NoEvidence);
        };
        if self.take.is_kept() {
            let elapsed = self.elapsed();
            return self
                .take
                .decide(self.profile, evidence, &self.attempts, elapsed);
        }
        // Whatever else stands against a replay, the policy does.
        Decision::Surface(
            match judge(&self.profile, evidence, Attribution::ThisSending) {
                Verdict::Refuse(refusal) => refusal,
                Verdict::Replay(_) => Refusal::Policy,
            },
        )
    }
}
