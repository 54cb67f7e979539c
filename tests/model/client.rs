//! The client: its kernel, the taps, and the program above them, which is never in time.

use unstale::evidence::{Delivery, End, Evidence, GateReason, Reuse, SecondLook, Trace};

use super::act::Act;
use super::link::{Answer, BEGIN, END, Link, PREVIOUS};
use super::proof::{Exchange, Look};
use super::state::{State, Steps};
use super::world::{Part, World};

/// The client, on a connection that has carried an exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Client {
    socket: Socket,
    /// All below this segment is acknowledged, as its kernel has heard.
    acknowledged: u8,
    /// All below this segment is written.
    written: u8,
    /// How far the first write of the request went.
    first_write: u8,
    /// How often was written for the request, as far as the taps know: two stands for more.
    writes: u8,
    mark: u8,
    calibrated: bool,
    stage: Stage,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Socket {
    Established,
    CloseWait,
    /// By a RST.
    Closed {
        after_fin: bool,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Stage {
    Idle,
    /// The gate has let the request pass.
    Admitted,
    Sending,
    /// The end was seen when so much was written, and the second look is under way.
    Ended {
        written: u8,
    },
    Over(Delivery),
}

impl Client {
    pub fn idle() -> Self {
        Self {
            socket: Socket::Established,
            acknowledged: PREVIOUS,
            written: BEGIN,
            first_write: BEGIN,
            writes: 0,
            mark: BEGIN,
            calibrated: false,
            stage: Stage::Idle,
        }
    }

    pub fn conclusion(&self) -> Option<Delivery> {
        match self.stage {
            Stage::Over(delivery) => Some(delivery),
            _ => None,
        }
    }

    /// Whether an acknowledgement of the request has reached it.
    pub fn has_heard(&self) -> bool {
        self.acknowledged > BEGIN
    }

    /// Forgets what is on the link and would change nothing any more.
    pub fn forget(&self, link: &mut Link) {
        let is_closed = matches!(self.socket, Socket::Closed { .. });
        link.forget(
            self.acknowledged,
            self.socket != Socket::Established,
            is_closed || self.conclusion().is_some(),
        );
    }

    /// How far the first write of the request went.
    pub fn first_write(&self) -> u8 {
        self.first_write
    }

    fn exchange(&self, world: &World) -> Exchange {
        Exchange {
            mark: self.mark.into(),
            in_one_piece: self.writes <= 1 || !world.has(Part::OnePiece),
            calibrated: self.calibrated,
        }
    }

    /// What one look finds. A part of the proof that is taken away is taken for given.
    fn look(&self, written_at_end: u8, world: &World) -> Option<SecondLook> {
        let came_after_fin = self.socket == Socket::Closed { after_fin: true };
        let had_fin = self.socket == Socket::CloseWait || came_after_fin || !world.has(Part::Fin);
        let look = Look {
            acknowledged: self.acknowledged.into(),
            is_gone: matches!(self.socket, Socket::Closed { .. }),
            is_fin_counted: had_fin,
            is_untouched: self.written == written_at_end || !world.has(Part::Count),
        };
        let was_reset_after_fin = || came_after_fin || !world.has(Part::Fin);
        self.exchange(world).later(&look, was_reset_after_fin)
    }

    fn conclude(mut self, end: End) -> Self {
        let sent = self.written - self.mark;
        let trace = Trace::new(1, Reuse::Reused)
            .with_sent(sent.into())
            .with_sealed();
        self.stage = Stage::Over(Evidence::new(end).with_trace(trace).delivery());
        self
    }

    /// The program asks at the gate. Where the exchange begins it may know, or know a lower bound of.
    fn pass_gate(mut self, mark: u8) -> Self {
        match self.socket {
            Socket::Established => {
                self.mark = mark;
                self.calibrated = self.acknowledged == self.written;
                self.stage = Stage::Admitted;
                self
            }
            Socket::CloseWait => self.conclude(End::Gate(GateReason::HalfClosed)),
            Socket::Closed { .. } => self.conclude(End::Gate(GateReason::Closed)),
        }
    }

    fn write(mut self, to: u8, world: &World) -> Self {
        if matches!(self.socket, Socket::Closed { .. }) {
            return self.conclude(End::Reset);
        }
        if self.stage == Stage::Admitted {
            self.first_write = to;
        } else if !world.has(Part::LowMark) {
            // The rest of a request is taken for the next one.
            self.mark = self.written;
            self.writes = 0;
        }
        self.writes = (self.writes + 1).min(2);
        self.written = to;
        self.stage = Stage::Sending;
        self
    }

    /// The program reads; `None`: there is nothing.
    fn read(mut self, world: &World) -> Option<Self> {
        match self.socket {
            Socket::Established => return None,
            Socket::Closed { after_fin: false } if world.has(Part::Fin) => {
                return Some(self.conclude(End::Reset));
            }
            Socket::CloseWait | Socket::Closed { .. } => {}
        }
        let at_end = self.exchange(world).at_end(Some(self.acknowledged.into()));
        if let Some(found) = at_end {
            return Some(self.conclude(End::Closed(found)));
        }
        self.stage = Stage::Ended {
            written: self.written,
        };
        Some(self)
    }

    fn arrives(mut self, answer: Answer) -> Self {
        use Socket::{CloseWait, Closed, Established};
        if matches!(self.socket, Closed { .. }) {
            return self;
        }
        match answer {
            Answer::Acknowledgement(next) => self.acknowledged = self.acknowledged.max(next),
            Answer::Fin(next) => {
                self.acknowledged = self.acknowledged.max(next);
                self.socket = CloseWait;
            }
            Answer::Reset => {
                let after_fin = self.socket != Established;
                self.socket = Closed { after_fin };
            }
        }
        self
    }
}

/// What the client, or its kernel, may do.
pub fn steps(state: &State, world: &World, steps: &mut Steps) {
    let client = state.client;
    let mut step = |act, client| steps.push((act, State { client, ..*state }));
    match client.stage {
        Stage::Idle => {
            for mark in [PREVIOUS, BEGIN] {
                step(Act::PassesGate { mark }, client.pass_gate(mark));
            }
        }
        Stage::Admitted => {}
        Stage::Sending => {
            if let Some(client) = client.read(world) {
                step(Act::SeesEnd, client);
            }
        }
        Stage::Ended { written } => {
            if let Some(found) = client.look(written, world) {
                step(Act::Looks, client.conclude(End::Closed(found)));
            }
            let undecided = End::Closed(SecondLook::Undecided);
            step(Act::GivesUp, client.conclude(undecided));
        }
        // It has aborted its socket.
        Stage::Over(_) => return,
    }
    for answer in state.link.answers() {
        step(Act::Hears(answer), client.arrives(answer));
    }
    writes(state, world, steps);
}

fn writes(state: &State, world: &World, steps: &mut Steps) {
    let client = state.client;
    let mut step = |act, to, client| {
        let mut after = State { client, ..*state };
        (state.client.written..to).for_each(|segment| after.link.send(segment));
        steps.push((act, after));
    };
    match client.stage {
        Stage::Admitted | Stage::Sending => {
            for to in client.written + 1..=END {
                let after = client.write(to, world);
                let sent_to = after.written;
                let from = client.written;
                step(Act::Writes { from, to }, sent_to, after);
            }
        }
        Stage::Ended { .. }
            if !world.has(Part::Freeze)
                && client.socket == Socket::CloseWait
                && client.written <= END =>
        {
            let to = client.written + 1;
            let mut after = client;
            after.written = to;
            step(Act::WritesAfterEnd, to, after);
        }
        _ => {}
    }
}
