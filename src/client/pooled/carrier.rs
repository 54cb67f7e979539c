//! The carrier: sends each request of the loop once.

use std::error::Error as StdError;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::Request;
use http::request::Parts;
use http_body::Body as HttpBody;
use tokio::time::Instant;

#[cfg(feature = "http2")]
use super::attempt::GoingOn;
use super::attempt::{self, About, Attempting, Outcome};
use super::body::ResponseBody;
use super::exchange::Exchange;
use super::head;
use super::sending::{Rest, Sending, Underway};
use super::watched::Watched;
use super::{expect, preflight};
use crate::body::Erased;
use crate::carrier::{Carrier, Load};
use crate::client::invalid::InvalidRequest;
use crate::evidence::{AttemptError, AttemptToken};
use crate::pool::{Pool, Sender, Taken, Want};

/// Sends each request once, over a connection of a pool, and attests to what became of it. What
/// [`Client`](crate::Client) has inside.
#[derive(Clone, Debug)]
pub(crate) struct Pooled {
    pool: Arc<Pool>,
}

/// An attempt that is under way.
///
/// What happens nearly always, a connection at once and an answer on it, takes one box, in which hyper's future lies that
/// cannot be named. What seldom happens is an `async fn` of its own.
///
/// Dropping it closes the connection if the request may have been written (HTTP/2: resets the stream), and gives its place
/// back in any case.
pub(crate) enum Attempt {
    /// hyper is at it.
    Sending(Pin<Box<dyn Underway>>),
    /// Anything else.
    Attempting(Attempting),
    /// It cannot be sent.
    Invalid(Option<Box<AttemptError>>),
}

impl Pooled {
    pub(crate) fn new(pool: Arc<Pool>) -> Self {
        Self { pool }
    }

    pub(crate) fn pool(&self) -> &Arc<Pool> {
        &self.pool
    }
}

impl<B> Carrier<B> for Pooled
where
    B: HttpBody + Send + 'static,
    B::Error: Into<Box<dyn StdError + Send + Sync>>,
{
    type Body = ResponseBody;
    type Error = AttemptError;
    type Attempt = Attempt;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), AttemptError>> {
        // A connection is waited for by the request that needs it: here nothing is known of its origin.
        Poll::Ready(Ok(()))
    }

    /// If there is a connection for it now, the request is on its way when this returns.
    #[inline]
    fn begin(&mut self, head: &mut Parts, load: Load<B>) -> Attempt {
        if let Some(invalid) = InvalidRequest::in_form(&head.method, &head.uri, head.version) {
            let about = About::new(head, load.token, load.body.progress());
            let error = about.invalid(invalid);
            return Attempt::Invalid(Some(Box::new(error)));
        }
        let tunnel = head::tunnel(&head.method, &head.headers);
        let token = load.token;
        let want = Want {
            opened_after: load.fresh.map(|fresh| Instant::from_std(fresh.moment())),
            idle_at_most: load.recent.map(|recent| recent.limit()),
            is_replay: token.as_ref().is_some_and(AttemptToken::is_replay),
        };
        let begun = token.as_ref().map(AttemptToken::begun);
        let now = begun.map_or_else(Instant::now, Instant::from_std);
        let body = load.body.progress();
        let mut request = head::request(head, load.is_kept, Erased::from(load.body));
        let found = self.pool.at_once(&head.uri, &want, now);
        let found = match found {
            Some(found) if !needs_care(&request, &found) => found,
            first => {
                let checkout = (self.pool.checkout(want), first);
                let about = About::new(head, token, body);
                let attempt = attempt::attempt(checkout, request, about, tunnel);
                return Attempt::Attempting(Box::pin(attempt));
            }
        };
        let watch = attempt::watch(token.as_ref(), &body, &found);
        let mut exchange = Exchange::begin(found, &mut request, &head.uri, tunnel);
        match exchange.sender() {
            Sender::Http1(sender) => {
                let answer = sender.try_send_request(request);
                let rest = Rest {
                    token,
                    body,
                    want,
                    tunnel,
                };
                Attempt::Sending(match watch {
                    None => Box::pin(Sending::new(answer, exchange, rest)),
                    watch => {
                        let answer = Watched::new(answer, watch);
                        Box::pin(Sending::new(answer, exchange, rest))
                    }
                })
            }
            #[cfg(feature = "http2")]
            Sender::Http2(sender) => {
                let answer = sender.try_send_request(request);
                let going_on = GoingOn {
                    checkout: self.pool.checkout(want),
                    about: About::new(head, token, body),
                    tunnel,
                };
                Attempt::Attempting(Box::pin(async move {
                    let answer = exchange.wait_for_stream(answer).await;
                    going_on.conclude(answer, exchange).await
                }))
            }
        }
    }

    #[inline]
    fn poll(
        &self,
        attempt: Pin<&mut Attempt>,
        head: &Parts,
        cx: &mut Context<'_>,
    ) -> Poll<Outcome> {
        match attempt.get_mut() {
            Attempt::Sending(sending) => sending.as_mut().poll(&self.pool, head, cx),
            Attempt::Attempting(attempting) => attempting.as_mut().poll(cx),
            Attempt::Invalid(error) => {
                Poll::Ready(Err(*error.take().expect("polled after completion")))
            }
        }
    }
}

/// Whether something is to be done about a connection that has been idle for long, before the request goes over it.
#[inline]
fn needs_care(request: &Request<Erased>, taken: &Taken) -> bool {
    !request.extensions().is_empty()
        && (preflight::due(request, taken).is_some() || expect::due(request, taken).is_some())
}
