//! One connection: its two taps, the ledger they share, the gate, and the second look.
//!
//! ```text
//! hyper ─▶ PlainIo ─▶ TLS ─▶ TrackedIo ─▶ socket
//!             └── ledger ──────┘
//! ```
//!
//! [`TrackedIo`] sits on the socket: bytes written, acknowledgements, FIN, RST. [`PlainIo`] is what hyper reads and
//! writes: response bytes, end of stream. In cleartext the one on the socket is both. A connection goes through these
//! states:
//!
//! ```text
//! idle ──first write──▶ gate ──alive──▶ exchange ──response head──▶ idle
//!                        └──dead──▶ refused, for good
//!          exchange ──end of stream──▶ frozen ──second look──▶ aborted
//! ```
//!
//! HTTP/2 ends otherwise, see `deaf`: it is read to its end, whatever became of its writes.
//!
//! Knows nothing of methods and policies; what a request may do is decided above.

#[cfg(feature = "client")]
mod asking;
mod book;
mod clocks;
mod deaf;
mod facts;
#[cfg(feature = "reqwest")]
pub(crate) mod foreign;
mod gate;
mod layer;
mod ledger;
mod plain;
mod plaintext;
mod probe;
mod proof;
mod read;
mod reader;
pub(crate) mod scope;
mod second_look;
mod seldom;
mod silence;
mod socket;
mod tracked;
mod trust;
mod turn;
#[cfg(feature = "cli")]
mod vitals;
mod watched;

pub use self::layer::{AboveTls, Connecting, OnSocket, OnSocketOf, Tap, Track, TrackLayer};
pub use self::plain::PlainIo;
pub use self::socket::{Socket, SocketRef};
pub use self::tracked::TrackedIo;
#[cfg(feature = "cli")]
pub use self::vitals::Vitals;

#[cfg(feature = "http2")]
pub(crate) use self::asking::Unanswered;
#[cfg(feature = "client")]
pub(crate) use self::book::Asked;
pub(crate) use self::book::Ending;
pub(crate) use self::facts::Facts;
pub(crate) use self::ledger::Ledger;
#[cfg(all(test, target_os = "linux"))]
pub(crate) use self::probe::{Micros, Millis, Peek, Probe, Sample, State};
pub(crate) use self::scope::Seen;
pub(crate) use self::second_look::Held;
pub(crate) use self::silence::Finding;
#[cfg(feature = "client")]
pub(crate) use self::trust::{Keeping, Trust};
#[cfg(feature = "client")]
pub(crate) use self::turn::Quiet;

#[cfg(all(test, feature = "client"))]
pub(crate) use self::clocks::Set;

#[cfg(test)]
#[cfg(target_os = "linux")]
mod attacked;
#[cfg(test)]
#[cfg(target_os = "linux")]
mod idling;
#[cfg(test)]
#[cfg(target_os = "linux")]
mod latch;
#[cfg(test)]
#[cfg(target_os = "linux")]
mod read_out;
#[cfg(test)]
#[cfg(target_os = "linux")]
mod reading;
#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests;
