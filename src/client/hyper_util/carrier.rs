//! The carrier: sends each request of the loop once, by a client of hyper-util's with nothing between.
//!
//! Apart from the service because nobody can have changed the request on the way: whose the evidence is need not be found out,
//! nor be carried there and back.

use std::pin::Pin;
use std::task::{Context, Poll};

use http::{Request, Response};
use hyper::body::Incoming;
use hyper_util::client::legacy;
use tower_service::Service;

use super::attest::{Attest, Terms};
use super::trying::{Outcome, Trying, attribute, is_plain};
use crate::body::ReplayBody;
use crate::carrier::{Carrier, Waybill, is_answer};
use crate::error::Error;
use crate::evidence::AttemptError;

/// The place of an attempt.
#[derive(Default)]
pub(crate) struct Attempt {
    trying: Option<Trying>,
    ended: Option<Box<Outcome>>,
}

impl<S, B> Carrier<B> for Attest<S>
where
    for<'a> &'a S: Service<
            Request<ReplayBody<B>>,
            Response = Response<Incoming>,
            Error = legacy::Error,
            Future = legacy::ResponseFuture,
        >,
{
    type Body = Incoming;
    type Error = AttemptError;
    type Attempt = Attempt;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), AttemptError>> {
        Service::poll_ready(self, cx)
    }

    #[inline]
    fn begin(
        &mut self,
        waybill: &mut Waybill,
        body: ReplayBody<B>,
        mut attempt: Pin<&mut Attempt>,
    ) {
        let terms = Terms {
            fresh: waybill.fresh,
            recent: waybill.recent,
            ..Terms::of(waybill.token.as_ref())
        };
        let mut request = Request::new(body);
        waybill.give_head(&mut request);
        assert!(attempt.trying.is_none(), "one at a time");
        attempt.trying = Some(self.send(request, terms));
    }

    #[inline]
    fn poll(
        &self,
        waybill: &mut Waybill,
        mut attempt: Pin<&mut Attempt>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Response<Incoming>, Error>> {
        let trying = attempt.trying.as_mut().expect("an attempt was begun");
        match trying.poll(cx) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(Ok(response)) if is_plain(&response) || is_answer(&response) => {
                attempt.trying = None;
                Poll::Ready(Ok(response))
            }
            Poll::Ready(mut outcome) => {
                attempt.trying = None;
                attribute(&mut outcome, waybill.sending());
                attempt.ended = Some(Box::new(outcome));
                Poll::Pending
            }
        }
    }

    #[inline]
    fn ended(&self, mut attempt: Pin<&mut Attempt>) -> Option<Outcome> {
        let ended = attempt.ended.take()?;
        Some(*ended)
    }
}
