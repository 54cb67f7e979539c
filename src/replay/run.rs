//! What the states of a call do: they conclude an attempt, convert the request, send it again.

use std::error::Error as StdError;
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use http::Response;
use http::request::Parts;
use http_body::Body;

use super::future::{Failed, State, Step};
use super::take::Take;
use super::timer::Instant;
use super::{Attempts, telemetry, timer};
use crate::body::ReplayBody;
use crate::carrier::Carrier;
use crate::error::Error;
use crate::evidence::{Attested, Attribution, Evidence};
use crate::policy::{Decision, Replay, RetryPolicy};
use crate::request::{RequestProfile, Semantics};
use crate::verdict::{Attempt, Refusal, Verdict, judge};

type BoxError = Box<dyn StdError + Send + Sync>;

const PREPARED: &str = "made ready when the call was made";

/// A call: what became of its attempts, and what is needed for another.
pub(super) struct Run<C, B> {
    /// `None` until it was [made ready](Self::prepare): what is large is not moved to where it stays, but made there.
    terms: Option<Terms<C>>,
    attempts: Vec<Attempt>,
    /// How often the request was handed to the service after the first time. A replay that was decided on may yet meet a
    /// deadline, or a service that does not get ready.
    sent_again: usize,
    /// When the call was first polled.
    started: Option<Instant>,
    take: Take<B>,
}

/// On what terms the call is made.
struct Terms<C> {
    profile: RequestProfile,
    policy: RetryPolicy,
    /// Ready for the first attempt; its readiness is driven again for every other.
    carrier: C,
}

/// An attempt that may have failed: what the caller gets if nothing more is done, and the evidence for what is.
pub(super) struct Ended<R, E> {
    outcome: Result<Response<R>, E>,
    evidence: Option<Evidence>,
}

/// The next attempt, before it is sent.
pub(super) struct Waiting<B> {
    body: ReplayBody<B>,
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

impl<C, B> Default for Run<C, B> {
    #[inline]
    fn default() -> Self {
        Self {
            terms: None,
            attempts: Vec::new(),
            sent_again: 0,
            started: None,
            take: Take::default(),
        }
    }
}

impl<C, B> Run<C, B> {
    #[inline]
    fn terms(&self) -> &Terms<C> {
        self.terms.as_ref().expect(PREPARED)
    }

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
        telemetry::decided(self.take.method(), self.attempts.len() + 1, &attempt);
        attempt
    }

    fn elapsed(&self) -> Duration {
        self.started
            .map_or(Duration::ZERO, |started| started.elapsed())
    }

    /// The error of a call whose deadline passed while an attempt was under way. Nothing is known of that attempt, and
    /// what is known of the ones before says nothing of why the call failed.
    fn cut_short(&mut self) -> Error {
        let refusal = Refusal::DeadlineExceeded;
        self.remember(None, Verdict::Refuse(refusal));
        self.error(refusal, None)
    }

    /// The error of a call whose deadline passed between two attempts: the one before is the last there was.
    fn too_late(&mut self, waiting: Option<Waiting<B>>) -> Error {
        let cause = waiting.and_then(|waiting| waiting.cause);
        let refusal = Refusal::DeadlineExceeded;
        // No attempt to remember; but the log has read that there would be one.
        self.tell(None, Verdict::Refuse(refusal));
        self.error(refusal, cause)
    }

    /// What a call ends with whose deadline passed in this state.
    #[cold]
    pub(super) fn overdue<R, E>(&mut self, state: State<B, R, E>) -> Result<Response<R>, Error>
    where
        E: Into<BoxError>,
    {
        match state {
            State::Attempting | State::Unsent => Err(self.cut_short()),
            State::Failed(failed) => match *failed {
                Failed::Collecting { ended, .. } => {
                    let ended = ended.expect("taken on the way out of this state");
                    self.surface(ended, Refusal::DeadlineExceeded)
                }
                Failed::Pausing { waiting, .. } | Failed::Readying { waiting } => {
                    Err(self.too_late(waiting))
                }
            },
            State::Done => panic!("polled after completion"),
        }
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
                self.answered(Some(&mut response));
                Ok(response)
            }
            Err(error) => {
                self.remember(ended.evidence, Verdict::Refuse(refusal));
                Err(self.error(refusal, Some(error.into())))
            }
        }
    }

    /// Tells in the response, if there is one, what came before it.
    #[inline]
    pub(super) fn answered<R>(&mut self, response: Option<&mut Response<R>>) {
        if self.attempts.is_empty() {
            return;
        }
        if let Some(response) = response {
            let failed = Attempts::new(mem::take(&mut self.attempts));
            response.extensions_mut().insert(failed);
        }
    }
}

impl<C, B> Run<C, B>
where
    C: Carrier<B>,
    C::Error: Attested + Into<BoxError>,
    B: Body,
    B::Error: Into<BoxError>,
{
    /// Where the head of the request is to be put, which is large.
    #[inline]
    pub(super) fn place(&mut self) -> &mut Option<Parts> {
        &mut self.take.waybill().head
    }

    /// Makes it ready to send the request whose head was put in its [place](Self::place), and which has this body, by
    /// `carrier`, which is ready. The call begins when it is first polled.
    #[inline]
    pub(super) fn prepare(&mut self, policy: &RetryPolicy, carrier: C, body: B) {
        let least = body.size_hint().lower();
        let head = self.take.waybill().head_mut();
        let profile = policy.prepare(head);
        #[cfg(feature = "client")]
        policy.take_precautions(&mut head.extensions, profile, least);
        self.terms = Some(Terms {
            profile,
            policy: policy.clone(),
            carrier,
        });
        self.take.keep((body, least), policy, profile);
    }

    /// How long the call may take from now on, if there is a limit.
    pub(super) fn deadline(&self) -> Option<Duration> {
        self.take.deadline()
    }

    /// Makes the first attempt.
    #[inline]
    pub(super) fn begin(&mut self, now: Instant, attempt: Pin<&mut C::Attempt>) {
        self.started = Some(now);
        let terms = self.terms.as_mut().expect(PREPARED);
        let patience = terms.policy.patience(terms.profile, &[]);
        let body = self.take.first(now, patience);
        telemetry::attempted(&[]);
        terms.carrier.begin(self.take.waybill(), body, attempt);
    }

    /// Goes on with the attempt that is under way.
    #[inline]
    pub(super) fn poll_attempt(
        &mut self,
        attempt: Pin<&mut C::Attempt>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Response<C::Body>, Error>> {
        let terms = self.terms.as_mut().expect(PREPARED);
        terms.carrier.poll(self.take.waybill(), attempt, cx)
    }

    /// What is to be done about an attempt that is not ready; `None` while it is under way.
    #[inline]
    pub(super) fn conclude(&mut self, attempt: Pin<&mut C::Attempt>) -> Option<Step<C, B>> {
        let outcome = self.terms().carrier.ended(attempt)?;
        Some(self.decide_on(Ended::of(outcome)))
    }

    #[cold]
    fn decide_on(&mut self, ended: Ended<C::Body, C::Error>) -> Step<C, B> {
        match self.decide(ended.evidence.as_ref()) {
            Decision::Replay(replay) if replay.as_get => {
                let ended = Some(ended);
                Step::Go(Box::new(Failed::Collecting { ended, replay }))
            }
            Decision::Replay(replay) => self.replay(ended, replay),
            Decision::Surface(refusal) => Step::Return(self.surface(ended, refusal)),
        }
    }

    /// The body is read to its end, to turn the request into a GET.
    pub(super) fn poll_convert(
        &mut self,
        ended: &mut Option<Ended<C::Body, C::Error>>,
        replay: Replay,
        cx: &mut Context<'_>,
    ) -> Poll<Step<C, B>> {
        let terms = self.terms.as_mut().expect(PREPARED);
        let converted = ready!(self.take.poll_become_get(&terms.policy, cx));
        let ended = ended.take().expect("taken on the way out of this state");
        Poll::Ready(match converted {
            Ok(get) => {
                // The attempt that failed was none with GET: what is told of it comes first.
                let step = self.replay(ended, replay);
                self.take.waybill().head = Some(get);
                let terms = self.terms.as_mut().expect(PREPARED);
                terms.profile = RequestProfile::new(Semantics::Safe, terms.profile.permission());
                step
            }
            Err(refusal) => Step::Return(self.surface(ended, refusal)),
        })
    }

    /// Makes the request once more, and waits. It is made here, and the body of the attempt before fenced by that, so that
    /// nothing which is still being sent can carry the body over the limit during the pause.
    fn replay(&mut self, ended: Ended<C::Body, C::Error>, replay: Replay) -> Step<C, B> {
        match self.take.again(replay) {
            Ok(body) => {
                self.remember(ended.evidence, Verdict::Replay(replay.grounds));
                let timer = timer::after(replay.pause);
                let cause = ended.outcome.err().map(Into::into);
                let waiting = Some(Waiting { body, cause });
                Step::Go(Box::new(Failed::Pausing { timer, waiting }))
            }
            Err(refusal) => Step::Return(self.surface(ended, refusal)),
        }
    }

    /// Sends the request again, once the carrier is ready for it.
    pub(super) fn poll_again(
        &mut self,
        waiting: &mut Option<Waiting<B>>,
        attempt: Pin<&mut C::Attempt>,
        cx: &mut Context<'_>,
    ) -> Poll<Step<C, B>> {
        let terms = self.terms.as_mut().expect(PREPARED);
        if let Err(error) = ready!(terms.carrier.poll_ready(cx)) {
            let ended = Ended::of(Err(error));
            return Poll::Ready(Step::Return(self.surface(ended, Refusal::NoEvidence)));
        }
        let waiting = waiting.take().expect("taken on the way out of this state");
        let patience = terms.policy.patience(terms.profile, &self.attempts);
        self.take.next(patience);
        self.sent_again += 1;
        telemetry::attempted(&self.attempts);
        terms
            .carrier
            .begin(self.take.waybill(), waiting.body, attempt);
        Poll::Ready(Step::Again)
    }

    fn decide(&self, evidence: Option<&Evidence>) -> Decision {
        let Some(evidence) = evidence else {
            return Decision::Surface(Refusal::NoEvidence);
        };
        let terms = self.terms();
        if self.take.is_kept() {
            let situation =
                self.take
                    .situation(terms.profile, evidence, &self.attempts, self.elapsed());
            return terms.policy.decide(&situation);
        }
        // Whatever else stands against a replay, the policy does.
        Decision::Surface(
            match judge(&terms.profile, evidence, Attribution::ThisSending) {
                Verdict::Refuse(refusal) => refusal,
                Verdict::Replay(_) => Refusal::Policy,
            },
        )
    }
}
