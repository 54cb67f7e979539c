//! A connection in the hands of one exchange.
//!
//! Invariant: a lease ends in exactly one way: given back, discarded with a reason, or dropped, which discards an
//! HTTP/1 connection and ends an HTTP/2 stream. So a place in the pool is never lost, whatever panics or is cancelled above.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::Pool;
use super::member::Member;
use super::reason::DiscardReason;
use super::route::Route;
use super::sender::{Protocol, Sender};
use super::slot::ConnectionId;
use super::state::{Effects, Granted};
use crate::body::Valve;
use crate::conn::{Asked, Ledger, Seen};

/// The right to a connection, or to a stream of one, for one exchange. Small, as it goes where the response goes.
#[derive(Debug)]
pub(crate) struct Lease {
    pool: Arc<Pool>,
    connection: ConnectionId,
    ledger: Arc<Ledger>,
    /// `None` only while it ends.
    sender: Option<Sender>,
}

/// A connection that was taken, with what is to be known of it.
#[derive(Debug)]
pub(crate) struct Taken {
    pub(crate) lease: Lease,
    pub(crate) route: Arc<Route>,
    /// Keeps the connection's place while it is being found out what became of an exchange.
    pub(crate) member: Arc<Member>,
    /// Whether it has lain idle in the pool, or answered a request, when this one was handed to it.
    pub(crate) is_reused: bool,
    /// When it was taken.
    pub(crate) at: Instant,
    /// Since when it had been idle.
    since: Instant,
    /// Whether the kernel was asked about it when it was taken.
    is_asked: bool,
}

impl Taken {
    #[inline]
    pub(super) fn new(pool: Arc<Pool>, granted: Granted) -> Self {
        Self {
            lease: Lease {
                pool,
                connection: granted.connection,
                ledger: granted.ledger,
                sender: Some(granted.sender),
            },
            route: granted.route,
            member: granted.member,
            is_reused: granted.is_reused,
            at: granted.taken,
            since: granted.since,
            is_asked: false,
        }
    }

    #[inline]
    pub(crate) fn ledger(&self) -> &Arc<Ledger> {
        &self.lease.ledger
    }

    /// Asks the kernel whether the connection is alive. `opened_now`: it was opened while the request waited; what becomes of
    /// such a one is for the request to tell, as a server that closes each at once would be connected to without end.
    #[inline]
    pub(super) fn ask(&mut self, opened_now: bool) -> Result<(), DiscardReason> {
        if opened_now && !self.is_reused {
            return Ok(());
        }
        match self.lease.protocol() {
            Protocol::Http1 => {
                let answered = self.ledger().ask();
                self.is_asked = answered.map_err(DiscardReason::at_gate)?;
                Ok(())
            }
            Protocol::Http2 => {
                self.ledger().look().map_err(DiscardReason::Stale)?;
                let limit = self.lease.pool.settings().heard_within;
                let heard = limit.is_none_or(|limit| self.ledger().was_heard_within(limit));
                heard.then_some(()).ok_or(DiscardReason::Unheard)?;
                let has_slept = self.ledger().has_slept(self.at);
                (!has_slept).then_some(()).ok_or(DiscardReason::AfterSleep)
            }
        }
    }

    /// For how long nothing had run on the connection, if it is one of HTTP/1.
    #[inline]
    pub(crate) fn idle(&self) -> Duration {
        self.at.saturating_duration_since(self.since)
    }

    /// Whether that was so long, or longer.
    #[inline]
    pub(crate) fn has_been_idle_for(&self, time: Duration) -> bool {
        self.since
            .checked_add(time)
            .is_some_and(|then| then <= self.at)
    }

    /// The connection is asked something before the request.
    pub(crate) fn counts_preflight(&self) {
        self.lease.pool.state().counters.preflights += 1;
    }

    /// What ran on it before the request is over.
    pub(crate) fn rested(&mut self, now: Instant) {
        self.ledger().rests(now);
        self.at = now;
        self.since = now;
        self.is_asked = false;
    }

    /// The request goes over another.
    pub(crate) fn goes_unused(&self) {
        // It was counted when it was taken.
        let counted = u64::from(self.is_reused);
        self.lease.pool.state().counters.reused -= counted;
    }

    /// Marks where the exchange begins: what is written from now on may be it. `is_driven`: by whoever asks, next, and not by the
    /// connection's task.
    #[inline]
    pub(crate) fn begin(&self, is_driven: bool) -> Seen {
        let asked = match (self.is_asked, is_driven) {
            (false, _) => Asked::No,
            (true, true) => Asked::JustNow,
            (true, false) => Asked::At(self.at),
        };
        match self.lease.protocol() {
            Protocol::Http1 => self.ledger().begin(asked),
            Protocol::Http2 => self.ledger().begin_stream(self.at),
        }
    }
}

impl Lease {
    #[inline]
    pub(crate) fn protocol(&self) -> Protocol {
        let sender = self.sender.as_ref();
        sender.expect("taken only where it ends").protocol()
    }

    /// The handle.
    #[inline]
    pub(crate) fn sender(&mut self) -> &mut Sender {
        self.sender.as_mut().expect("taken only where it ends")
    }

    /// Whether hyper's side of the connection takes nothing more.
    #[inline]
    pub(crate) fn is_closed(&self) -> bool {
        self.sender.as_ref().is_none_or(Sender::is_closed)
    }

    /// Takes of the answer's body. hyper's side of the connection is woken by that only if there is something left to do for it.
    #[inline]
    pub(crate) fn read<R>(&self, read: impl FnOnce() -> R) -> R {
        let quiet = self.ledger.quiet();
        let result = read();
        if quiet.end() && !self.sender.as_ref().is_some_and(Sender::is_ready) {
            self.ledger.wake_line();
        }
        result
    }

    /// The body of the exchange is held back. If it still is when the exchange is over, it is never sent: hyper would wait for it,
    /// with the connection.
    pub(crate) fn hold_back(&self, valve: Valve) {
        self.pool.state().hold_back(self.connection, valve);
    }

    /// The exchange is over, and went well.
    #[inline]
    pub(crate) fn give_back(mut self) {
        self.hand_back(true);
    }

    /// The stream is over without an answer; its connection goes on.
    #[cfg(feature = "http2")]
    pub(crate) fn end_stream(mut self) {
        self.hand_back(false);
    }

    #[inline]
    fn hand_back(&mut self, answered: bool) {
        if let Some(sender) = self.sender.take() {
            let mut fx = Effects::default();
            let now = Instant::now();
            if sender.protocol() == Protocol::Http1 {
                self.ledger.rests(now);
            }
            self.pool
                .state()
                .give_back(self.connection, (sender, answered), now, &mut fx);
            self.pool.apply(fx);
        }
    }

    /// The connection is not to be used again. The streams of others that run on it go on.
    pub(crate) fn discard(mut self, reason: DiscardReason) {
        self.end(reason);
    }

    /// The connection was stale: its siblings are looked at, too.
    pub(crate) fn discard_stale(mut self, reason: DiscardReason) {
        let of = self.pool.host_and_age(self.connection);
        self.end(reason);
        if let Some((host, since)) = of {
            self.pool.look_at_siblings(host, since);
        }
    }

    /// The connection, which was taken then, said nothing: those that have been idle for as long as it had are given up with
    /// it. No question to the kernel would tell them from living ones.
    pub(crate) fn discard_with_siblings(mut self, reason: DiscardReason, taken: Instant) {
        let of = self.pool.host_and_age(self.connection);
        self.end(reason);
        if let Some((host, since)) = of {
            self.pool
                .give_up_siblings(host, since + taken.elapsed(), reason);
        }
    }

    #[inline]
    fn end(&mut self, reason: DiscardReason) {
        if let Some(sender) = self.sender.take() {
            let mut fx = Effects::default();
            self.pool.state().discard(self.connection, reason, &mut fx);
            fx.drop(sender);
            self.pool.apply(fx);
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        match self.sender {
            // It has ended.
            None => {}
            // hyper resets the stream; the others on the connection go on, and so does the connection.
            #[cfg(feature = "http2")]
            Some(Sender::Http2(_)) => self.hand_back(false),
            Some(Sender::Http1(_)) => self.end(DiscardReason::Canceled),
        }
    }
}
