//! Runs a script on one accepted connection.
//!
//! Invariant: whatever happens, the connection ends through [`Wire::close`] or [`Wire::reset`], once; and an execution is on
//! record before a byte of its answer is written.

use std::io;

use super::frame::{Frame, Stream};
use super::link::{Link, Request};
use super::script::{Script2, Step2};
use super::{Execution2, Stage};
use crate::peer::loopback::wire::Wire;

#[derive(Debug)]
pub(super) struct Connection<'a> {
    index: usize,
    link: Link<'a>,
    stage: &'a Stage,
}

/// How a script ends before its last step.
enum End {
    Close,
    Reset,
}

impl From<io::Error> for End {
    fn from(_: io::Error) -> Self {
        Self::Close
    }
}

impl<'a> Connection<'a> {
    pub(super) fn new(index: usize, wire: Wire<'a>, stage: &'a Stage) -> Self {
        Self {
            index,
            link: Link::new(wire),
            stage,
        }
    }

    pub(super) fn run(mut self, script: &Script2) {
        let handshake = self.link.wire.handshake().map_err(End::from);
        let steps = |()| script.steps().iter().try_for_each(|step| self.step(step));
        match handshake.and_then(steps) {
            Ok(()) | Err(End::Close) => self.link.wire.close(),
            Err(End::Reset) => self.link.wire.reset(),
        }
    }

    fn step(&mut self, step: &Step2) -> Result<(), End> {
        match step {
            Step2::ReadHead => self.read_head()?,
            Step2::ReadAll => self.read_all()?,
            Step2::ReadReset => self.read_while(|request| !request.cancelled)?,
            Step2::ReadAcks(settings) => {
                while self.link.acks < *settings {
                    self.link.take()?;
                }
            }
            Step2::Execute => self.execute(),
            Step2::Send(frames) => self.link.send(frames)?,
            Step2::Echo => self.echo()?,
            Step2::Serve(requests) => (0..*requests).try_for_each(|_| self.serve_next())?,
            Step2::ServeUntil(name) => self.until(*name, true)?,
            Step2::ReadUntil(name) => self.until(*name, false)?,
            Step2::AckPings(on) => self.link.pings = *on,
            Step2::GiveCredit(on) => self.link.credit = *on,
            Step2::CloseNotify => self.link.wire.close_notify()?,
            Step2::Fin => self.link.wire.fin()?,
            Step2::Close => return Err(End::Close),
            Step2::Rst => return Err(End::Reset),
            Step2::Discard => self.link.wire.discard(),
            Step2::Stall => self.stage.cues.stall()?,
            Step2::Wait(name) => self.stage.cues.wait(name)?,
            Step2::Signal(name) => self.stage.cues.signal(name),
            Step2::WaitFirstByte => self.link.wire.wait_first_byte()?,
            Step2::Pause(duration) => self.stage.cues.pause(*duration)?,
        }
        Ok(())
    }

    fn read_head(&mut self) -> io::Result<()> {
        while !self.take_up(|_| true) {
            self.link.take()?;
        }
        Ok(())
    }

    fn read_all(&mut self) -> io::Result<()> {
        if self.link.last.is_none() || over(self.link.last()) {
            self.read_head()?;
        }
        self.read_while(|request| !over(request))
    }

    /// Reads as long as the request in hand is so.
    fn read_while(&mut self, unfinished: impl Fn(&Request) -> bool) -> io::Result<()> {
        while unfinished(self.link.last()) {
            self.link.take()?;
        }
        Ok(())
    }

    fn serve_next(&mut self) -> io::Result<()> {
        while !self.take_up(ready) {
            self.link.take()?;
        }
        self.serve()
    }

    /// Reads, and maybe serves, until the cue is given; for ever without one.
    fn until(&mut self, name: Option<&'static str>, serving: bool) -> io::Result<()> {
        while !name.is_some_and(|name| self.stage.cues.given(name)) {
            if serving && self.take_up(ready) {
                self.serve()?;
            } else if self.link.wire.readable()? {
                self.link.take()?;
            }
        }
        Ok(())
    }

    /// Takes the first request in hand that no step had, if there is such a one.
    fn take_up(&mut self, wanted: impl Fn(&Request) -> bool) -> bool {
        let requests = &mut self.link.requests;
        let Some(found) = requests.iter().position(|one| !one.taken && wanted(one)) else {
            return false;
        };
        requests[found].taken = true;
        self.link.last = Some(found);
        true
    }

    fn serve(&mut self) -> io::Result<()> {
        self.execute();
        self.link.send(&[Frame::Answer(Stream::Last)])
    }

    fn echo(&mut self) -> io::Result<()> {
        let request = self.link.last();
        if request.cancelled {
            return Ok(());
        }
        let path = request.path.clone().into_bytes();
        let (head, body) = (
            Frame::Head(Stream::Last),
            Frame::LastData(Stream::Last, path),
        );
        self.link.send(&[head, body])
    }

    fn execute(&self) {
        let request = self.link.last();
        assert!(over(request), "Execute needs a request that was read whole");
        if !request.complete {
            // The client took it back before it was whole.
            return;
        }
        self.stage.tally.execute(Execution2 {
            connection: self.index,
            stream: request.stream,
            method: request.method.clone(),
            path: request.path.clone(),
            headers: request.headers.clone(),
            body: request.body.clone(),
        });
    }
}

/// Nothing more of it will come.
fn over(request: &Request) -> bool {
    request.complete || request.cancelled
}

/// Whole, and still wanted when it was.
fn ready(request: &Request) -> bool {
    request.complete && !request.cancelled
}
