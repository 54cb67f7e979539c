//! Connections whose sockets belong to somebody who shows them to nobody, such as reqwest.
//!
//! On Linux a process can find a socket of its own by its two addresses, and ask the kernel about it. Apart from the taps
//! because nothing here sees a byte go by: what is known is what the kernel tells when it is asked.
//!
//! ```text
//! opened ─▶ found (by its addresses), watched (epoll) ──its peer ends it──▶ closed for good, if nothing lies unread
//!              │                                                             (shutdown: no byte leaves any more)
//!              └─ held, for one attempt and a second at most ──it is lost──▶ asked what became of the request
//! ```
//!
//! Invariants:
//!
//! - *Nothing is kept open.* Between attempts no descriptor is held, only its number and the kernel's cookie of the socket. What
//!   is duplicated is duplicated for a moment, or for an attempt's first second.
//! - *No other socket is touched.* A duplicate is used only if it has the cookie of the socket that was found.

#[cfg(target_os = "linux")]
mod descriptor;
#[cfg(target_os = "linux")]
mod held;
#[cfg(target_os = "linux")]
mod linux;
#[cfg(not(target_os = "linux"))]
mod portable;

#[cfg(target_os = "linux")]
pub(crate) use self::held::Held;
#[cfg(target_os = "linux")]
pub(crate) use self::linux::{Ends, Foreign, Hint};
#[cfg(not(target_os = "linux"))]
pub(crate) use self::portable::{Ends, Foreign, Held, Hint};

use crate::evidence::{GateReason, SecondLook};

/// What was done about a socket whose peer has ended it, or may have.
#[cfg_attr(
    not(target_os = "linux"),
    allow(dead_code, reason = "elsewhere nothing is ever found")
)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outlook {
    /// Nothing can be written to it any more, by anybody.
    Sealed(GateReason),
    /// It is open, or something lies unread on it: to be looked at again.
    Open,
    /// Its owner has closed it.
    Gone,
}

/// What its owner last read of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LastRead {
    /// The end of the stream: over TLS the alert that says so, in cleartext the FIN.
    End,
    /// `ECONNRESET`, which is what a RST gives that no FIN came before.
    Reset,
    /// Nothing that is known here.
    Unknown,
}

/// What the kernel's counters say of a request on a connection that was held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) look: SecondLook,
    /// Bytes written since it was held.
    pub(crate) sent: u64,
    /// How many of them were acknowledged.
    pub(crate) acknowledged: u64,
    /// Bytes that arrived since, the FIN not counted.
    pub(crate) received: u64,
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests;
