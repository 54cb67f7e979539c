//! A request on an HTTP/1 connection that was to be had at once: the way nearly every request takes.
//!
//! Apart from the `async fn`s for the rest because this is what a request costs: no more is kept here, and moved, than the
//! answer asks for.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;

use super::attempt::{Attempting, GoingOn, Outcome};
use super::body::ResponseBody;
use super::exchange::{Answer, Exchange};

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
    Waiting(Exchange, Option<GoingOn>),
    /// Something is to be looked into, or the request goes over another connection.
    Otherwise(Attempting),
    /// Done.
    Over,
}

impl<F> Sending<F> {
    #[inline]
    pub(super) fn new(answer: F, exchange: Exchange, going_on: GoingOn) -> Self {
        Self {
            answer,
            stage: Stage::Waiting(exchange, Some(going_on)),
        }
    }
}

impl<F: Future<Output = Answer>> Future for Sending<F> {
    type Output = Outcome;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Outcome> {
        let this = self.project();
        if let Stage::Waiting(exchange, going_on) = this.stage {
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
                Ok(response) if going_on.as_ref().is_some_and(|on| on.is_plain(&response)) => {
                    let lease = exchange.lease.take();
                    let body = |incoming| ResponseBody::new(incoming, lease);
                    return Poll::Ready(Ok(response.map(body)));
                }
                other => this.stage.conclude(other),
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
    fn conclude(&mut self, answer: Answer) {
        if let Self::Waiting(exchange, Some(going_on)) = std::mem::replace(self, Self::Over) {
            *self = Self::Otherwise(going_on.conclude(answer, exchange));
        }
    }
}
