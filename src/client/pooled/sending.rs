//! A request on an HTTP/1 connection that was to be had at once: the way nearly every request takes.
//!
//! Apart from the `async fn` for the rest because this is what a request costs: no more is kept here, and moved, than the
//! answer asks for.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::Response;
use pin_project_lite::pin_project;

use super::attempt::{Attempting, GoingOn};
use super::body::ResponseBody;
use super::exchange::{Answer, Exchange};

pin_project! {
    /// hyper is at a request.
    pub(super) struct Sending<F> {
        #[pin]
        answer: F,
        // `None` once there is an answer.
        exchange: Option<(Exchange, GoingOn)>,
    }
}

/// What came of it.
pub(super) enum Sent {
    /// A response, and nothing more to be said.
    Answered(Response<ResponseBody>),
    /// Something that is to be looked into, or a request that goes over another connection.
    Otherwise(Attempting),
}

impl<F> Sending<F> {
    #[inline]
    pub(super) fn new(answer: F, exchange: Exchange, going_on: GoingOn) -> Self {
        Self {
            answer,
            exchange: Some((exchange, going_on)),
        }
    }
}

impl<F: Future<Output = Answer>> Future for Sending<F> {
    type Output = Sent;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Sent> {
        let this = self.project();
        let (exchange, _) = this.exchange.as_mut().expect("polled after completion");
        let answer = ready!(exchange.poll(this.answer, cx));
        let (exchange, going_on) = this.exchange.take().expect("it was there just now");
        Poll::Ready(match answer {
            Ok(response) if going_on.is_plain(&response) => {
                let lease = exchange.into_lease();
                Sent::Answered(response.map(|incoming| ResponseBody::new(incoming, lease)))
            }
            other => Sent::Otherwise(going_on.conclude(other, exchange)),
        })
    }
}
