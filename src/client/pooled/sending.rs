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
use crate::body::{Erased, Progress, ReplayBody};
use crate::carrier::{Waybill, is_answer};
use crate::client::watch::Watch;
use crate::error::Error;
use crate::pool::{Lease, Pool, Taken};

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
        sent: Option<Sent>,
        otherwise: Option<Otherwise>,
    }
}

/// A request that hyper has, and what is wanted only if the answer is none, or does not come.
struct Sent {
    exchange: Exchange,
    body: Progress,
    tunnel: Tunnel,
    /// Over a connection that had been idle for long. Boxed, as it seldom was.
    watch: Option<Box<Watch>>,
}

/// Hands a request to hyper: [`hand_over`], whose future has no name.
pub(super) type HandOver<A> = fn(&mut http1::SendRequest<Erased>, Request<Erased>) -> A;

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
            sent: None,
            otherwise: None,
        }
    }
}

impl<A> Attempt<A> {
    /// It goes another way.
    pub(super) fn otherwise(self: Pin<&mut Self>, otherwise: Otherwise) {
        *self.project().otherwise = Some(otherwise);
    }

    /// Hands a request with this body to hyper, over the connection that was found for it.
    #[inline]
    pub(super) fn send<B>(
        self: Pin<&mut Self>,
        hand_over: HandOver<A>,
        waybill: &mut Waybill,
        body: ReplayBody<B>,
        (found, tunnel): (Taken, Tunnel),
    ) where
        Erased: From<ReplayBody<B>>,
    {
        let progress = body.progress();
        let watch = attempt::watch(waybill.token.as_ref(), &progress, &found).map(Box::new);
        let mut request = Request::new(Erased::from(body));
        waybill.give_all_but_uri(&mut request);
        let mut this = self.project();
        assert!(
            this.sent.is_none() && this.answer.is_none(),
            "one at a time"
        );
        let exchange = Exchange::begin(found, &mut request, &waybill.head().uri, tunnel);
        *this.sent = Some(Sent {
            exchange,
            body: progress,
            tunnel,
            watch,
        });
        if let Some(sent) = this.sent {
            let (sender, _quiet) = sent.exchange.quiet_sender();
            this.answer.set(Some(hand_over(sender, request)));
        }
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
        let mut this = self.project();
        if let (Some(sent), Some(mut answer)) = (&mut *this.sent, this.answer.as_mut().as_pin_mut())
        {
            if !sent.exchange.drive(cx) {
                sent.watch(cx);
                return Poll::Pending;
            }
            // The answer is large: it is taken where it comes from, and nowhere handed on.
            let mut answered = answer
                .as_mut()
                .poll(&mut Context::from_waker(Waker::noop()));
            if answered.is_pending() {
                if sent.exchange.waits(cx) {
                    sent.watch(cx);
                    return Poll::Pending;
                }
                answered = answer.poll(cx);
            }
            if let Some(lease) = sent.ends(&answered) {
                // With it goes the turn, before the lease goes anywhere.
                *this.sent = None;
                this.answer.set(None);
                if let Poll::Ready(Ok(response)) = answered {
                    let response =
                        response.map(|incoming| ResponseBody::new(incoming, Some(lease)));
                    return Poll::Ready(Ok(response));
                }
            }
            let answer = ready!(answered);
            this.answer.set(None);
            if let Some(sent) = this.sent.take() {
                let attempting = sent.conclude(answer, pool, waybill);
                *this.otherwise = Some(Otherwise::Attempting(attempting));
            }
        }
        Otherwise::poll(this.otherwise, cx)
    }
}

impl Sent {
    /// Looks whether the peer is silent, while there is no answer.
    #[inline]
    fn watch(&mut self, cx: &mut Context<'_>) {
        if let Some(watch) = &mut self.watch {
            watch.poll(cx);
        }
    }

    /// The lease with which it ends, if the answer is one of which nothing more is to be said. The ledger hears of that.
    #[inline]
    fn ends(&mut self, answered: &Poll<Answer>) -> Option<Lease> {
        match answered {
            Poll::Ready(Ok(response)) if attempt::is_plain(response, self.tunnel) => {
                self.exchange.seen.ledger.answered(response.headers());
                self.exchange.lease.take()
            }
            _ => None,
        }
    }

    #[cold]
    fn conclude(mut self, answer: Answer, pool: &Arc<Pool>, waybill: &mut Waybill) -> Attempting {
        self.exchange.give_turn();
        if let Ok(response) = &answer {
            self.exchange.seen.ledger.answered(response.headers());
        }
        let going_on = GoingOn {
            checkout: pool.checkout(want(waybill)),
            about: About::new(waybill, self.body),
            tunnel: self.tunnel,
        };
        going_on.conclude(answer, self.exchange)
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

    /// Goes on with what is in this place.
    #[cold]
    fn poll(
        place: &mut Option<Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Response<ResponseBody>, Error>> {
        let attempting = match place {
            Some(Self::Attempting(attempting)) => attempting,
            Some(Self::Ended(_)) => return Poll::Pending,
            None => panic!("polled after completion"),
        };
        match ready!(attempting.as_mut().poll(cx)) {
            Ok(response) if is_answer(&response) => {
                *place = None;
                Poll::Ready(Ok(response))
            }
            ended => {
                *place = Some(Self::Ended(Box::new(ended)));
                Poll::Pending
            }
        }
    }
}
