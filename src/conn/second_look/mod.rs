//! The second look: what became of the bytes that crossed the peer's FIN.
//!
//! Every TCP segment carries the peer's cumulative acknowledgement. If the peer's FIN came and nothing beyond the mark
//! was acknowledged then, its kernel had sent the FIN before it received a byte of the request. What follows is looked
//! for on a duplicate of the descriptor, since hyper drops its own:
//!
//! - a RST and still nothing acknowledged: nobody held the socket when the request arrived;
//! - an acknowledgement: the peer half-closed and lingers, and may read;
//! - neither in time: nothing is known.
//!
//! A late look can only lose the proof, never forge it: acknowledgements only grow. It would be forged by a RST that
//! answers other bytes than the request's, so nothing is written once the end was seen (the freeze), and by a socket
//! that closed for another reason than a RST, so the kernel is asked for that reason.

use std::io;
use std::net::TcpStream;
use std::time::Duration;

use tokio::io::Interest;
use tokio::time::Instant;

use super::ledger::Ledger;
use super::probe::{Peek, Probe, Sample, State};
use super::proof::{Exchange, Look};
use super::scope::Seen;
use super::socket::{OwnedSocket, SocketRef};
use crate::evidence::SecondLook;

const SHORTEST: Duration = Duration::from_millis(10);
const LONGEST: Duration = Duration::from_secs(3);
const FIRST_STEP: Duration = Duration::from_millis(1);
const LONGEST_STEP: Duration = Duration::from_millis(50);

/// A duplicate of a connection's descriptor, made when the end of the stream was seen. Close-on-exec; dropping it lets
/// the connection close as it would have.
#[derive(Debug)]
pub(crate) struct Held {
    socket: OwnedSocket,
    at_end: Option<Sample>,
    written: u64,
}

impl Held {
    /// Duplicates the descriptor and asks the kernel at once. `None` if no descriptor is to be had.
    pub(super) fn take(socket: SocketRef<'_>, probe: &dyn Probe, written: u64) -> Option<Self> {
        // `try_clone_to_owned` sets close-on-exec.
        let socket = socket.try_clone_to_owned().ok()?;
        let at_end = probe.sample(borrow(&socket));
        Some(Self {
            socket,
            at_end,
            written,
        })
    }

    /// Looks until it is clear what became of the request that was `seen` on the connection, or the time is up: the
    /// retransmission timeout and two round trips, at least 10 ms and at most 3 s.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost when the future is dropped: the next look begins anew.
    pub(crate) async fn look(&self, seen: &Seen) -> SecondLook {
        let exchange = Exchange {
            mark: seen.mark,
            in_one_piece: seen.in_one_piece,
            calibrated: seen.ledger.book().calibrated,
        };
        let acknowledged = self.at_end.map(|at_end| at_end.acknowledged);
        let at_once = exchange.at_end(acknowledged);
        if at_once != Some(SecondLook::NotPossible) {
            seen.ledger.book().acknowledged = acknowledged;
        }
        if let Some(found) = at_once {
            return found;
        }
        let deadline = Instant::now() + self.patience();
        let event = Event::of(self);
        let mut step = FIRST_STEP;
        loop {
            if let Some(found) = judge(self, &seen.ledger, &exchange) {
                return found;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return SecondLook::Undecided;
            }
            event.within(step.min(left)).await;
            step = (step * 2).min(LONGEST_STEP);
        }
    }

    fn patience(&self) -> Duration {
        let times = self
            .at_end
            .map(|at_end| at_end.rto.get() + 2 * at_end.rtt.get());
        times.unwrap_or_default().clamp(SHORTEST, LONGEST)
    }

    #[cfg(test)]
    pub(super) fn descriptor(&self) -> i32 {
        std::os::fd::AsRawFd::as_raw_fd(&self.socket)
    }

    /// Ends the connection now: this machine sends nothing of it any more, not even a retransmission, once every
    /// descriptor of it is closed.
    pub(crate) fn abort(self) {
        // A socket that cannot be told so (a Unix socket) has nothing to retransmit either.
        let _ = socket2::SockRef::from(&self.socket).set_linger(Some(Duration::ZERO));
    }
}

/// What the kernel's numbers say now, if they say anything.
fn judge(held: &Held, ledger: &Ledger, exchange: &Exchange) -> Option<SecondLook> {
    let probe = ledger.probe();
    let socket = borrow(&held.socket);
    let Some(sample) = probe.sample(socket) else {
        return Some(SecondLook::NotPossible);
    };
    let look = {
        let mut book = ledger.book();
        book.acknowledged = Some(sample.acknowledged);
        Look {
            acknowledged: sample.acknowledged,
            is_gone: sample.state == State::Close,
            is_fin_counted: sample.received > book.read,
            is_untouched: !book.failed && book.written == held.written,
        }
    };
    // A peek sees the end of the stream only if a FIN came, provided that no call has consumed the socket's error; and
    // that error is EPIPE only if a RST arrived after the FIN and before any FIN of ours (`tcp_reset` in
    // net/ipv4/tcp_input.c).
    exchange.later(&look, || {
        probe.peek(socket) == Peek::End && probe.was_reset_after_fin(socket)
    })
}

#[cfg(unix)]
fn borrow(socket: &OwnedSocket) -> SocketRef<'_> {
    std::os::fd::AsFd::as_fd(socket)
}

#[cfg(windows)]
fn borrow(socket: &OwnedSocket) -> SocketRef<'_> {
    std::os::windows::io::AsSocket::as_socket(socket)
}

/// The socket's own event: a RST is an error to the socket, and wakes the wait. Without one (no descriptor to be had) the time
/// alone does.
struct Event(Option<tokio::net::TcpStream>);

impl Event {
    fn of(held: &Held) -> Self {
        let watched = held.socket.try_clone().ok().map(TcpStream::from);
        Self(watched.and_then(|stream| tokio::net::TcpStream::from_std(stream).ok()))
    }

    /// Waits for the event, `limit` at most.
    async fn within(&self, limit: Duration) {
        let Some(stream) = &self.0 else {
            return tokio::time::sleep(limit).await;
        };
        // Not for something to read: tokio never forgets that a FIN came, and who waits for that does not wait.
        let event = stream.ready(Interest::ERROR);
        if tokio::time::timeout(limit, event).await.is_ok() {
            // From now on only what is new wakes.
            let _ = stream.try_io(Interest::ERROR, || {
                Err::<(), _>(io::ErrorKind::WouldBlock.into())
            });
        }
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests;
