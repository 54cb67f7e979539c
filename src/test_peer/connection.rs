//! Runs a script on one accepted connection.
//!
//! ```text
//! handshake ─▶ step ─▶ step ─▶ … ─▶ last step ──▶ close
//!                │ Close, end of stream, error ──▶ close     │ Rst ──▶ reset
//! ```
//!
//! Invariant: whatever happens, the connection ends through [`Wire::close`] or [`Wire::reset`], once.

use std::io;

use super::loopback::wire::Wire;
use super::request::Request;
use super::script::{Script, Step};
use super::{Execution, Stage};

#[derive(Debug)]
pub(super) struct Connection<'a> {
    index: usize,
    wire: Wire<'a>,
    stage: &'a Stage,
    /// The request being read or, once complete, the last one.
    request: Option<Request>,
    /// The client's end of stream was seen by `Discard`: a loop must not go round again.
    drained: bool,
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
            wire,
            stage,
            request: None,
            drained: false,
        }
    }

    pub(super) fn run(mut self, script: Script) {
        let steps = Vec::from(script);
        let handshake = match steps.first() {
            Some(Step::NoHandshake) => Ok(()),
            _ => self.wire.handshake().map_err(End::from),
        };
        match handshake.and_then(|()| self.steps(&steps)) {
            Ok(()) | Err(End::Close) => self.wire.close(),
            Err(End::Reset) => self.wire.reset(),
        }
    }

    fn steps(&mut self, steps: &[Step]) -> Result<(), End> {
        steps.iter().try_for_each(|step| self.step(step))
    }

    fn step(&mut self, step: &Step) -> Result<(), End> {
        match step {
            Step::NoHandshake => {}
            Step::ReadSome(bytes) => self.wire.read_ahead(*bytes)?,
            Step::ReadHead => self.read_head()?,
            Step::ReadBody(limit) => self.read_body(*limit)?,
            Step::ReadAll => self.read_all()?,
            Step::Execute => self.execute(),
            Step::Answer => self.answer("ok")?,
            Step::Echo => self.answer(&self.request().path.clone())?,
            Step::Send(bytes) => self.wire.send(bytes)?,
            Step::SendSplit(pieces) => pieces.iter().try_for_each(|piece| self.wire.send(piece))?,
            Step::CloseNotify => self.wire.close_notify()?,
            Step::Fin => self.wire.fin()?,
            Step::Close => return Err(End::Close),
            Step::Rst => return Err(End::Reset),
            Step::Discard => {
                self.wire.discard();
                self.drained = true;
            }
            Step::Stall => self.stage.cues.stall()?,
            Step::Wait(name) => self.stage.cues.wait(name)?,
            Step::Signal(name) => self.stage.cues.signal(name),
            Step::WaitFirstByte => self.wire.wait_first_byte()?,
            Step::Pause(duration) => self.stage.cues.pause(*duration)?,
            Step::Forget => self.wire.forget()?,
            Step::Remember => self.wire.remember()?,
            Step::SetNoDelay(on) => self.wire.set_no_delay(*on)?,
            Step::Loop(steps) => {
                while !self.drained {
                    self.stage.cues.check()?;
                    self.steps(steps)?;
                }
            }
        }
        Ok(())
    }

    fn read_head(&mut self) -> io::Result<()> {
        let open = self
            .request
            .as_ref()
            .is_some_and(|request| !request.is_complete());
        assert!(
            !open,
            "ReadHead inside a body: the script must read the rest of it first"
        );
        self.request = Some(Request::read_head(&mut self.wire)?);
        Ok(())
    }

    fn read_body(&mut self, limit: usize) -> io::Result<()> {
        let request = self
            .request
            .as_mut()
            .expect("ReadBody needs a ReadHead before it");
        request.read_body(&mut self.wire, limit)
    }

    fn read_all(&mut self) -> io::Result<()> {
        if self.request.as_ref().is_none_or(Request::is_complete) {
            self.read_head()?;
        }
        self.read_body(usize::MAX)
    }

    fn request(&self) -> &Request {
        self.request.as_ref().expect("the step needs a request")
    }

    fn execute(&self) {
        let request = self.request();
        self.stage.tally.execute(Execution {
            connection: self.index,
            method: request.method.clone(),
            path: request.path.clone(),
            headers: request.headers.clone(),
            body: request.body.clone(),
        });
    }

    fn answer(&mut self, body: &str) -> io::Result<()> {
        let head = self
            .request
            .as_ref()
            .is_some_and(|request| request.method == "HEAD");
        let length = body.len();
        let body = if head { "" } else { body };
        let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{body}");
        self.wire.send(answer.as_bytes())
    }
}
