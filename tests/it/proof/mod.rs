//! The proof and its traps: what the acknowledgement counters may say, and what they must never say.
//!
//! On loopback no time passes between the peer's FIN and the request, so nothing crosses on the wire by itself, and the
//! gate sees the FIN. To get a request past the gate, the exchange before it is made without the adapter: nothing is then
//! known of that exchange's body, so the gate is not armed for the next. The request goes into a socket whose kernel has
//! the FIN already; for the proof this is the same as a crossing.

mod fresh;
mod portable;
pub mod setup;
mod status;
pub mod traps;
mod whole;
