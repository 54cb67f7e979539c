//! The future of one call: a state machine over its attempts.

use std::error::Error as StdError;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::{Request, Response};
use http_body::Body;
use pin_project_lite::pin_project;

use super::run::{self, Ended, Run, Waiting};
use super::telemetry::CallSpan;
use super::timer::{Deadline, Instant, Timer};
use crate::carrier::Carrier;
use crate::error::Error;
use crate::evidence::Attested;
use crate::policy::{Replay, RetryPolicy};
use crate::verdict::Refusal;

type BoxError = Box<dyn StdError + Send + Sync>;

pin_project! {
    /// The future of one call, whatever carries it.
    pub(crate) struct Call<C, B>
    where
        C: Carrier<B>,
    {
        #[pin]
        state: State<C::Attempt, B, C::Body, C::Error>,
        run: Run<C, B>,
        deadline: Deadline,
        span: CallSpan,
    }
}

pin_project! {
    #[project = StateProj]
    pub(super) enum State<A, B, R, E> {
        // The call was not polled yet.
        Unsent,
        // An attempt is under way.
        Attempting { #[pin] attempt: A },
        // The body is read to its end, to turn the request into a GET.
        Collecting { ended: Option<Box<Ended<R, E>>>, replay: Replay },
        // The pause before the next attempt.
        Pausing { timer: Option<Timer>, waiting: Option<Box<Waiting<B>>> },
        // The carrier gets ready for the next attempt.
        Readying { waiting: Option<Box<Waiting<B>>> },
        Done,
    }
}

/// What one state leads to.
pub(super) enum Step<C: Carrier<B>, B> {
    Go(State<C::Attempt, B, C::Body, C::Error>),
    Return(Result<Response<C::Body>, Error>),
}

impl<C, B> Call<C, B>
where
    C: Carrier<B>,
    C::Error: Attested + Into<BoxError>,
    B: Body,
    B::Error: Into<BoxError>,
{
    #[inline]
    pub(crate) fn new(policy: &RetryPolicy, carrier: C, request: Request<B>) -> Self {
        policy.begin();
        Self {
            span: CallSpan::begin(&request),
            state: State::Unsent,
            run: Run::new(policy, carrier, request),
            deadline: Deadline::None,
        }
    }
}

impl<C, B> Future for Call<C, B>
where
    C: Carrier<B>,
    C::Error: Attested + Into<BoxError>,
    B: Body,
    B::Error: Into<BoxError>,
{
    type Output = Result<Response<C::Body>, Error>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        // Taken out, so that the rest can be borrowed within it.
        let mut span = self.as_mut().project().span.take();
        let polled = span.within(|| self.as_mut().poll_call(cx));
        if let Poll::Ready(result) = &polled {
            span.end(result);
        }
        *self.project().span = span;
        polled
    }
}

impl<C, B> Call<C, B>
where
    C: Carrier<B>,
    C::Error: Attested + Into<BoxError>,
    B: Body,
    B::Error: Into<BoxError>,
{
    fn poll_call(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Response<C::Body>, Error>> {
        let mut this = self.project();
        if let StateProj::Unsent = this.state.as_mut().project() {
            let now = Instant::now();
            *this.deadline = Deadline::after(now, this.run.deadline());
            let attempt = this.run.begin(now);
            this.state.set(State::Attempting { attempt });
        }
        if this.deadline.poll_passed(cx).is_ready() {
            let result = match this.state.as_mut().project() {
                StateProj::Attempting { .. } | StateProj::Unsent => Err(this.run.cut_short()),
                StateProj::Collecting { ended, .. } => {
                    let ended = ended.take().expect("taken on the way out of this state");
                    this.run.surface(*ended, Refusal::DeadlineExceeded)
                }
                StateProj::Pausing { waiting, .. } | StateProj::Readying { waiting } => {
                    Err(this.run.too_late(waiting.take()))
                }
                StateProj::Done => panic!("polled after completion"),
            };
            this.state.set(State::Done);
            return Poll::Ready(result);
        }
        loop {
            let step = match this.state.as_mut().project() {
                StateProj::Attempting { attempt } => {
                    match ready!(this.run.poll_attempt(attempt, cx)) {
                        Ok(response) if run::is_answer(&response) && this.run.is_first() => {
                            this.state.set(State::Done);
                            return Poll::Ready(Ok(response));
                        }
                        Ok(mut response) if run::is_answer(&response) => {
                            this.run.answered(&mut response);
                            this.state.set(State::Done);
                            return Poll::Ready(Ok(response));
                        }
                        outcome => this.run.conclude(outcome),
                    }
                }
                StateProj::Collecting { ended, replay } => {
                    ready!(this.run.poll_convert(ended, *replay, cx))
                }
                StateProj::Pausing { timer, waiting } => {
                    if let Some(timer) = timer {
                        ready!(timer.as_mut().poll(cx));
                    }
                    let waiting = waiting.take();
                    Step::Go(State::Readying { waiting })
                }
                StateProj::Readying { waiting } => ready!(this.run.poll_again(waiting, cx)),
                StateProj::Unsent | StateProj::Done => panic!("polled after completion"),
            };
            match step {
                Step::Go(next) => this.state.set(next),
                Step::Return(result) => {
                    this.state.set(State::Done);
                    return Poll::Ready(result);
                }
            }
        }
    }
}

impl<C, B> fmt::Debug for Call<C, B>
where
    C: Carrier<B>,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call").finish_non_exhaustive()
    }
}
