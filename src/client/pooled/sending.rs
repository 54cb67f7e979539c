//! The place of an attempt, and a request on an HTTP/1 connection that was to be had at once: the way nearly every request
//! takes.
//!
//! Apart from the `async fn`s for the rest because this is what a request costs: it lies with the loop, not in a box of its own,
//! and is nowhere moved; no more is kept here than the answer asks for.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::request::Parts;
use http::{Request, Response};
use hyper::client::conn::http1;
use pin_project_lite::pin_project;

use super::attempt::{self, About, Attempting, GoingOn, Outcome};
use super::body::ResponseBody;
use super::exchange::{Answer, Exchange};
use super::head::Tunnel;
use crate::body::{Erased, Progress};
use crate::evidence::{AttemptError, AttemptToken};
use crate::pool::{Pool, Want};

/// Hands a request to hyper. A function, so that the type of hyper's future, which has no name, is that of what it returns.
pub(crate) trait HandOver:
    Fn(&mut http1::SendRequest<Erased>, Request<Erased>) -> Self::Answer
{
    type Answer: Future<Output = Answer> + Send;
}

impl<H, A> HandOver for H
where
    H: Fn(&mut http1::SendRequest<Erased>, Request<Erased>) -> A,
    A: Future<Output = Answer> + Send,
{
    type Answer = A;
}

/// Hands it over. What the runtime allows a task in one poll does not count: the answer is asked for by a waker that wakes nobody.
#[inline]
pub(super) fn hand_over(
    sender: &mut http1::SendRequest<Erased>,
    request: Request<Erased>,
) -> impl Future<Output = Answer> + Send + use<> {
    tokio::task::unconstrained(sender.try_send_request(request))
}

pin_project! {
    /// The place of an attempt.
    ///
    /// Emptied while one is under way, the connection is closed if the request may have been written (HTTP/2: the stream is
    /// reset), and its place is given back in any case.
    pub(crate) struct Attempt<A> {
        #[pin]
        answer: Option<A>,
        stage: Stage,
    }
}

#[expect(
    clippy::large_enum_variant,
    reason = "the large one is what nearly every request needs"
)]
pub(super) enum Stage {
    /// There is none, or it is over.
    Empty,
    /// hyper is at it: it is not answered yet.
    Waiting(Exchange, Rest),
    /// Something is to be looked into, or the request goes over another connection.
    Otherwise(Attempting),
    /// It cannot be sent.
    Invalid(Box<AttemptError>),
}

/// What is wanted only if the answer is none.
#[derive(Debug)]
pub(super) struct Rest {
    pub(super) token: Option<AttemptToken>,
    pub(super) body: Progress,
    pub(super) want: Want,
    pub(super) tunnel: Tunnel,
}

impl<A> Default for Attempt<A> {
    #[inline]
    fn default() -> Self {
        Self {
            answer: None,
            stage: Stage::Empty,
        }
    }
}

impl<A> Attempt<A> {
    /// It begins with this.
    #[inline]
    pub(super) fn begin(self: Pin<&mut Self>, stage: Stage) {
        *self.project().stage = stage;
    }

    /// It begins with hyper's being at it.
    #[inline]
    pub(super) fn send(self: Pin<&mut Self>, answer: A, exchange: Exchange, rest: Rest) {
        let mut this = self.project();
        this.answer.set(Some(answer));
        *this.stage = Stage::Waiting(exchange, rest);
    }
}

impl<A: Future<Output = Answer>> Attempt<A> {
    /// Goes on. What else there is to know of the attempt is with the loop.
    #[inline]
    pub(super) fn poll(
        self: Pin<&mut Self>,
        pool: &Arc<Pool>,
        head: &Parts,
        cx: &mut Context<'_>,
    ) -> Poll<Outcome> {
        let this = self.project();
        if let (Stage::Waiting(exchange, rest), Some(answer)) =
            (&mut *this.stage, this.answer.as_pin_mut())
        {
            // The answer is large: it is taken where it comes from, and nowhere handed on.
            match exchange.poll(answer, cx) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Ok(response)) if attempt::is_plain(&response, rest.tunnel) => {
                    exchange.seen.ledger.answered(response.headers());
                    let (head, incoming) = response.into_parts();
                    let body = ResponseBody::new(incoming, exchange.lease.take());
                    return Poll::Ready(Ok(Response::from_parts(head, body)));
                }
                Poll::Ready(other) => this.stage.conclude(other, pool, head),
            }
        }
        this.stage.poll(cx)
    }
}

impl Stage {
    #[cold]
    fn conclude(&mut self, answer: Answer, pool: &Arc<Pool>, head: &Parts) {
        if let Self::Waiting(exchange, rest) = std::mem::replace(self, Self::Empty) {
            if let Ok(response) = &answer {
                exchange.seen.ledger.answered(response.headers());
            }
            let going_on = GoingOn {
                checkout: pool.checkout(rest.want),
                about: About::new(head, rest.token, rest.body),
                tunnel: rest.tunnel,
            };
            *self = Self::Otherwise(going_on.conclude(answer, exchange));
        }
    }

    #[cold]
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Outcome> {
        match self {
            Self::Otherwise(attempting) => attempting.as_mut().poll(cx),
            _ => match std::mem::replace(self, Self::Empty) {
                Self::Invalid(error) => Poll::Ready(Err(*error)),
                _ => panic!("polled after completion"),
            },
        }
    }
}
