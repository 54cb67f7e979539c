//! What the kernel says of a socket.
//!
//! Apart so that all system calls of the taps are in two small files, and so that tests can put a kernel that lies in
//! their place. The answers are facts; what they mean for a request is decided by the gate and the second look.

#[cfg(target_os = "linux")]
mod linux;
mod portable;

use std::fmt::Debug;
use std::time::Duration;

use super::socket::SocketRef;

#[cfg(target_os = "linux")]
pub(crate) use self::linux::Linux;
pub(crate) use self::portable::Portable;

/// The probe that fits the operating system.
#[cfg(target_os = "linux")]
pub(crate) static SYSTEM: &dyn Probe = &Linux;
/// The probe that fits the operating system.
#[cfg(not(target_os = "linux"))]
pub(crate) static SYSTEM: &dyn Probe = &Portable;

/// Asks the kernel about a socket. Never blocks.
pub(crate) trait Probe: Debug + Send + Sync {
    /// Whether the socket is TCP and nothing else (MPTCP answers for one of its subflows).
    fn is_plain_tcp(&self, socket: SocketRef<'_>) -> bool;

    /// The kernel's counters; `None` where there are none, or none to be believed.
    fn sample(&self, socket: SocketRef<'_>) -> Option<Sample>;

    /// The kernel's counters, and what it has counted of what was sent; `None` where there are none, or none to be believed.
    #[cfg(all(feature = "reqwest", target_os = "linux"))]
    fn counts(&self, _: SocketRef<'_>) -> Option<Counts> {
        None
    }

    /// Looks whether anything lies unread, without taking it.
    fn peek(&self, socket: SocketRef<'_>) -> Peek;

    /// The first bytes of what lies unread, without taking them: the header of a TLS record, if all of it is there.
    fn peek_record(&self, socket: SocketRef<'_>) -> Option<[u8; 5]>;

    /// Whether the socket's pending error is that of a RST which came after a FIN. Asking consumes it.
    fn was_reset_after_fin(&self, socket: SocketRef<'_>) -> bool;

    /// Ends the connection at once, whoever holds descriptors of it: nothing more of it leaves this machine but a RST.
    /// Returns whether that was done.
    fn abort(&self, socket: SocketRef<'_>) -> bool;
}

/// The state of a TCP socket, as far as it matters here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// Both sides are open.
    Established,
    /// The peer's FIN has arrived.
    CloseWait,
    /// It is gone: reset, timed out, or closed by both sides.
    Close,
    /// Any other.
    Other,
}

/// Microseconds, as the kernel counts them: few who ask want to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Micros(pub(crate) u32);

/// Milliseconds, as the kernel counts them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Millis(pub(crate) u32);

impl Micros {
    pub(crate) fn get(self) -> Duration {
        Duration::from_micros(self.0.into())
    }
}

impl Millis {
    pub(crate) fn get(self) -> Duration {
        Duration::from_millis(self.0.into())
    }
}

/// The kernel's counters of one socket at one moment (`TCP_INFO`).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sample {
    pub(crate) state: State,
    /// Bytes of the stream that the peer's kernel has acknowledged, the SYN not counted.
    pub(crate) acknowledged: u64,
    /// Bytes of the stream that arrived; a FIN counts as one.
    pub(crate) received: u64,
    /// The retransmission timeout.
    pub(crate) rto: Micros,
    /// The smoothed round-trip time.
    pub(crate) rtt: Micros,
    /// How long ago the last segment arrived that had data in it.
    pub(crate) last_data_recv: Millis,
    /// How long ago the last segment arrived that acknowledges, which every one does but a RST.
    pub(crate) last_ack_recv: Millis,
    /// How long ago data was sent last, for the first time or again.
    pub(crate) last_data_sent: Millis,
    /// Segments with data that were sent and are not acknowledged.
    pub(crate) unacked: u32,
    /// How often in a row the retransmission timeout has passed since anything was acknowledged.
    pub(crate) retransmits: u8,
}

/// What the kernel has counted of what was sent, for who has not seen it go by.
#[cfg(all(feature = "reqwest", target_os = "linux"))]
#[derive(Clone, Copy, Debug)]
pub(crate) struct Counts {
    pub(crate) sample: Sample,
    /// Bytes of the stream that were written.
    pub(crate) written: u64,
    /// Segments with data in which they left; those that were sent again not counted.
    pub(crate) segments: u32,
}

/// What a peek saw.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Peek {
    /// The end of the stream: a FIN came.
    End,
    /// Unread bytes.
    Data,
    /// Nothing.
    Empty,
    /// An error; asking has consumed it, so later answers mean nothing.
    Failed,
}
