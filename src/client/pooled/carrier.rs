//! The carrier: sends each request of the loop once.

use std::error::Error as StdError;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::request::Parts;
use http_body::Body as HttpBody;
use tokio::time::Instant;

use super::attempt::{self, About, Outcome};
use super::body::ResponseBody;
use super::exchange::Exchange;
use super::head;
use super::sending::{Attempt, HandOver, Rest, Stage, hand_over};
use crate::body::Erased;
use crate::carrier::{Carrier, Load};
use crate::client::invalid::InvalidRequest;
use crate::evidence::{AttemptError, AttemptToken};
use crate::pool::{Pool, Protocol, Sender, Taken, Want};
use crate::request::Precautions;

/// Sends each request once, over a connection of a pool, and attests to what became of it. What
/// [`Client`](crate::Client) has inside.
pub(crate) struct Pooled<H> {
    pool: Arc<Pool>,
    hand_over: H,
}

impl Pooled<()> {
    /// Over this pool.
    #[inline]
    pub(crate) fn over(pool: &Arc<Pool>) -> Pooled<impl HandOver + use<>> {
        Pooled {
            pool: Arc::clone(pool),
            hand_over,
        }
    }
}

impl<B, H> Carrier<B> for Pooled<H>
where
    B: HttpBody + Send + 'static,
    B::Error: Into<Box<dyn StdError + Send + Sync>>,
    H: HandOver,
{
    type Body = ResponseBody;
    type Error = AttemptError;
    type Attempt = Attempt<H::Answer>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), AttemptError>> {
        // A connection is waited for by the request that needs it: here nothing is known of its origin.
        Poll::Ready(Ok(()))
    }

    /// If there is a connection for it now, and nothing to be done about it before, the request is on its way when this returns.
    #[inline]
    fn begin(&mut self, head: &mut Parts, load: Load<B>, attempt: Pin<&mut Self::Attempt>) {
        let Load { body, token, .. } = load;
        let progress = body.progress();
        if let Some(invalid) = InvalidRequest::in_form(&head.method, &head.uri, head.version) {
            let error = About::new(head, token, progress).invalid(invalid);
            return attempt.begin(Stage::Invalid(Box::new(error)));
        }
        let tunnel = head::tunnel(&head.method, &head.headers);
        let want = Want {
            opened_after: load.fresh.map(|fresh| Instant::from_std(fresh.moment())),
            idle_at_most: load.recent.map(|recent| recent.limit()),
            is_replay: token.as_ref().is_some_and(AttemptToken::is_replay),
        };
        let begun = token.as_ref().map(AttemptToken::begun);
        let now = begun.map_or_else(Instant::now, Instant::from_std);
        match self.pool.at_once(&head.uri, &want, now) {
            Some(found) if !needs_care(head, token.as_ref(), &found) => {
                let mut request = head::request(head, load.is_kept, Erased::from(body));
                let mut exchange = Exchange::begin(found, &mut request, &head.uri, tunnel);
                let (sender, quiet) = exchange.quiet_sender();
                let answer = match sender {
                    Sender::Http1(sender) => (self.hand_over)(sender, request),
                    #[cfg(feature = "http2")]
                    Sender::Http2(_) => unreachable!("a stream needs care"),
                };
                drop(quiet);
                let rest = Rest {
                    token,
                    body: progress,
                    want,
                    tunnel,
                };
                attempt.send(answer, exchange, rest);
            }
            first => {
                let checkout = (self.pool.checkout(want), first);
                let request = head::request(head, load.is_kept, Erased::from(body));
                let about = About::new(head, token, progress);
                let attempting = attempt::attempt(checkout, request, about, tunnel);
                attempt.begin(Stage::Otherwise(Box::pin(attempting)));
            }
        }
    }

    #[inline]
    fn poll(
        &self,
        attempt: Pin<&mut Self::Attempt>,
        head: &Parts,
        cx: &mut Context<'_>,
    ) -> Poll<Outcome> {
        attempt.poll(&self.pool, head, cx)
    }
}

/// Whether there is more to be done than to hand the request over: it is a stream of many, or the connection has been idle for
/// long.
#[inline]
fn needs_care(head: &Parts, mark: Option<&AttemptToken>, taken: &Taken) -> bool {
    taken.lease.protocol() != Protocol::Http1
        || attempt::is_watched(mark, taken)
        || head.extensions.get::<Precautions>().is_some()
}
