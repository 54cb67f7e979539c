//! The ten cases: what the peer does with a connection at the moment at which a request is sent on it.

use std::time::Duration;

use unstale::evidence::Delivery;

use crate::peer::Script;

const LATER: Duration = Duration::from_millis(80);
/// Longer than a kernel holds an acknowledgement back (`TCP_DELACK_MAX` of Linux: 200 ms).
const MUCH_LATER: Duration = Duration::from_millis(300);

/// The cue for the peer's end, and its word that the end was sent.
pub const END: &str = "end";
pub const ENDED: &str = "ended";
/// The peer's word that its program has done all it will do with the request.
pub const DONE: &str = "done";

/// What the peer does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Case {
    /// 1: `close()` before the request arrives.
    Closes,
    /// 2: `shutdown(WR)`, and reads the request later.
    HalfClosesReadsLater,
    /// 3: `shutdown(WR)`; reads the whole request, executes it, and closes at once.
    HalfClosesExecutesCloses,
    /// 4: `shutdown(WR)`; reads a part, acts on it, and closes with the rest unread.
    HalfClosesActsOnPart,
    /// 5: reads the whole request, executes it, and aborts at once.
    ExecutesAborts,
    /// 6: the same, aborting after 80 ms.
    ExecutesAbortsLater,
    /// 7: reads the whole request, executes it, and closes without an answer.
    ExecutesCloses,
    /// 8: aborts the idle connection before the request arrives.
    AbortsIdle,
    /// 9: `shutdown(WR)`; reads the whole request, executes it, and aborts at once.
    HalfClosesExecutesAborts,
    /// 10: Node.js, whose program calls `socket.end()` on an idle connection.
    NodeEndsIdle,
}

impl Case {
    /// The number under which the documentation has it.
    pub fn number(self) -> u8 {
        match self {
            Self::Closes => 1,
            Self::HalfClosesReadsLater => 2,
            Self::HalfClosesExecutesCloses => 3,
            Self::HalfClosesActsOnPart => 4,
            Self::ExecutesAborts => 5,
            Self::ExecutesAbortsLater => 6,
            Self::ExecutesCloses => 7,
            Self::AbortsIdle => 8,
            Self::HalfClosesExecutesAborts => 9,
            Self::NodeEndsIdle => 10,
        }
    }

    /// What the evidence is to say of the request where no packet is lost.
    pub fn delivery(self) -> Delivery {
        match self {
            Self::Closes | Self::HalfClosesActsOnPart | Self::HalfClosesExecutesAborts => {
                Delivery::NotReceived
            }
            Self::HalfClosesReadsLater
            | Self::HalfClosesExecutesCloses
            | Self::ExecutesAborts
            | Self::ExecutesAbortsLater
            | Self::ExecutesCloses
            | Self::AbortsIdle
            | Self::NodeEndsIdle => Delivery::Unknown,
        }
    }

    /// Whether the peer's program acts on the request.
    pub fn executes(self) -> bool {
        !matches!(self, Self::Closes | Self::AbortsIdle)
    }

    /// Whether it does what the documented assumption excludes: it has half-closed, acts on what came after, and resets the
    /// connection before its kernel acknowledged it.
    pub fn breaks_the_assumption(self) -> bool {
        matches!(
            self,
            Self::HalfClosesActsOnPart | Self::HalfClosesExecutesAborts
        )
    }

    /// Whether the peer's end is to cross the request.
    pub fn crosses(self) -> bool {
        !matches!(
            self,
            Self::ExecutesAborts | Self::ExecutesAbortsLater | Self::ExecutesCloses
        )
    }

    /// Whether the peer's first word is a FIN.
    pub fn begins_with_fin(self) -> bool {
        self.crosses() && self != Self::AbortsIdle
    }

    /// What the scripted peer does behind the exchanges that make the connection a reused one; `None` for a peer that is
    /// none. `whole`: all of the request comes.
    pub fn script(self, before: Script, whole: bool) -> Option<Script> {
        let half_closed = || before.clone().wait(END).fin().signal(ENDED);
        let read = |script: Script| {
            if whole {
                script.read_all()
            } else {
                script.read_head().read_body(FIRST_PIECE)
            }
        };
        let executed = |script: Script| read(script).execute().signal(DONE);
        Some(match self {
            // The signal a moment too early: after a close no step comes.
            Self::Closes => before.wait(END).signal(ENDED).close(),
            Self::HalfClosesReadsLater => {
                executed(half_closed().wait_first_byte().pause(MUCH_LATER))
            }
            Self::HalfClosesExecutesCloses => executed(half_closed()).close(),
            Self::HalfClosesActsOnPart => half_closed().read_head().execute().signal(DONE).close(),
            Self::ExecutesAborts => executed(before).rst(),
            Self::ExecutesAbortsLater => executed(before).pause(LATER).rst(),
            Self::ExecutesCloses => executed(before).close(),
            Self::AbortsIdle => before.wait(END).signal(ENDED).rst(),
            Self::HalfClosesExecutesAborts => executed(half_closed()).rst(),
            Self::NodeEndsIdle => return None,
        })
    }
}

/// The request's body: more than one TLS record, as the client is told to make them, and one segment.
pub const BODY: usize = 900;
/// What of it leaves with the head, if the rest is to come.
pub const FIRST_PIECE: usize = 300;
/// The most that the client puts into a TLS record.
pub const RECORD: usize = 256;
