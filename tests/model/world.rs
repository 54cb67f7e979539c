//! What is taken for granted in an exploration, and what is taken away.

/// The world that is explored.
#[derive(Clone, Copy, Debug)]
pub struct World {
    pub program: Program,
    pub promise: Promise,
    pub without: &'static [Part],
}

impl World {
    /// The crate as it is, its assumption, and a program that may do anything else.
    pub const WHOLE: Self = Self {
        program: Program::Any,
        promise: Promise::UntilHeard,
        without: &[],
    };

    pub fn has(&self, part: Part) -> bool {
        !self.without.contains(&part)
    }
}

/// The one assumption: what a program refrains from that has half-closed, and has read bytes of the request that came after.
/// It does not both act on them and reset the connection: abort it, close it with bytes unread, or close it while more of
/// what was sent with them is on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Promise {
    /// It is made for as long as no acknowledgement of these bytes has reached the client.
    UntilHeard,
    /// It is made for as long as the program's kernel has acknowledged none of these bytes.
    UntilAcknowledged,
    /// It is not made.
    Never,
}

/// A part of the proof, without which it is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Nothing is written once the end was seen.
    Freeze,
    /// What is written all the same is counted.
    Count,
    /// The peer's FIN came before the RST.
    Fin,
    /// The mark lies no higher than the request begins.
    LowMark,
    /// The request left in one write.
    OnePiece,
    /// The server's kernel remembers a connection for some time that its program has closed (`TIME_WAIT`, `FIN_WAIT2`).
    Memory,
}

/// What the server's program does.
#[derive(Clone, Copy, Debug)]
pub enum Program {
    /// Anything, at any time.
    Any,
    /// These, in this order, each at any time.
    Steps(&'static [Step]),
}

/// A step of a program.
#[derive(Clone, Copy, Debug)]
pub enum Step {
    /// Reads until it has everything below this segment.
    ReadTo(u8),
    HalfClose,
    Close,
    Abort,
    Execute,
    /// Waits until its kernel has acknowledged what has arrived.
    AwaitAcknowledgement,
}
