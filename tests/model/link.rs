//! The link: all that was ever sent on it.
//!
//! What was sent may arrive at any later time, in any order, never, once or again. So the set of what was sent is all there is
//! to know, and delay, loss, reordering and retransmission are in it without a bound.

use std::fmt;

/// The last segment of the exchange before.
pub const PREVIOUS: u8 = 0;
/// The first segment of the request.
pub const BEGIN: u8 = 1;
/// Behind the last segment of the request: here the client would go on, with `close_notify` or otherwise.
pub const END: u8 = 3;

/// What was sent. A segment of the client's stream has its number for a bit, an acknowledgement the number of the segment
/// that is expected next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Link {
    data: u8,
    acknowledgements: u8,
    fins: u8,
    reset: bool,
}

/// What travels to the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// All below this segment has arrived.
    Acknowledgement(u8),
    /// The end of the server's stream, which acknowledges as well.
    Fin(u8),
    /// What it acknowledges is counted by nobody.
    Reset,
}

impl Link {
    pub fn send(&mut self, segment: u8) {
        self.data |= 1 << segment;
    }

    pub fn answer(&mut self, answer: Answer) {
        match answer {
            Answer::Acknowledgement(next) => self.acknowledgements |= 1 << next,
            Answer::Fin(next) => self.fins |= 1 << next,
            Answer::Reset => self.reset = true,
        }
    }

    /// The segments that may arrive at the server.
    pub fn segments(self) -> impl Iterator<Item = u8> {
        bits(self.data)
    }

    /// What may arrive at the client.
    pub fn answers(self) -> impl Iterator<Item = Answer> {
        let acknowledgements = bits(self.acknowledgements).map(Answer::Acknowledgement);
        let fins = bits(self.fins).map(Answer::Fin);
        let resets = self.reset.then_some(Answer::Reset);
        acknowledgements.chain(fins).chain(resets)
    }

    /// Forgets what would change nothing any more if it arrived at the client.
    pub fn forget(&mut self, acknowledged: u8, had_fin: bool, is_closed: bool) {
        if had_fin {
            self.acknowledgements |= std::mem::take(&mut self.fins);
        }
        self.acknowledgements &= !((2 << acknowledged) - 1);
        if is_closed {
            (self.acknowledgements, self.fins, self.reset) = (0, 0, false);
        }
    }
}

fn bits(set: u8) -> impl Iterator<Item = u8> {
    (0..8).filter(move |bit| set >> bit & 1 == 1)
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Acknowledgement(next) => write!(f, "ACK {next}"),
            Self::Fin(next) => write!(f, "FIN, ACK {next}"),
            Self::Reset => write!(f, "RST"),
        }
    }
}
