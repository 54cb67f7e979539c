//! The server: its kernel, which acknowledges late and answers for a closed socket by RST, and its program.

use super::act::Act;
use super::link::{Answer, BEGIN};
use super::state::{State, Steps};
use super::world::{Part, Program, Promise, Step, World};

/// The server, on a connection whose last request it has answered, though it may not have read all of it.
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent facts, each of which may hold with any other"
)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Server {
    socket: Socket,
    /// All below this segment has arrived.
    arrived: u8,
    /// What has arrived beyond a gap.
    out_of_order: u8,
    /// Something has arrived that no acknowledgement has spoken of yet.
    owes_acknowledgement: bool,
    /// All below this segment is read.
    read: u8,
    /// The first FIN acknowledged none of the request, and the program could still read then.
    half_closed_before_request: bool,
    /// An acknowledgement of the request was sent.
    acknowledged_request: bool,
    executed: bool,
    /// The program has reset the connection, and may not act any more on what it has read.
    must_not_act: bool,
    /// How many of its steps the program has made.
    step: u8,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
enum Socket {
    #[default]
    Open,
    HalfClosed,
    /// Closed by the program, and remembered by the kernel.
    Closed,
    Forgotten,
}

/// What a program may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    Reads,
    HalfCloses,
    Closes,
    Aborts,
    Executes,
}

impl Server {
    pub fn has_executed(&self) -> bool {
        self.executed
    }

    fn is_held(&self) -> bool {
        matches!(self.socket, Socket::Open | Socket::HalfClosed)
    }

    /// Forgets the connection, with a RST.
    fn reset(&mut self) -> Answer {
        self.forget();
        Answer::Reset
    }

    /// Of what is forgotten nothing matters but what the program has read.
    fn forget(&mut self) {
        self.socket = Socket::Forgotten;
        self.arrived = self.read;
        self.out_of_order = 0;
        self.owes_acknowledgement = false;
    }

    fn fin(&mut self) -> Answer {
        Answer::Fin(self.acknowledged())
    }

    fn acknowledge(&mut self) -> Answer {
        Answer::Acknowledgement(self.acknowledged())
    }

    fn acknowledged(&mut self) -> u8 {
        self.owes_acknowledgement = false;
        self.acknowledged_request |= self.arrived > BEGIN;
        self.arrived
    }

    /// A segment arrives. What is in order is acknowledged at some later time, or never.
    fn arrives(&mut self, segment: u8) -> Option<Answer> {
        if !self.is_held() {
            // `tcp_rcv_state_process` and `tcp_timewait_state_process`: new data after a close is answered by RST.
            let is_old = segment < self.arrived;
            let is_remembered = self.socket == Socket::Closed;
            let answer = if is_old && is_remembered {
                self.acknowledge()
            } else {
                self.reset()
            };
            return Some(answer);
        }
        if segment != self.arrived {
            if segment > self.arrived {
                self.out_of_order |= 1 << segment;
            }
            return Some(self.acknowledge());
        }
        self.arrived += 1;
        while self.out_of_order >> self.arrived & 1 == 1 {
            self.out_of_order &= !(1 << self.arrived);
            self.arrived += 1;
        }
        self.owes_acknowledgement = true;
        None
    }

    fn can(&self, deed: Deed) -> bool {
        match deed {
            Deed::Executes => self.read > BEGIN && !self.executed && !self.must_not_act,
            Deed::Reads => self.is_held() && self.read < self.arrived,
            Deed::HalfCloses => self.socket == Socket::Open,
            Deed::Closes | Deed::Aborts => self.is_held(),
        }
    }

    /// The program does what it can; the kernel's answer, if there is one.
    fn does(&mut self, deed: Deed) -> Option<Answer> {
        let was_open = self.socket == Socket::Open;
        match deed {
            Deed::Executes => {
                self.executed = true;
                None
            }
            Deed::Reads => {
                self.read += 1;
                None
            }
            Deed::HalfCloses => {
                self.half_closed_before_request = self.arrived <= BEGIN;
                self.socket = Socket::HalfClosed;
                Some(self.fin())
            }
            // RFC 2525, section 2.17: a close with bytes unread is a RST.
            Deed::Closes if self.read < self.arrived => Some(self.reset()),
            Deed::Closes => {
                self.socket = Socket::Closed;
                was_open.then(|| self.fin())
            }
            Deed::Aborts => Some(self.reset()),
        }
    }

    /// Whether the deed answers bytes by RST that came with others which the program has read after its half-close.
    fn is_reset(&self, deed: Deed, sent_at_once: u8) -> bool {
        let leaves_some = self.read < self.arrived || self.arrived < sent_at_once;
        let is_reset = deed == Deed::Aborts || deed == Deed::Closes && leaves_some;
        is_reset && self.half_closed_before_request && self.read > BEGIN
    }

    /// The deeds that the program may want to do, and how many steps it has made then.
    fn wishes(&self, program: Program) -> Vec<(Deed, u8)> {
        use Deed::{Aborts, Closes, Executes, HalfCloses, Reads};
        let Program::Steps(all) = program else {
            return [Reads, HalfCloses, Closes, Aborts, Executes]
                .map(|deed| (deed, 0))
                .to_vec();
        };
        let mut step = usize::from(self.step);
        let is_made = |step: &Step| match step {
            Step::ReadTo(segment) => self.read >= *segment,
            Step::AwaitAcknowledgement => !self.owes_acknowledgement,
            _ => false,
        };
        while all.get(step).is_some_and(is_made) {
            step += 1;
        }
        let made = u8::try_from(step).unwrap();
        match all.get(step) {
            Some(Step::ReadTo(_)) => vec![(Reads, made)],
            Some(Step::HalfClose) => vec![(HalfCloses, made + 1)],
            Some(Step::Close) => vec![(Closes, made + 1)],
            Some(Step::Abort) => vec![(Aborts, made + 1)],
            Some(Step::Execute) => vec![(Executes, made + 1)],
            Some(Step::AwaitAcknowledgement) | None => Vec::new(),
        }
    }
}

/// What the server's kernel, or its program, may do.
pub fn steps(state: &State, world: &World, steps: &mut Steps) {
    let mut step = |act, server, answer: Option<Answer>| {
        let mut after = State { server, ..*state };
        if let Some(answer) = answer {
            after.link.answer(answer);
        }
        steps.push((act, after));
    };
    for segment in state.link.segments() {
        let mut server = state.server;
        let answer = server.arrives(segment);
        step(Act::Arrives(segment), server, answer);
    }
    let mut server = state.server;
    if server.owes_acknowledgement {
        let answer = server.acknowledge();
        step(Act::Acknowledges, server, Some(answer));
    }
    let mut server = state.server;
    if matches!(server.socket, Socket::HalfClosed | Socket::Closed) {
        let answer = server.fin();
        step(Act::ResendsFin, server, Some(answer));
    }
    if server.socket == Socket::Closed && !world.has(Part::Memory) {
        server.forget();
        step(Act::Forgets, server, None);
    }
    for (deed, made) in state.server.wishes(world.program) {
        let mut server = state.server;
        if server.can(deed) && keeps_promise(&mut server, deed, state, world) {
            server.step = made;
            let answer = server.does(deed);
            step(Act::Program(deed), server, answer);
        }
    }
}

/// Whether the promise lets the program do it. If it resets the connection first, it must not act later.
fn keeps_promise(server: &mut Server, deed: Deed, state: &State, world: &World) -> bool {
    let is_free = match world.promise {
        Promise::Never => true,
        Promise::UntilAcknowledged => server.acknowledged_request,
        Promise::UntilHeard => state.client.has_heard(),
    };
    if is_free || !server.is_reset(deed, state.client.first_write()) {
        return true;
    }
    server.must_not_act = true;
    !server.executed
}
