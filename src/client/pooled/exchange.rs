//! A request on a connection, while hyper is at it.

use std::pin::Pin;
use std::sync::Arc;
#[cfg(feature = "http2")]
use std::task::ready;
use std::task::{Context, Poll, Waker};

use http::{Request, Response, Uri};
use hyper::body::Incoming;
use hyper::client::conn::TrySendError;
use tokio::time::Instant;

use super::head::{self, Tunnel};
use crate::body::{Erased, Valve};
#[cfg(feature = "http2")]
use crate::conn::Unanswered;
use crate::conn::{InTurn, Quiet, Seen};
use crate::pool::{DiscardReason, Lease, Member, Protocol, Sender, Taken};

pub(super) type Answer = Result<Response<Incoming>, TrySendError<Request<Erased>>>;

/// A request on a connection.
pub(super) struct Exchange {
    /// Of HTTP/1, until it is answered. Given before the lease goes anywhere.
    turn: Option<InTurn>,
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
    #[inline]
    pub(super) fn begin(
        taken: Taken,
        request: &mut Request<Erased>,
        uri: &Uri,
        tunnel: Tunnel,
    ) -> Self {
        head::put_on(request, uri, &taken.route, taken.lease.protocol());
        Self::of(taken, tunnel)
    }

    #[inline]
    fn of(taken: Taken, tunnel: Tunnel) -> Self {
        let protocol = taken.lease.protocol();
        if tunnel != Tunnel::No && protocol == Protocol::Http1 {
            taken.ledger().book().tunnel = true;
        }
        let seen = taken.begin();
        Self {
            turn: (protocol == Protocol::Http1).then(|| seen.ledger.take_turn()),
            seen,
            taken: taken.at,
            is_reused: taken.is_reused,
            protocol,
            is_gone: false,
            #[cfg(feature = "http2")]
            _unanswered: (protocol == Protocol::Http2).then(|| taken.ledger().await_answer()),
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

    /// The handle of a connection that is driven next, and so need not be woken before.
    #[inline]
    pub(super) fn quiet_sender(&mut self) -> (&mut Sender, Quiet) {
        let quiet = self.seen.ledger.quiet();
        (self.sender(), quiet)
    }

    /// The body is held back: the ledger knows it for the evidence, and the pool for the end of the exchange.
    pub(super) fn hold_back(&self, valve: &Valve) {
        self.seen.ledger.hold_back(valve.clone());
        if let Some(lease) = &self.lease {
            lease.hold_back(valve.clone());
        }
    }

    #[inline]
    pub(super) fn into_lease(self) -> Option<Lease> {
        self.lease
    }

    /// Drives the connection of an HTTP/1 request, and sees whether that has brought hyper's answer.
    ///
    /// A request that is handed over in the instant in which hyper's side ends can get stuck in the channel between the two;
    /// it is freed, and handed back, when the last handle goes.
    #[inline]
    pub(super) fn poll(
        &mut self,
        mut answer: Pin<&mut impl Future<Output = Answer>>,
        cx: &mut Context<'_>,
    ) -> Poll<Answer> {
        if let Some(turn) = &self.turn {
            let is_open = self.member.drive();
            // The answer comes of nothing but this, and so need not wake anybody.
            let mut nobody = Context::from_waker(Waker::noop());
            let answered = answer.as_mut().poll(&mut nobody);
            if answered.is_pending() && is_open {
                turn.wait(cx);
                return Poll::Pending;
            }
            self.turn = None;
            if answered.is_ready() {
                return answered;
            }
            self.give_up(false);
        }
        answer.poll(cx)
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
