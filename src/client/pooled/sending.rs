//! A request on an HTTP/1 connection that was to be had at once: the way nearly every request takes.
//!
//! Apart from the `async fn`s for the rest because this is what a request costs: no more is kept here, and moved, than the
//! answer asks for.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use http::request::Parts;
use pin_project_lite::pin_project;

use super::attempt::{self, About, Attempting, GoingOn, Outcome};
use super::body::ResponseBody;
use super::exchange::{Answer, Exchange};
use super::head::Tunnel;
use crate::body::Progress;
use crate::evidence::AttemptToken;
use crate::pool::{Pool, Want};

/// An attempt that hyper is at, in whose type hyper's future is forgotten.
pub(crate) trait Underway: Send {
    /// Goes on. What else there is to know of the attempt is with the loop.
    fn poll(
        self: Pin<&mut Self>,
        pool: &Arc<Pool>,
        head: &Parts,
        cx: &mut Context<'_>,
    ) -> Poll<Outcome>;
}

pin_project! {
    /// hyper is at a request.
    pub(super) struct Sending<F> {
        #[pin]
        answer: F,
        stage: Stage,
    }
}

#[expect(
    clippy::large_enum_variant,
    reason = "the large one is what nearly every request needs"
)]
enum Stage {
    /// It is not answered yet.
    Waiting(Exchange, Rest),
    /// Something is to be looked into, or the request goes over another connection.
    Otherwise(Attempting),
    /// Done.
    Over,
}

/// What is wanted only if the answer is none.
#[derive(Debug)]
pub(super) struct Rest {
    pub(super) token: Option<AttemptToken>,
    pub(super) body: Progress,
    pub(super) want: Want,
    pub(super) tunnel: Tunnel,
}

impl<F> Sending<F> {
    #[inline]
    pub(super) fn new(answer: F, exchange: Exchange, rest: Rest) -> Self {
        Self {
            answer,
            stage: Stage::Waiting(exchange, rest),
        }
    }
}

impl<F: Future<Output = Answer> + Send> Underway for Sending<F> {
    #[inline]
    fn poll(
        self: Pin<&mut Self>,
        pool: &Arc<Pool>,
        head: &Parts,
        cx: &mut Context<'_>,
    ) -> Poll<Outcome> {
        let this = self.project();
        if let Stage::Waiting(exchange, rest) = this.stage {
            // The answer is large: it is taken where it comes from, and nowhere handed on.
            let mut answer = this.answer;
            let answered = match answer.as_mut().poll(cx) {
                Poll::Ready(answered) => answered,
                Poll::Pending if exchange.is_there(cx) => return Poll::Pending,
                Poll::Pending => ready!(answer.poll(cx)),
            };
            if let Ok(response) = &answered {
                exchange.seen.ledger.answered(response.headers());
            }
            match answered {
                Ok(response) if attempt::is_plain(&response, rest.tunnel) => {
                    let lease = exchange.lease.take();
                    let body = |incoming| ResponseBody::new(incoming, lease);
                    return Poll::Ready(Ok(response.map(body)));
                }
                other => this.stage.conclude(other, pool, head),
            }
        }
        match this.stage {
            Stage::Otherwise(attempting) => attempting.as_mut().poll(cx),
            _ => panic!("polled after completion"),
        }
    }
}

impl Stage {
    #[cold]
    fn conclude(&mut self, answer: Answer, pool: &Arc<Pool>, head: &Parts) {
        if let Self::Waiting(exchange, rest) = std::mem::replace(self, Self::Over) {
            let going_on = GoingOn {
                checkout: pool.checkout(rest.want),
                about: About::new(head, rest.token, rest.body),
                tunnel: rest.tunnel,
            };
            *self = Self::Otherwise(going_on.conclude(answer, exchange));
        }
    }
}
