//! The carrier: sends each request of the loop once.

use std::error::Error as StdError;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::{Request, Response};
use http_body::Body as HttpBody;
use tokio::time::Instant;

use super::attempt::{self, About, Outcome};
use super::body::ResponseBody;
use super::exchange::Answer;
use super::head;
use super::sending::{Attempt, HandOver, Otherwise, hand_over};
use crate::body::{Erased, ReplayBody};
use crate::carrier::{Carrier, Waybill};
use crate::client::invalid::InvalidRequest;
use crate::error::Error;
use crate::evidence::{AttemptError, AttemptToken};
use crate::pool::{Pool, Protocol, Taken, Want};
use crate::request::Precautions;

/// Sends each request once, over a connection of a pool, and attests to what became of it. What
/// [`Client`](crate::Client) has inside.
pub(crate) struct Pooled<A> {
    pool: Arc<Pool>,
    /// A pointer, so that the type of hyper's future, which has no name, is that of what a function returns.
    hand_over: HandOver<A>,
}

/// Over this pool.
#[inline]
pub(crate) fn over(pool: &Arc<Pool>) -> Pooled<impl Future<Output = Answer> + Send + use<>> {
    Pooled {
        pool: Arc::clone(pool),
        hand_over,
    }
}

impl<B, A> Carrier<B> for Pooled<A>
where
    B: HttpBody + Send + 'static,
    B::Error: Into<Box<dyn StdError + Send + Sync>>,
    A: Future<Output = Answer> + Send,
{
    type Body = ResponseBody;
    type Error = AttemptError;
    type Attempt = Attempt<A>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), AttemptError>> {
        // A connection is waited for by the request that needs it: here nothing is known of its origin.
        Poll::Ready(Ok(()))
    }

    /// If there is a connection for it now, and nothing to be done about it before, hyper has the request when this returns.
    #[inline]
    fn begin(
        &mut self,
        waybill: &mut Waybill,
        body: ReplayBody<B>,
        attempt: Pin<&mut Self::Attempt>,
    ) {
        let progress = body.progress();
        let head = waybill.head();
        if let Some(invalid) = InvalidRequest::in_form(&head.method, &head.uri, head.version) {
            let error = About::new(waybill, progress).invalid(invalid);
            return attempt.otherwise(Otherwise::Ended(Box::new(Err(error))));
        }
        let tunnel = head::tunnel(&head.method, &head.headers);
        let want = want(waybill);
        let begun = waybill.token.as_ref().map(AttemptToken::begun);
        let now = begun.map_or_else(Instant::now, Instant::from_std);
        match self.pool.at_once(&head.uri, &want, now) {
            Some(found) if !needs_care(waybill, &found) => {
                attempt.send(self.hand_over, waybill, body, (found, tunnel));
            }
            first => {
                let checkout = (self.pool.checkout(want), first);
                let mut request = Request::new(Erased::from(body));
                waybill.give_all_but_uri(&mut request);
                let about = About::new(waybill, progress);
                let attempting = Box::pin(attempt::attempt(checkout, request, about, tunnel));
                attempt.otherwise(Otherwise::Attempting(attempting));
            }
        }
    }

    #[inline]
    fn poll(
        &self,
        waybill: &mut Waybill,
        attempt: Pin<&mut Self::Attempt>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Response<ResponseBody>, Error>> {
        attempt.poll(&self.pool, waybill, cx)
    }

    #[inline]
    fn ended(&self, attempt: Pin<&mut Self::Attempt>) -> Option<Outcome> {
        attempt.ended()
    }
}

/// What a request wants of its connection.
#[inline]
pub(super) fn want(waybill: &Waybill) -> Want {
    let token = waybill.token.as_ref();
    Want {
        opened_after: waybill.fresh.map(|fresh| Instant::from_std(fresh.moment())),
        idle_at_most: waybill.recent.map(|recent| recent.limit()),
        is_replay: token.is_some_and(AttemptToken::is_replay),
    }
}

/// Whether there is more to be done than to hand the request over: it is a stream of many, or something is to be done about a
/// connection that has been idle for long.
#[inline]
fn needs_care(waybill: &Waybill, taken: &Taken) -> bool {
    taken.lease.protocol() != Protocol::Http1
        || waybill.head().extensions.get::<Precautions>().is_some()
}
