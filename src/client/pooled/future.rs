//! The future of one attempt.
//!
//! What happens nearly always, a connection at once and an answer on it, takes one box, in which hyper's future lies that
//! cannot be named. What seldom happens is an `async fn` of its own.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::Request;
use tokio::time::Instant;

use super::attempt::{self, About, Attempting, Outcome};
use super::exchange::Exchange;
use super::sending::Sending;
use super::watched::Watched;
use super::{expect, head, preflight};
use crate::body::Erased;
use crate::evidence::AttemptError;
use crate::pool::{Pool, Sender, Taken, Want};

/// The future of [`Pooled`](super::Pooled).
///
/// # Cancel safety
///
/// Dropping it closes the connection if the request may have been written (HTTP/2: resets the stream), and gives its place
/// back in any case.
pub struct AttemptFuture(State);

enum State {
    Attempting(Attempting),
    /// It cannot be sent.
    Invalid(Option<Box<AttemptError>>),
}

impl AttemptFuture {
    /// Begins an attempt: if there is a connection for it now, it is on its way when this returns.
    pub(super) fn begin(
        pool: &Arc<Pool>,
        mut request: Request<Erased>,
        about: About,
        want: Want,
        now: Instant,
    ) -> Self {
        let tunnel = head::tunnel(&request);
        let mut checkout = pool.checkout(want);
        let taken = checkout.at_once(request.uri(), now);
        let taken = match taken {
            Some(taken) if !needs_care(&request, &taken) => taken,
            first => {
                let attempt = attempt::attempt((checkout, first), request, about, tunnel);
                return Self(State::Attempting(Box::pin(attempt)));
            }
        };
        let watch = about.watch(&taken);
        let mut exchange = Exchange::begin(taken, &mut request, tunnel);
        let going_on = attempt::GoingOn {
            checkout,
            about,
            tunnel,
        };
        Self(match exchange.sender() {
            Sender::Http1(sender) => {
                let answer = sender.try_send_request(request);
                State::Attempting(match watch {
                    None => Box::pin(Sending::new(answer, exchange, going_on)),
                    watch => {
                        let answer = Watched::new(answer, watch);
                        Box::pin(Sending::new(answer, exchange, going_on))
                    }
                })
            }
            #[cfg(feature = "http2")]
            Sender::Http2(sender) => {
                let answer = sender.try_send_request(request);
                State::Attempting(Box::pin(async move {
                    let answer = exchange.wait_for_stream(answer).await;
                    going_on.conclude(answer, exchange).await
                }))
            }
        })
    }

    pub(super) fn failed(error: AttemptError) -> Self {
        Self(State::Invalid(Some(Box::new(error))))
    }
}

/// Whether something is to be done about a connection that has been idle for long, before the request goes over it.
#[inline]
fn needs_care(request: &Request<Erased>, taken: &Taken) -> bool {
    !request.extensions().is_empty()
        && (preflight::due(request, taken).is_some() || expect::due(request, taken).is_some())
}

impl Future for AttemptFuture {
    type Output = Outcome;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut self.0 {
            State::Attempting(attempting) => attempting.as_mut().poll(cx),
            State::Invalid(error) => {
                Poll::Ready(Err(*error.take().expect("polled after completion")))
            }
        }
    }
}

impl fmt::Debug for AttemptFuture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AttemptFuture").finish_non_exhaustive()
    }
}
