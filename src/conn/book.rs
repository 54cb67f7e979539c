//! The page of the ledger: plain facts, changed under its lock.
//!
//! Every method is one event on the connection. Nothing here touches a socket.

use std::task::Waker;
use std::time::Duration;

use tokio::time::Instant;

use super::seldom::{Hold, Seldom};
use super::trust::Trust;
use crate::body::{Progress, Valve};
use crate::evidence::GateReason;

/// How long the answer that the kernel gave to a pool stands, before it is asked again at the write. Between the two a task
/// is switched to, on a busy runtime after all others that are ready: with hundreds of them a request would cost two questions
/// instead of one. What arrives in this time is less than what is on its way over a network anyhow.
const GATE_STANDS: Duration = Duration::from_millis(5);

/// What is known of where the next exchange starts.
#[derive(Debug, Default)]
pub(crate) enum Boundary {
    /// The next write may belong to the exchange that is under way.
    #[default]
    Unknown,
    /// The next write begins an exchange once this body has been taken to its end and written.
    AfterBody(Progress),
    /// The next write begins an exchange.
    Certain,
}

/// Whether a pool has asked the kernel about the connection.
#[cfg_attr(
    not(feature = "client"),
    expect(dead_code, reason = "only a pool of our own asks")
)]
#[derive(Clone, Copy, Debug, Default)]
pub(crate) enum Asked {
    #[default]
    No,
    /// Just now: who has asked drives the connection next, and writes in the same poll.
    JustNow,
    /// Then, and a task is yet to be switched to.
    At(Instant),
}

/// How the connection ended, as its taps saw it; the first of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// End of stream: FIN, or `close_notify` above TLS.
    Closed,
    /// ECONNRESET, or EPIPE.
    Reset,
    /// ETIMEDOUT: the kernel gave up.
    TimedOut,
    /// Nothing was heard of the peer: this side has aborted it.
    Silent,
    /// Any other error.
    Failed,
}

/// Whether the connection may be written to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Freeze {
    /// It may.
    #[default]
    Thawed,
    /// The peer's end was seen: never again.
    Ended,
    /// A 408 came that may have crossed the request. No shutdown until it is clear what it answers; a write settles it.
    Suspected,
}

/// What is said to a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Admission {
    /// It is made.
    Granted,
    /// It is taken and thrown away: others may still be answered on the connection.
    Swallowed,
    /// It fails: the gate has refused it, or the connection has ended.
    Refused(Option<GateReason>),
}

/// Facts of one connection.
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent facts, each of which may hold with any other"
)]
#[derive(Debug, Default)]
pub(crate) struct Book {
    /// Bytes written to the socket.
    pub(crate) written: u64,
    /// Bytes read from the socket.
    pub(crate) read: u64,
    /// A lower bound of `written` at the start of the latest exchange.
    pub(crate) mark: u64,
    /// Bytes received above TLS.
    pub(crate) received: u64,
    /// `received` at the start of the latest exchange, or lower.
    pub(crate) received_before: u64,
    /// The last count of acknowledged bytes that the kernel gave, if it was asked after the last write.
    pub(crate) acknowledged: Option<u64>,
    /// Exchanges that got a response head.
    pub(crate) exchanges: u64,
    /// When a byte of a response last arrived; of an HTTP/1 connection that a pool keeps, when its last exchange was over.
    pub(crate) active: Option<Instant>,
    /// When something last came in TLS, of a connection that a pool keeps: its caller may have been slow to read it.
    pub(crate) heard: Option<Instant>,
    /// It lies idle: of one that a pool keeps, its last exchange is over; else nothing was written since something came.
    pub(crate) is_resting: bool,
    /// Its server takes no further exchange on it, as it said.
    pub(crate) is_last: bool,
    /// What is known of its origin, if that counts.
    pub(crate) trust: Option<Trust>,
    /// A pool of our own keeps it, and says when an exchange is over, so that not every read need ask the clock.
    pub(crate) is_kept: bool,
    /// `active` when the latest exchange began.
    pub(crate) idle_since: Option<Instant>,
    pub(crate) boundary: Boundary,
    pub(crate) ending: Option<Ending>,
    /// A socket call failed: the kernel's pending error is consumed, and a later peek proves nothing.
    pub(crate) failed: bool,
    /// The refusal at the gate, for good.
    pub(crate) refused: Option<GateReason>,
    /// It is to accept no further request, for this reason.
    pub(crate) condemned: Option<GateReason>,
    pub(crate) freeze: Freeze,
    /// A 408 came that may have crossed the request.
    pub(crate) suspected: bool,
    /// A tap above TLS has taken over what is counted in plaintext.
    pub(crate) split: bool,
    /// Something was written above TLS.
    pub(crate) plain_written: bool,
    /// The peer speaks another protocol now, or is being asked to: half-closed connections are in order there.
    pub(crate) tunnel: bool,
    /// The writes above TLS since the latest exchange began, or more.
    pub(crate) writes: u32,
    /// A write above TLS is under way.
    pub(crate) writing: bool,
    /// Something was written that no byte of a response has answered.
    pub(crate) outstanding: bool,
    /// HTTP/2, or what may be it: exchanges overlap, so no byte can be told to belong to one.
    pub(crate) multiplexed: bool,
    /// The next write to the socket is to be preceded by the question to the kernel.
    pub(crate) gate_due: bool,
    /// Whether a pool asked the kernel before it handed the exchange that is due to the connection; of HTTP/2 the first stream that
    /// the connection's task has not taken.
    pub(crate) asked: Asked,
    /// The kernel's counters have proved themselves on this connection.
    pub(crate) calibrated: bool,
    /// They never will.
    pub(crate) refuted: bool,
    /// The tap on the socket is gone, and the connection's own descriptor with it.
    pub(crate) released: bool,
    /// What few connections ever have.
    pub(crate) seldom: Option<Box<Seldom>>,
}

impl Book {
    /// What few connections ever have, of one that has it from now on.
    pub(crate) fn seldom(&mut self) -> &mut Seldom {
        self.seldom.get_or_insert_default()
    }

    /// The descriptor for the second look.
    pub(crate) fn hold(&self) -> &Hold {
        let seldom = self.seldom.as_ref();
        seldom.map_or(&Hold::No, |seldom| &seldom.hold)
    }

    /// Whether one is wanted, and not made yet.
    #[inline]
    pub(crate) fn wants_hold(&self) -> bool {
        let seldom = self.seldom.as_ref();
        seldom.is_some_and(|seldom| matches!(seldom.hold, Hold::Wanted))
    }

    pub(crate) fn set_hold(&mut self, hold: Hold) {
        self.seldom().hold = hold;
    }

    fn want_hold(&mut self) {
        if matches!(self.hold(), Hold::No) {
            self.set_hold(Hold::Wanted);
        }
    }

    pub(crate) fn take_waiter(&mut self) -> Option<Waker> {
        self.seldom.as_mut()?.waiter.take()
    }

    /// What the taps have seen by themselves.
    #[inline]
    pub(crate) fn alive(&self) -> Result<(), GateReason> {
        match (self.refused, self.is_sealed()) {
            (Some(reason), _) => Err(reason),
            (None, true) => Err(GateReason::HalfClosed),
            (None, false) => Ok(()),
        }
    }

    #[inline]
    pub(crate) fn is_sealed(&self) -> bool {
        self.released || self.refused.is_some() || self.freeze == Freeze::Ended
    }

    /// Sees the end of the stream. Whatever comes later, nothing more is written.
    pub(crate) fn end(&mut self, ending: Ending) {
        if self.tunnel {
            return;
        }
        self.ending.get_or_insert(ending);
        self.freeze = Freeze::Ended;
        // On a connection that lies idle nobody would take the descriptor, and the pool would keep the socket open.
        let is_under_way = matches!(self.boundary, Boundary::Unknown) && !self.multiplexed;
        let may_be_proven =
            ending == Ending::Closed && !self.failed && self.outstanding && is_under_way;
        if may_be_proven {
            self.want_hold();
        }
    }

    /// A call on the socket itself failed.
    pub(crate) fn fail(&mut self, error: &std::io::Error) {
        use std::io::ErrorKind as Kind;
        let ending = match error.kind() {
            Kind::WouldBlock | Kind::Interrupted => return,
            Kind::ConnectionReset | Kind::ConnectionAborted | Kind::BrokenPipe => Ending::Reset,
            Kind::TimedOut => Ending::TimedOut,
            _ => Ending::Failed,
        };
        self.failed = true;
        self.end(ending);
    }

    /// Counts what came out of the socket.
    #[inline]
    pub(crate) fn read_socket(&mut self, n: u64) {
        self.read += n;
        if n == 0 {
            self.end(Ending::Closed);
        }
    }

    /// Counts what came out above TLS.
    #[inline]
    pub(crate) fn read_plain(&mut self, n: u64) {
        self.received += n;
        if n == 0 {
            self.end(Ending::Closed);
        } else {
            if !self.is_kept || self.multiplexed {
                self.active = Some(Instant::now());
                self.is_resting = true;
            } else if self.split {
                self.heard = Some(Instant::now());
            }
            self.outstanding = false;
        }
    }

    /// Counts what went into the socket.
    #[inline]
    pub(crate) fn wrote_socket(&mut self, n: u64) {
        self.written += n;
        self.acknowledged = None;
        if !self.writing {
            // TLS had kept some of it back.
            self.writes += 1;
        }
    }

    /// Whether the head of the latest exchange was written, and nothing of its body may be.
    pub(crate) fn is_body_withheld(&self) -> bool {
        let seldom = self.seldom.as_ref();
        let withheld = seldom.and_then(|seldom| seldom.withheld.as_ref());
        withheld.is_some_and(Valve::holds_back)
    }

    /// Whether a write may be made.
    #[inline]
    pub(crate) fn admission(&self) -> Admission {
        if self.is_deaf() {
            Admission::Swallowed
        } else if self.is_sealed() {
            Admission::Refused(self.refused)
        } else {
            Admission::Granted
        }
    }

    /// Whether what is written is thrown away; see [`deaf`](super::deaf).
    #[inline]
    pub(crate) fn is_deaf(&self) -> bool {
        self.multiplexed && (self.failed || self.is_sealed())
    }

    /// Whether the request left in one piece. If it did not, a peer that had half-closed may have read the first piece,
    /// acted on it and closed, all before its kernel acknowledged it; the RST then answers the second.
    pub(crate) fn left_in_one_piece(&self) -> bool {
        self.writes == 1
    }

    /// Whether an attempt died here of which something may still be on its way, with no descriptor to see it through.
    pub(crate) fn is_abandoned(&self) -> bool {
        self.outstanding && self.ending.is_some() && !matches!(self.hold(), Hold::Held(_))
    }

    /// All that hyper had buffered is written: if the body was taken to its end before, the next write is a new
    /// exchange. Called on the connection's task only, on which the body is taken too.
    #[inline]
    pub(crate) fn settle(&mut self) {
        if matches!(&self.boundary, Boundary::AfterBody(progress) if progress.is_ended()) {
            self.boundary = Boundary::Certain;
        }
    }

    /// A write that follows a turn with no read between them may be the first of the next exchange, sent by another thread
    /// in that moment; it cannot be told from the rest of the body before.
    #[inline]
    pub(crate) fn overtake(&mut self, turned_since_read: bool) {
        if turned_since_read && matches!(self.boundary, Boundary::AfterBody(_)) {
            self.boundary = Boundary::Unknown;
        }
    }

    /// Begins an exchange, if the write that is due is the first of one for certain. Returns whether it is.
    #[inline]
    pub(crate) fn begin_if_certain(&mut self) -> bool {
        if self.multiplexed || !matches!(self.boundary, Boundary::Certain) {
            return false;
        }
        self.boundary = Boundary::Unknown;
        self.received_before = self.received;
        self.writes = 0;
        self.idle_since = self.active;
        self.gate_due = match std::mem::take(&mut self.asked) {
            Asked::No => true,
            Asked::JustNow => false,
            Asked::At(asked) => asked + GATE_STANDS < Instant::now(),
        };
        true
    }

    /// Refuses for good.
    pub(crate) fn refuse(&mut self, reason: GateReason) {
        self.refused.get_or_insert(reason);
    }

    /// A 408 came. If the connection was a kept-alive one, it may have crossed the request.
    pub(crate) fn suspect(&mut self) {
        if self.exchanges == 0 || self.failed || self.multiplexed || self.refused.is_some() {
            return;
        }
        self.suspected = true;
        // TLS may have read on to the end of the stream already.
        if self.freeze == Freeze::Thawed {
            self.freeze = Freeze::Suspected;
        }
        self.want_hold();
    }

    /// A 408 turned out to be a response, or is none of anybody's business.
    #[inline]
    pub(crate) fn thaw(&mut self) {
        if self.suspected {
            // Nobody will look once more: a descriptor that stayed here would keep the socket open.
            self.set_hold(Hold::No);
        }
        self.suspected = false;
        if self.freeze == Freeze::Suspected {
            self.freeze = Freeze::Thawed;
        }
    }
}
