//! One attempt, from the checkout to the response or to the evidence: all of it that does not go smoothly.
//!
//! `async fn`s, boxed: what hyper returns cannot be named.

use std::pin::{Pin, pin};
use std::task::Poll;

use http::{Method, Request, Response, StatusCode, Uri};
use hyper::body::Incoming;

use super::body::ResponseBody;
use super::exchange::{Answer, Exchange};
use super::expect::Expecting;
use super::head::Tunnel;
use super::sending::hand_over;
use super::{expect, inquest, preflight, unconnected};
use crate::body::{Erased, Progress};
use crate::carrier::Waybill;
use crate::client::invalid::InvalidRequest;
use crate::client::look::is_doubtful;
use crate::client::watch::Watch;
use crate::evidence::{AttemptError, AttemptToken, End, Evidence, Sending};
use crate::pool::{Checkout, ConnectError, DiscardReason, Protocol, Sender, Taken};

pub(super) type Outcome = Result<Response<ResponseBody>, AttemptError>;

/// An attempt that is under way.
pub(super) type Attempting = Pin<Box<dyn Future<Output = Outcome> + Send>>;

/// Sends a request once: over as many connections as turn out to be dead before hyper takes it. With the checkout goes a
/// connection that was had at once.
pub(super) async fn attempt(
    (mut checkout, first): (Checkout, Option<Taken>),
    mut request: Request<Erased>,
    about: About,
    tunnel: Tunnel,
) -> Outcome {
    let found = preflight::check_out(&mut checkout, first, &request, &about.uri).await;
    let taken = match found {
        Ok(taken) => taken,
        Err(error) => return Err(about.not_connected(error)),
    };
    let mut watch = watch(about.token.as_ref(), &about.body, &taken);
    let expect = expect::due(&request, &taken);
    let mut exchange = Exchange::begin(taken, &mut request, &about.uri, tunnel);
    let mut expecting = expect.and_then(|it| Expecting::begin(it, &exchange, &mut request));
    let answer: Answer = match exchange.sender() {
        Sender::Http1(sender) => {
            let mut answer = pin!(hand_over(sender, request));
            std::future::poll_fn(|cx| {
                let polled = exchange.poll(answer.as_mut(), cx);
                if let (Poll::Pending, Some(watch)) = (&polled, &mut watch) {
                    watch.poll(cx);
                }
                if let (Poll::Pending, Some(expecting)) = (&polled, &mut expecting) {
                    expecting.poll(cx);
                }
                polled
            })
            .await
        }
        #[cfg(feature = "http2")]
        Sender::Http2(sender) => {
            let answer = sender.try_send_request(request);
            Box::pin(exchange.wait_for_stream(answer)).await
        }
    };
    if let Ok(response) = &answer {
        exchange.seen.ledger.answered(response.headers());
    }
    let going_on = GoingOn {
        checkout,
        about,
        tunnel,
    };
    going_on.conclude(answer, exchange).await
}

/// Whether this is a response of which nothing more is to be said.
#[inline]
pub(super) fn is_plain(response: &Response<Incoming>, tunnel: Tunnel) -> bool {
    tunnel == Tunnel::No && !is_doubtful(response.status())
}

/// What an attempt needs to go on with whatever hyper answers.
pub(super) struct GoingOn {
    pub(super) checkout: Checkout,
    pub(super) about: About,
    pub(super) tunnel: Tunnel,
}

impl GoingOn {
    /// Goes on with what hyper answered.
    #[cold]
    pub(super) fn conclude(self, answer: Answer, exchange: Exchange) -> Attempting {
        match answer {
            Ok(response) if is_plain(&response, self.tunnel) => {
                let lease = exchange.into_lease();
                let response = response.map(|incoming| ResponseBody::new(incoming, lease));
                Box::pin(std::future::ready(Ok(response)))
            }
            Ok(response) => Box::pin(self.about.answered(response, exchange, self.tunnel)),
            Err(mut failed) => {
                let back = failed.take_message();
                self.failed(back, failed.into_error(), exchange)
            }
        }
    }

    /// hyper has failed, and handed the request back if it had not begun to write it.
    fn failed(
        mut self,
        back: Option<Request<Erased>>,
        error: hyper::Error,
        mut exchange: Exchange,
    ) -> Attempting {
        match back {
            None => Box::pin(async move { Err(self.about.lost(exchange, error).await) }),
            // A connection that was opened for it and died at once is told of; of those that lay in the pool there are
            // only as many as there were.
            Some(mut back) if exchange.is_reused => {
                exchange.give_up(true);
                expect::take_off(&mut back);
                self.checkout.avoid_suspects();
                let checkout = (self.checkout, None);
                Box::pin(attempt(checkout, back, self.about, self.tunnel))
            }
            Some(_) => Box::pin(std::future::ready(Err(self.about.unsent(exchange, error)))),
        }
    }
}

/// Which attempt the evidence is about.
pub(super) struct About {
    token: Option<AttemptToken>,
    method: Method,
    uri: Uri,
    body: Progress,
}

/// The watch over a connection that had been idle for long enough to have been forgotten, if one is wanted. `mark` and `body`:
/// those of the attempt.
#[inline]
pub(super) fn watch(mark: Option<&AttemptToken>, body: &Progress, taken: &Taken) -> Option<Watch> {
    let patience = mark?.patience()?;
    let is_watched = taken.is_reused
        && taken.lease.protocol() == Protocol::Http1
        && taken.has_been_idle_for(patience.idle);
    if !is_watched {
        return None;
    }
    let body = (!patience.whatever_is_lost).then(|| body.clone());
    Some(Watch::new(taken.ledger(), taken.at, body))
}

impl About {
    pub(super) fn new(waybill: &mut Waybill, body: Progress) -> Self {
        let token = waybill.token.take();
        let head = waybill.head();
        Self {
            token,
            method: head.method.clone(),
            uri: head.uri.clone(),
            body,
        }
    }

    fn sending(self) -> Option<Sending> {
        let Self {
            token, method, uri, ..
        } = self;
        token.map(|token| token.take(&method, &uri))
    }

    /// It cannot be sent as it is.
    #[cold]
    pub(super) fn invalid(self, invalid: InvalidRequest) -> AttemptError {
        let evidence = Evidence::new(End::InvalidRequest).about(self.sending());
        AttemptError::new(evidence, invalid)
    }

    /// There is no connection for it.
    #[cold]
    fn not_connected(self, error: ConnectError) -> AttemptError {
        let end = match error {
            ConnectError::Closed => End::ClientClosed,
            ConnectError::NoWay(_) => End::InvalidRequest,
            _ => End::Connect,
        };
        let why = error.cause().and_then(unconnected::why);
        let evidence = Evidence::new(end).with_connect_failure(why);
        AttemptError::new(evidence.about(self.sending()), error)
    }

    fn unsent(self, mut exchange: Exchange, error: hyper::Error) -> AttemptError {
        exchange.give_up(false);
        let evidence = Evidence::new(End::HandedBack).about(self.sending());
        AttemptError::new(evidence, error)
    }

    /// It failed; what happened on the connection is being found out.
    async fn lost(self, exchange: Exchange, error: hyper::Error) -> AttemptError {
        let sending = self.sending();
        let evidence = inquest::on_error(&error, exchange).await.about(sending);
        AttemptError::new(evidence, error)
    }

    /// It was answered with a status that may mean that it was not processed, or asked for a tunnel.
    async fn answered(
        self,
        response: Response<Incoming>,
        mut exchange: Exchange,
        tunnel: Tunnel,
    ) -> Outcome {
        let status = response.status();
        match tunnel {
            Tunnel::No => {}
            Tunnel::Connect if status.is_success() => exchange.leave(),
            Tunnel::Upgrade if status == StatusCode::SWITCHING_PROTOCOLS => exchange.leave(),
            // It was refused: what follows on the connection are exchanges again.
            _ => exchange.seen.ledger.book().tunnel = false,
        }
        let lease = exchange.lease.take();
        let mut response = response.map(|incoming| ResponseBody::new(incoming, lease));
        if is_doubtful(status) {
            let sending = self.sending();
            if let Some(evidence) = inquest::on_status(status, exchange).await {
                response.extensions_mut().insert(evidence.about(sending));
            }
        }
        Ok(response)
    }
}

impl Exchange {
    /// The connection speaks another protocol from now on.
    fn leave(&mut self) {
        if let Some(lease) = self.lease.take() {
            lease.discard(DiscardReason::Upgraded);
        }
    }
}
