//! The place of an attempt, and a request on an HTTP/1 connection that was to be had at once: the way nearly every request
//! takes.
//!
//! Apart from the `async fn`s for the rest because this is what a request costs: it lies with the loop, not in a box of its own,
//! and is nowhere moved; no more is kept here than the answer asks for.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};

use http::{Request, Response};
use hyper::client::conn::http1;
use pin_project_lite::pin_project;

use super::attempt::{self, About, Attempting, GoingOn, Outcome};
use super::body::ResponseBody;
use super::carrier::want;
use super::exchange::{Answer, Exchange};
use super::head::Tunnel;
use crate::body::{Erased, Progress};
use crate::carrier::{Waybill, is_answer};
use crate::client::watch::Watch;
use crate::error::Error;
use crate::pool::Pool;

/// Hands a request to hyper. What the runtime allows a task in one poll does not count: the answer is asked for by a waker that
/// wakes nobody.
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
        exchange: Option<Exchange>,
        rest: Rest,
        otherwise: Option<Otherwise>,
    }
}

/// What is wanted only if the answer is none, or does not come.
pub(super) struct Rest {
    pub(super) body: Progress,
    pub(super) tunnel: Tunnel,
    /// Over a connection that had been idle for long. Boxed, as it seldom was.
    pub(super) watch: Option<Box<Watch>>,
}

/// What seldom becomes of an attempt.
pub(super) enum Otherwise {
    /// Something is to be looked into, or the request goes over another connection.
    Attempting(Attempting),
    /// It has ended, and not with an answer alone.
    Ended(Box<Outcome>),
}

impl<A> Default for Attempt<A> {
    #[inline]
    fn default() -> Self {
        Self {
            answer: None,
            exchange: None,
            rest: Rest {
                body: Progress::already_ended(),
                tunnel: Tunnel::No,
                watch: None,
            },
            otherwise: None,
        }
    }
}

impl<A> Attempt<A> {
    /// It goes another way.
    pub(super) fn otherwise(self: Pin<&mut Self>, otherwise: Otherwise) {
        *self.project().otherwise = Some(otherwise);
    }

    /// hyper is at it.
    #[inline]
    pub(super) fn send(self: Pin<&mut Self>, answer: A, exchange: Exchange, rest: Rest) {
        let mut this = self.project();
        this.answer.set(Some(answer));
        *this.exchange = Some(exchange);
        *this.rest = rest;
    }

    /// What it has ended with, if not with an answer alone.
    #[inline]
    pub(super) fn ended(self: Pin<&mut Self>) -> Option<Outcome> {
        let ended = self.project().otherwise;
        match ended {
            Some(Otherwise::Ended(_)) => ended.take().and_then(Otherwise::into_ended),
            _ => None,
        }
    }
}

impl<A: Future<Output = Answer>> Attempt<A> {
    /// Goes on. What else there is to know of the attempt is with the loop.
    #[inline]
    pub(super) fn poll(
        self: Pin<&mut Self>,
        pool: &Arc<Pool>,
        waybill: &mut Waybill,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Response<ResponseBody>, Error>> {
        let this = self.project();
        if let (Some(exchange), Some(mut answer)) = (&mut *this.exchange, this.answer.as_pin_mut())
        {
            if !exchange.drive(cx) {
                this.rest.watch(cx);
                return Poll::Pending;
            }
            // The answer is large: it is taken where it comes from, and nowhere handed on.
            let mut answered = answer
                .as_mut()
                .poll(&mut Context::from_waker(Waker::noop()));
            if answered.is_pending() {
                if exchange.waits(cx) {
                    this.rest.watch(cx);
                    return Poll::Pending;
                }
                answered = answer.poll(cx);
            }
            match answered {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Ok(response)) if attempt::is_plain(&response, this.rest.tunnel) => {
                    exchange.give_turn();
                    exchange.seen.ledger.answered(response.headers());
                    let (head, incoming) = response.into_parts();
                    let body = ResponseBody::new(incoming, exchange.lease.take());
                    return Poll::Ready(Ok(Response::from_parts(head, body)));
                }
                Poll::Ready(other) => {
                    if let Some(exchange) = this.exchange.take() {
                        let attempting = this.rest.conclude(other, exchange, pool, waybill);
                        *this.otherwise = Some(Otherwise::Attempting(attempting));
                    }
                }
            }
        }
        match this.otherwise {
            Some(otherwise) => otherwise.poll(cx),
            None => panic!("polled after completion"),
        }
    }
}

impl Rest {
    /// Looks whether the peer is silent, while there is no answer.
    #[inline]
    fn watch(&mut self, cx: &mut Context<'_>) {
        if let Some(watch) = &mut self.watch {
            watch.poll(cx);
        }
    }

    #[cold]
    fn conclude(
        &mut self,
        answer: Answer,
        mut exchange: Exchange,
        pool: &Arc<Pool>,
        waybill: &mut Waybill,
    ) -> Attempting {
        exchange.give_turn();
        self.watch = None;
        if let Ok(response) = &answer {
            exchange.seen.ledger.answered(response.headers());
        }
        let going_on = GoingOn {
            checkout: pool.checkout(want(waybill)),
            about: About::new(waybill, self.body.clone()),
            tunnel: self.tunnel,
        };
        going_on.conclude(answer, exchange)
    }
}

impl Otherwise {
    #[cold]
    fn into_ended(self) -> Option<Outcome> {
        match self {
            Self::Ended(outcome) => Some(*outcome),
            Self::Attempting(_) => None,
        }
    }

    #[cold]
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<Response<ResponseBody>, Error>> {
        let Self::Attempting(attempting) = self else {
            return Poll::Pending;
        };
        match ready!(attempting.as_mut().poll(cx)) {
            Ok(response) if is_answer(&response) => Poll::Ready(Ok(response)),
            ended => {
                *self = Self::Ended(Box::new(ended));
                Poll::Pending
            }
        }
    }
}
