//! What a connection does, by chance: sound exchanges, then an end at some point of an exchange or between two.
//!
//! Invariants that the judge leans on: a request is executed once at most on a connection, and only when it was read to its
//! end; a complete 2xx is for an executed one, and its body is the path, `ok`, empty, or nothing but `x`; no HTTP/2 connection
//! disowns by GOAWAY or `REFUSED_STREAM` what it executed and did not answer; and no script waits for more than a client
//! brings that sends whole requests, or closes.

mod http1;
mod http2;

use std::time::Duration;

pub use self::http1::{http1, polite_http1};
pub use self::http2::{http2, polite_http2};

use crate::random::Dice;

/// How much the largest answers have: more than is drained for a connection's sake.
const LARGE: usize = 200 * 1024;

/// A body of such an answer.
fn filler(dice: &mut Dice) -> Vec<u8> {
    vec![b'x'; 1 + dice.below(LARGE)]
}

/// Mostly none, else up to 20 ms; now and then as long as a client keeps an idle connection.
fn pause(dice: &mut Dice) -> Option<Duration> {
    match dice.below(40) {
        0 => Some(Duration::from_millis(300)),
        1..=10 => Some(Duration::from_millis(1 + dice.below(20) as u64)),
        _ => None,
    }
}
