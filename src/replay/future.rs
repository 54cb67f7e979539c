//! The future of one call: a state machine over its attempts.

use std::error::Error as StdError;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::{Request, Response};
use http_body::Body;
use pin_project_lite::pin_project;

use super::run::{Ended, Run, Waiting};
use super::telemetry::CallSpan;
use super::timer::{Deadline, Instant, Timer};
use crate::carrier::Carrier;
use crate::error::Error;
use crate::evidence::Attested;
use crate::policy::{Replay, RetryPolicy};

type BoxError = Box<dyn StdError + Send + Sync>;

pin_project! {
    /// The future of one call, whatever carries it. Boxed, as it is large, and moved by whoever has it.
    pub(crate) struct Call<C, B>
    where
        C: Carrier<B>,
    {
        #[pin]
        attempt: C::Attempt,
        state: State<B, C::Body, C::Error>,
        run: Run<C, B>,
        deadline: Deadline,
        span: CallSpan,
    }
}

pub(super) enum State<B, R, E> {
    /// The call was not polled yet.
    Unsent,
    /// An attempt is under way.
    Attempting,
    /// An attempt has failed. Boxed, as it seldom does.
    Failed(Box<Failed<B, R, E>>),
    Done,
}

/// Between two attempts.
#[expect(clippy::large_enum_variant, reason = "boxed as a whole")]
pub(super) enum Failed<B, R, E> {
    /// The body is read to its end, to turn the request into a GET.
    Collecting {
        ended: Option<Ended<R, E>>,
        replay: Replay,
    },
    /// The pause before the next attempt.
    Pausing {
        timer: Option<Timer>,
        waiting: Option<Waiting<B>>,
    },
    /// The carrier gets ready for the next attempt.
    Readying { waiting: Option<Waiting<B>> },
}

/// What one state leads to.
pub(super) enum Step<C: Carrier<B>, B> {
    /// Another attempt was begun.
    Again,
    Go(Box<Failed<B, C::Body, C::Error>>),
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
    pub(crate) fn boxed(policy: &RetryPolicy, carrier: C, request: Request<B>) -> Pin<Box<Self>> {
        policy.begin();
        let (head, body) = request.into_parts();
        let mut call: Box<Self> = Box::default();
        // Before anybody has seen either, so that it is moved once.
        let head = call.run.place().insert(head);
        call.span = CallSpan::begin(head);
        call.run.prepare(policy, carrier, body);
        Box::into_pin(call)
    }
}

/// A call without a request.
impl<C, B> Default for Call<C, B>
where
    C: Carrier<B>,
{
    // As a function of its own it writes the little there is to a call without a request into the box; otherwise all of it, which
    // is nothing yet, would be made beside the box, and copied.
    #[inline]
    fn default() -> Self {
        Self {
            attempt: C::Attempt::default(),
            state: State::Unsent,
            run: Run::default(),
            deadline: Deadline::None,
            span: CallSpan::none(),
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
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let (run, deadline) = (this.run, this.deadline);
        let polled = this
            .span
            .within(|| Self::poll_call(this.attempt, this.state, run, deadline, cx));
        if let Poll::Ready(result) = &polled {
            this.span.end(result);
        }
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
    #[expect(clippy::inline_always, reason = "it is what a poll consists of")]
    #[inline(always)]
    fn poll_call(
        mut attempt: Pin<&mut C::Attempt>,
        state: &mut State<B, C::Body, C::Error>,
        run: &mut Run<C, B>,
        deadline: &mut Deadline,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Response<C::Body>, Error>> {
        if let State::Unsent = state {
            let now = Instant::now();
            *deadline = Deadline::after(now, run.deadline());
            run.begin(now, attempt.as_mut());
            *state = State::Attempting;
        }
        if deadline.poll_passed(cx).is_ready() {
            attempt.set(C::Attempt::default());
            let state = std::mem::replace(state, State::Done);
            return Poll::Ready(run.overdue(state));
        }
        loop {
            let step = match state {
                State::Attempting => {
                    let mut polled = run.poll_attempt(attempt.as_mut(), cx);
                    if let Poll::Ready(answer) = &mut polled {
                        *state = State::Done;
                        run.answered(answer.as_mut().ok());
                        return polled;
                    }
                    match run.conclude(attempt.as_mut()) {
                        Some(step) => step,
                        None => return Poll::Pending,
                    }
                }
                State::Failed(failed) => match &mut **failed {
                    Failed::Collecting { ended, replay } => {
                        ready!(run.poll_convert(ended, *replay, cx))
                    }
                    Failed::Pausing { timer, waiting } => {
                        if let Some(timer) = timer {
                            ready!(timer.as_mut().poll(cx));
                        }
                        let waiting = waiting.take();
                        Step::Go(Box::new(Failed::Readying { waiting }))
                    }
                    Failed::Readying { waiting } => {
                        ready!(run.poll_again(waiting, attempt.as_mut(), cx))
                    }
                },
                State::Unsent | State::Done => panic!("polled after completion"),
            };
            match step {
                Step::Again => *state = State::Attempting,
                Step::Go(next) => *state = State::Failed(next),
                Step::Return(result) => {
                    *state = State::Done;
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
