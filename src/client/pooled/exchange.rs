//! A request on a connection, while hyper is at it.

use std::pin::Pin;
use std::sync::Arc;
#[cfg(feature = "http2")]
use std::task::ready;
use std::task::{Context, Poll, Waker};

use http::{Request, Response, Uri};
use hyper::body::Incoming;
use hyper::client::conn::{TrySendError, http1};
use tokio::time::Instant;

use super::head::{self, Tunnel};
use crate::body::{Erased, Valve};
#[cfg(feature = "http2")]
use crate::conn::Unanswered;
use crate::conn::{Quiet, Seen};
use crate::pool::{DiscardReason, Lease, Member, Protocol, Sender, Taken};

pub(super) type Answer = Result<Response<Incoming>, TrySendError<Request<Erased>>>;

/// A request on a connection.
pub(super) struct Exchange {
    /// It is the request's turn to drive the connection: of HTTP/1, until it is answered. Given before the lease goes anywhere.
    has_turn: bool,
    /// `None` once the connection is given up.
    pub(super) lease: Option<Lease>,
    pub(super) seen: Seen,
    pub(super) taken: Instant,
    pub(super) is_reused: bool,
    pub(super) protocol: Protocol,
    /// The connection's socket is gone.
    is_gone: bool,
    /// Of HTTP/2: should the connection end, nothing of the request is to be sent any more.
    #[cfg(feature = "http2")]
    _unanswered: Option<Unanswered>,
    /// Dropped last: a descriptor of it may be held while it is being found out what became of the exchange.
    member: Arc<Member>,
}

impl Exchange {
    /// Makes the request to this URI what the connection speaks. What is written from now on may be it.
    #[expect(clippy::inline_always, reason = "it is large, and made where it stays")]
    #[inline(always)]
    pub(super) fn begin(
        taken: Taken,
        request: &mut Request<Erased>,
        uri: &Uri,
        tunnel: Tunnel,
    ) -> Self {
        let protocol = taken.lease.protocol();
        head::put_on(request, uri, &taken.route, protocol);
        if tunnel != Tunnel::No && protocol == Protocol::Http1 {
            taken.ledger().book().tunnel = true;
        }
        let seen = taken.begin(protocol == Protocol::Http1);
        let has_turn = protocol == Protocol::Http1;
        if has_turn {
            seen.ledger.take_turn();
        }
        #[cfg(feature = "http2")]
        let unanswered = (protocol == Protocol::Http2).then(|| taken.ledger().await_answer());
        // From here on nothing is called, so that it can be made where it stays.
        Self {
            has_turn,
            seen,
            taken: taken.at,
            is_reused: taken.is_reused,
            protocol,
            is_gone: false,
            #[cfg(feature = "http2")]
            _unanswered: unanswered,
            member: taken.member,
            lease: Some(taken.lease),
        }
    }

    /// The connection's handle.
    #[inline]
    pub(super) fn sender(&mut self) -> &mut Sender {
        let lease = self.lease.as_mut();
        lease.expect("it has just begun").sender()
    }

    /// The handle of an HTTP/1 connection that is driven next, and so need not be woken before.
    #[inline]
    pub(super) fn quiet_sender(&mut self) -> (&mut http1::SendRequest<Erased>, Quiet) {
        let quiet = self.seen.ledger.quiet();
        match self.sender() {
            Sender::Http1(sender) => (sender, quiet),
            #[cfg(feature = "http2")]
            Sender::Http2(_) => unreachable!("a stream goes another way"),
        }
    }

    /// The body is held back: the ledger knows it for the evidence, and the pool for the end of the exchange.
    pub(super) fn hold_back(&self, valve: &Valve) {
        self.seen.ledger.hold_back(valve.clone());
        if let Some(lease) = &self.lease {
            lease.hold_back(valve.clone());
        }
    }

    #[inline]
    pub(super) fn into_lease(mut self) -> Option<Lease> {
        self.give_turn();
        self.lease.take()
    }

    /// Drives the connection of an HTTP/1 request, and asks whether that has brought hyper's answer.
    pub(super) fn poll(
        &mut self,
        mut answer: Pin<&mut impl Future<Output = Answer>>,
        cx: &mut Context<'_>,
    ) -> Poll<Answer> {
        if !self.drive(cx) {
            return Poll::Pending;
        }
        let answered = answer
            .as_mut()
            .poll(&mut Context::from_waker(Waker::noop()));
        if answered.is_ready() {
            self.give_turn();
            return answered;
        }
        if self.waits(cx) {
            return Poll::Pending;
        }
        answer.poll(cx)
    }

    /// Drives the connection of an HTTP/1 request. Returns whether hyper may have an answer. That comes of nothing but this, and
    /// so need not wake anybody.
    #[inline]
    pub(super) fn drive(&mut self, cx: &mut Context<'_>) -> bool {
        if !self.has_turn {
            return true;
        }
        if !self.member.drive() {
            self.is_gone = true;
            return true;
        }
        let closed = |lease: &Lease| lease.is_closed();
        let ledger = &self.seen.ledger;
        if ledger.has_come_in_turn() || self.lease.as_ref().is_none_or(closed) {
            return true;
        }
        ledger.wait_in_turn(cx);
        false
    }

    /// hyper has no answer yet. Returns whether there may be one later; if not, its side of the connection has ended.
    ///
    /// A request that is handed over in the instant in which that ends can get stuck in the channel between the two; it is
    /// freed, and handed back, when the last handle goes.
    #[cold]
    pub(super) fn waits(&mut self, cx: &mut Context<'_>) -> bool {
        if self.has_turn && !self.is_gone {
            self.seen.ledger.wait_in_turn(cx);
            return true;
        }
        self.give_turn();
        self.give_up(false);
        false
    }

    /// The connection is its task's again.
    #[inline]
    pub(super) fn give_turn(&mut self) {
        if std::mem::take(&mut self.has_turn) {
            self.seen.ledger.give_turn();
        }
    }

    /// Waits for hyper's answer to a request on a stream; many wait for one connection's end.
    #[cfg(feature = "http2")]
    pub(super) async fn wait_for_stream(&mut self, answer: impl Future<Output = Answer>) -> Answer {
        let mut answer = std::pin::pin!(answer);
        let ledger = std::sync::Arc::clone(&self.seen.ledger);
        let mut gone = std::pin::pin!(ledger.gone());
        std::future::poll_fn(|cx| {
            if let Poll::Ready(answer) = answer.as_mut().poll(cx) {
                return Poll::Ready(answer);
            }
            if self.is_gone {
                return Poll::Pending;
            }
            ready!(gone.as_mut().poll(cx));
            self.is_gone = true;
            self.give_up(false);
            answer.as_mut().poll(cx)
        })
        .await
    }

    /// Gives the connection up, with its handle.
    pub(super) fn give_up(&mut self, is_stale: bool) {
        match self.lease.take() {
            Some(lease) if is_stale => lease.discard_stale(DiscardReason::Failed),
            Some(lease) => lease.discard(DiscardReason::Failed),
            None => {}
        }
    }

    /// Gives the connection up, as nothing is heard of its peer.
    pub(super) fn give_up_silent(&mut self) {
        if let Some(lease) = self.lease.take() {
            lease.discard_with_siblings(DiscardReason::Silent, self.taken);
        }
    }

    /// The stream alone is over.
    #[cfg(feature = "http2")]
    pub(super) fn end_stream(&mut self) {
        if let Some(lease) = self.lease.take() {
            lease.end_stream();
        }
    }
}

impl Drop for Exchange {
    #[inline]
    fn drop(&mut self) {
        self.give_turn();
    }
}
