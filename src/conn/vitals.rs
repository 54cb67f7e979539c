//! What the kernel says of a TCP socket, for a program that watches connections of its own.
//!
//! Apart from the taps, which ask the same for the sake of a request: here nothing is concluded. Invariant: a fact that the
//! kernel does not tell is `None`, and never a guess.

use std::time::Duration;

use super::probe::{SYSTEM, Sample, State};
use super::socket::SocketRef;

/// What the kernel says of a TCP socket at one moment. Linux; elsewhere there is none.
///
/// `unstale probe` rests on it: a FIN arrived at the moment of asking less [`since_heard`](Self::since_heard), however late
/// the program came to notice it.
///
/// ```
/// use std::net::{TcpListener, TcpStream};
/// use std::os::fd::AsFd;
/// use unstale::conn::Vitals;
///
/// let listener = TcpListener::bind("127.0.0.1:0")?;
/// let stream = TcpStream::connect(listener.local_addr()?)?;
/// if let Some(vitals) = Vitals::of(stream.as_fd()) {
///     assert!(!vitals.is_ended());
/// }
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Vitals(Sample);

impl Vitals {
    /// Asks the kernel once, without blocking; `None` where it does not answer, or not to be believed.
    pub fn of(socket: SocketRef<'_>) -> Option<Self> {
        SYSTEM.sample(socket).map(Self)
    }

    /// Whether the peer has ended the connection: its FIN has arrived, or a RST.
    pub fn is_ended(&self) -> bool {
        matches!(self.0.state, State::CloseWait | State::Close)
    }

    /// Whether the connection is gone altogether: reset, timed out, or ended by both sides.
    pub fn is_closed(&self) -> bool {
        self.0.state == State::Close
    }

    /// The smoothed round-trip time.
    pub fn round_trip(&self) -> Duration {
        self.0.rtt.get()
    }

    /// How long ago data was sent last, for the first time or again. As precise as the kernel's tick, 1 to 10 ms.
    pub fn since_sent(&self) -> Duration {
        self.0.last_data_sent.get()
    }

    /// How long ago the last segment with data arrived. As precise as the kernel's tick.
    pub fn since_data(&self) -> Duration {
        self.0.last_data_recv.get()
    }

    /// How long ago the last segment arrived, with data or without: a FIN counts, a RST does not. As precise as the kernel's
    /// tick.
    pub fn since_heard(&self) -> Duration {
        self.0.last_ack_recv.get()
    }

    /// Whether segments with data are on their way, and not acknowledged.
    pub fn is_unacknowledged(&self) -> bool {
        self.0.unacked > 0
    }

    /// How often in a row the retransmission timeout has passed since anything was acknowledged.
    pub fn retransmits(&self) -> u8 {
        self.0.retransmits
    }
}
