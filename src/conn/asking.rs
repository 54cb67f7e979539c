//! What a pool asks of a connection that it keeps, and where it says that an exchange begins.
//!
//! Apart from the rest of the ledger because hyper-util's pool asks nothing: there the gate at the write is all there is,
//! and where an exchange begins is inferred. A pool of our own knows.

use std::sync::Arc;
#[cfg(feature = "http2")]
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::time::Instant;

use super::book::{Asked, Book, Boundary};
use super::gate;
use super::ledger::Ledger;
use super::probe::{Peek, State};
use super::scope::Seen;
use crate::body::Valve;
use crate::evidence::GateReason;

/// How long the answer that the kernel gave to a pool stands, before the connection's task asks again: shorter than over
/// HTTP/1, as one question serves all the streams that wait for it.
#[cfg(feature = "http2")]
const STREAMS_STAND: Duration = Duration::from_micros(200);

/// A stream of an HTTP/2 connection that is not answered.
#[cfg(feature = "http2")]
#[derive(Debug)]
pub(crate) struct Unanswered(Arc<Ledger>);

#[cfg(feature = "http2")]
impl Drop for Unanswered {
    fn drop(&mut self) {
        self.0.unanswered.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Ledger {
    /// When the connection's socket was connected.
    pub(crate) fn opened(&self) -> Instant {
        self.opened
    }

    /// The gate, before an exchange on an idle HTTP/1 connection that nobody else uses; a refusal is final. Returns whether
    /// the kernel has answered; if not, the gate at the write asks.
    #[inline]
    pub(crate) fn ask(&self) -> Result<bool, GateReason> {
        let answer = self
            .watched
            .with(|socket, plain_tcp| gate::ask(self, socket, plain_tcp));
        if let Some(answer) = answer {
            return answer.map(|()| true);
        }
        self.book().alive()?;
        self.trusted(None).map(|()| false)
    }

    /// Whether the peer has closed the connection, whoever uses it meanwhile. Changes nothing.
    pub(crate) fn look(&self) -> Result<(), GateReason> {
        self.book().alive()?;
        let answer = self.watched.with(|socket, plain_tcp| {
            let sample = plain_tcp.then(|| self.probe().sample(socket)).flatten();
            match sample.map(|sample| sample.state) {
                Some(State::Established) => Ok(()),
                Some(State::CloseWait) => Err(GateReason::HalfClosed),
                Some(State::Close | State::Other) => Err(GateReason::Closed),
                None => match self.probe().peek(socket) {
                    Peek::End => Err(GateReason::HalfClosed),
                    Peek::Failed => Err(GateReason::Closed),
                    Peek::Data | Peek::Empty => Ok(()),
                },
            }
        });
        answer.unwrap_or(Ok(()))
    }

    /// Writes nothing any more to a connection that nobody uses.
    pub(crate) fn refuse(&self, reason: GateReason) {
        self.book().refuse(reason);
    }

    /// Whether something was read.
    #[cfg(feature = "http2")]
    pub(crate) fn was_heard(&self) -> bool {
        self.book().received > 0
    }

    /// An exchange on an HTTP/1 connection is over.
    #[inline]
    pub(crate) fn rests(&self, now: Instant) {
        let mut book = self.book();
        book.active = Some(now);
        book.is_resting = true;
    }

    /// The body of the exchange that begins is held back.
    pub(crate) fn hold_back(&self, valve: Valve) {
        self.book().seldom().withheld = Some(valve);
    }

    /// The exchange has failed: what is held back of it is never sent.
    pub(crate) fn shut_for_good(&self) {
        let withheld = {
            let book = self.book();
            let seldom = book.seldom.as_ref();
            seldom.and_then(|seldom| seldom.withheld.clone())
        };
        if let Some(valve) = withheld {
            valve.shut_for_good();
        }
    }

    /// Whether something was read within this time, or the connection opened.
    pub(crate) fn was_heard_within(&self, limit: Duration) -> bool {
        let heard = self.book().active.unwrap_or(self.opened);
        heard.elapsed() <= limit
    }

    /// The state of the socket, in the words of `netstat`.
    pub(crate) fn kernel_state(&self) -> &'static str {
        if self.book().released {
            return "CLOSED";
        }
        let sample = self
            .watched
            .with(|socket, plain_tcp| plain_tcp.then(|| self.probe().sample(socket)).flatten());
        match sample.flatten().map(|sample| sample.state) {
            Some(State::Established) => "ESTABLISHED",
            Some(State::CloseWait) => "CLOSE_WAIT",
            Some(State::Close) => "CLOSE",
            Some(State::Other) => "OTHER",
            None => "UNKNOWN",
        }
    }

    /// Nothing is under way on the connection, and an exchange is handed to it now: what is written from now on begins it.
    /// What hyper may still hold of the one before only makes the mark lower.
    /// `asked`: whether the kernel was.
    #[inline]
    pub(crate) fn begin(self: &Arc<Self>, asked: Asked) -> Seen {
        let mut book = self.book();
        if book.plain_written && book.written > book.mark {
            book.exchanges += 1;
        }
        book.mark = book.written;
        book.received_before = book.received;
        book.writes = 0;
        book.boundary = Boundary::Certain;
        book.is_kept = true;
        book.asked = asked;
        book.thaw();
        self.seen(&book)
    }

    /// A stream is handed to an HTTP/2 connection now, on which others may be under way. `asked`: when the kernel was.
    pub(crate) fn begin_stream(self: &Arc<Self>, asked: Instant) -> Seen {
        let mut book = self.book();
        if !matches!(book.asked, Asked::At(_)) {
            book.asked = Asked::At(asked);
        }
        Seen {
            mark: book.written,
            received: book.received,
            ..self.seen(&book)
        }
    }

    /// The gate of HTTP/2, before the connection's task takes the streams that were handed to it: it asks if the pool's answer
    /// is too old. In front of the write it would come too late, see [`deaf`](super::deaf).
    #[cfg(feature = "http2")]
    pub(crate) fn may_take_streams(&self) -> Result<(), GateReason> {
        let asked = std::mem::take(&mut self.book().asked);
        match asked {
            Asked::At(asked) if asked.elapsed() > STREAMS_STAND => self.look(),
            _ => Ok(()),
        }
    }

    /// A stream was handed over: until it is answered, or given up with all that is known of it, the connection does not end
    /// without being aborted.
    #[cfg(feature = "http2")]
    pub(crate) fn await_answer(self: &Arc<Self>) -> Unanswered {
        self.unanswered.fetch_add(1, Ordering::AcqRel);
        Unanswered(Arc::clone(self))
    }

    /// Waits until the connection's socket is gone, as any number may.
    #[cfg(feature = "http2")]
    pub(crate) async fn gone(&self) {
        let gone = Arc::clone(self.book().seldom().gone.get_or_insert_default());
        let mut gone = std::pin::pin!(gone.notified());
        // Before the question, so that what happens after it is not missed.
        gone.as_mut().enable();
        if !self.book().released {
            gone.await;
        }
    }

    /// Wakes those that wait for it, if it is.
    #[cfg(feature = "http2")]
    pub(super) fn notify_gone(&self) {
        let gone = {
            let book = self.book();
            let seldom = book.seldom.as_ref().filter(|_| book.released);
            seldom.and_then(|seldom| seldom.gone.clone())
        };
        if let Some(gone) = gone {
            gone.notify_waiters();
        }
    }

    #[inline]
    fn seen(self: &Arc<Self>, book: &Book) -> Seen {
        Seen {
            ledger: Arc::clone(self),
            mark: book.mark,
            received: book.received_before,
            exchanges: book.exchanges,
            // Nothing was written yet; the inquest asks again.
            in_one_piece: true,
        }
    }
}

#[cfg(all(test, feature = "http2"))]
mod tests {
    use super::*;
    use crate::conn::probe::SYSTEM;

    const LIMIT: Duration = Duration::from_millis(300);
    const MORE: Duration = Duration::from_millis(1);

    #[tokio::test(start_paused = true)]
    async fn a_peer_counts_as_heard_from_its_last_byte_on_for_the_time_and_no_longer() {
        let ledger = Ledger::new(SYSTEM);
        tokio::time::advance(LIMIT).await;
        assert!(ledger.was_heard_within(LIMIT), "since it was opened");
        tokio::time::advance(MORE).await;
        assert!(!ledger.was_heard_within(LIMIT));
        ledger.book().read_plain(1);
        tokio::time::advance(LIMIT).await;
        assert!(ledger.was_heard_within(LIMIT));
        tokio::time::advance(MORE).await;
        assert!(!ledger.was_heard_within(LIMIT));
        // Its end is nothing that was heard of it.
        ledger.book().read_plain(0);
        assert!(!ledger.was_heard_within(LIMIT));
    }
}
