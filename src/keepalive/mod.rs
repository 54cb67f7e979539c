//! When an idle connection stops being trustworthy: before its server closes it.
//!
//! The best replay is the one that is not needed. A server keeps an idle connection for some time, its idle timeout, and a
//! request that meets the end of that time is lost. So a connection is given up a margin before. How long the server keeps
//! one is known, per origin, in this order:
//!
//! ```text
//! announced   Keep-Alive: timeout=5            the server's own word, renewed with each answer that has it
//! learned     two closes that agree            from FINs and RSTs that came while a connection lay idle; if it is shorter
//!                                              than what was announced, it counts
//! configured  Prevention::server_idle_timeout  what the user knows
//! ```
//!
//! Where none of these is known, only a sleep of the machine counts ([`Vigil`]): what lay idle meanwhile may be gone without
//! a word.
//!
//! Pure: whoever calls reads the clocks, and says what it has seen of a connection. All of it is a matter of reuse, and none of
//! safety: what is wrong here costs a connection that could have been used, or a replay that could have been avoided.

mod hint;
mod learned;
mod origin;
mod settings;
#[cfg(feature = "metrics")]
#[path = "shown/gauged.rs"]
mod shown;
#[cfg(not(feature = "metrics"))]
#[path = "shown/plain.rs"]
mod shown;
mod table;
mod vigil;

pub(crate) use self::hint::Hint;
pub(crate) use self::origin::{Idle, Origin, Past, Seen};
pub use self::settings::Prevention;
pub(crate) use self::table::Table;
pub(crate) use self::vigil::Reading;

/// A reading of the runtime's clock, made by whoever calls.
#[expect(
    clippy::disallowed_types,
    reason = "a pure part: it is handed the time and reads no clock, tokio's or another"
)]
pub(crate) type Moment = std::time::Instant;

#[cfg(test)]
mod tests;
