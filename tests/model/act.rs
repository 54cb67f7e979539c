//! What happens in the world, in words.

use std::fmt;

use super::link::{Answer, END, PREVIOUS};
use super::server::Deed;

/// One thing that happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    // The client
    PassesGate { mark: u8 },
    Writes { from: u8, to: u8 },
    SeesEnd,
    WritesAfterEnd,
    Looks,
    GivesUp,
    Hears(Answer),
    // The server's kernel
    Arrives(u8),
    Acknowledges,
    ResendsFin,
    Forgets,
    // The server's program
    Program(Deed),
}

impl fmt::Display for Act {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PassesGate { mark } => {
                write!(f, "client   asks at the gate; its mark lies at {mark}")
            }
            Self::Writes { from, to } if from + 1 == *to => {
                write!(f, "client   writes segment {from}")
            }
            Self::Writes { from, to } => {
                write!(f, "client   writes segments {from} to {} at once", to - 1)
            }
            Self::SeesEnd => write!(f, "client   reads the end"),
            Self::WritesAfterEnd => write!(f, "client   writes one segment more"),
            Self::Looks => write!(f, "client   looks again"),
            Self::GivesUp => write!(f, "client   gives up looking"),
            Self::Hears(answer) => write!(f, "client   gets {answer}"),
            Self::Arrives(PREVIOUS) => {
                write!(f, "server   gets the rest of the request before (0)")
            }
            Self::Arrives(segment) if *segment >= END => {
                write!(f, "server   gets what was written too late ({segment})")
            }
            Self::Arrives(segment) => write!(f, "server   gets segment {segment} of the request"),
            Self::Acknowledges => write!(f, "server   acknowledges, later"),
            Self::ResendsFin => write!(f, "server   sends its FIN again"),
            Self::Forgets => write!(f, "server   forgets the connection"),
            Self::Program(Deed::Reads) => write!(f, "program  reads a segment"),
            Self::Program(Deed::HalfCloses) => write!(f, "program  half-closes"),
            Self::Program(Deed::Closes) => write!(f, "program  closes"),
            Self::Program(Deed::Aborts) => write!(f, "program  aborts"),
            Self::Program(Deed::Executes) => write!(f, "program  executes the request"),
        }
    }
}
