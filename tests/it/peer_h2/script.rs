//! What a peer does on one connection: steps, and a builder in which a scenario reads as a sentence.
//!
//! ```text
//! // serve one request; read all of the next, say that it was not processed, end in good order
//! Script2::new().serve(1).read_all().goaway(Stream::BeforeLast, Code::NoError).fin().discard()
//! // read two requests, answer the second, reset the first as refused
//! Script2::new().read_all().read_all().execute().answer().reset(Stream::Nth(0), Code::RefusedStream).serve_forever()
//! ```
//!
//! Invariant: a script is data. It is fixed before the connection runs it.

use std::time::Duration;

use super::frame::{Code, Frame, MAX_CONCURRENT_STREAMS, Stream};

/// One thing that the peer does.
///
/// Over TLS the handshake comes before the first step. Each step that reads takes the connection's preface and frames one by one,
/// acknowledges SETTINGS and, if told to, PINGs, and gives back the window of DATA. A step that meets the end of the stream or an
/// error ends the script ([`Discard`](Self::Discard) aside), and the connection is closed as by [`Close`](Self::Close); so it is
/// after the last step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step2 {
    /// Reads until HEADERS of a request came that no step had; this is the request in hand.
    ReadHead,
    /// Reads the rest of the request in hand, or the whole of a new one if there is no rest. One that the client resets is over.
    ReadAll,
    /// Reads until the client resets the request in hand.
    ReadReset,
    /// Reads until the client has acknowledged so many SETTINGS in all.
    ReadAcks(usize),
    /// Counts the request in hand and puts it on record. It must have been read whole; one that the client took back before that
    /// is not counted.
    Execute,
    /// Sends all frames by one write.
    Send(Vec<Frame>),
    /// Answers the request in hand with its path for the body, if the client still wants it.
    Echo,
    /// So many times: reads until some request that no step had is whole, executes and answers it.
    Serve(usize),
    /// Serves whatever is whole, in any order, until the cue is given; for ever without one.
    ServeUntil(Option<&'static str>),
    /// Reads and serves nothing until the cue is given; for ever without one. What came meanwhile is for the steps behind.
    ReadUntil(Option<&'static str>),
    /// Whether PINGs are acknowledged, as they are from the start.
    AckPings(bool),
    /// Whether `WINDOW_UPDATE`s follow DATA, as they do from the start.
    GiveCredit(bool),
    /// Sends TLS's alert and no FIN, whatever the [`Tls`](super::Tls) setting. A mistake in cleartext.
    CloseNotify,
    /// Half-closes: `shutdown(SHUT_WR)`, after a `close_notify` if the setting says so. The script goes on and may read.
    Fin,
    /// `close(2)`, after a `close_notify` if the setting says so. Linux sends a RST if bytes are unread, else a FIN. A client of
    /// HTTP/2 always has something to say (an acknowledgement, a window), so for a FIN and nothing else take [`Fin`](Self::Fin)
    /// and [`Discard`](Self::Discard).
    Close,
    /// Aborts (`SO_LINGER` 0): a RST and never an alert.
    Rst,
    /// Reads and forgets, frames or not, until the end of the stream or an error; then the script goes on.
    Discard,
    /// Does nothing, with the socket open, until the peer is dropped: reads nothing.
    Stall,
    /// Waits for [`Peer2::go`](super::Peer2::go), and reads nothing meanwhile.
    Wait(&'static str),
    /// Tells [`Peer2::reached`](super::Peer2::reached).
    Signal(&'static str),
    /// Waits until a byte lies in the kernel, and leaves it there.
    WaitFirstByte,
    /// Does nothing for a while.
    Pause(Duration),
}

/// The steps of one connection, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Script2(Vec<Step2>);

impl Default for Script2 {
    fn default() -> Self {
        Self::new()
    }
}

impl Script2 {
    /// Begins as a server must, with SETTINGS; empty ones.
    pub fn new() -> Self {
        Self::bare().send([Frame::Settings(Vec::new())])
    }

    /// As [`new`](Self::new), with a limit for the client's streams.
    pub fn max_streams(limit: u32) -> Self {
        Self::bare().send([Frame::Settings(vec![(MAX_CONCURRENT_STREAMS, limit)])])
    }

    /// Changes the limit for the client's streams.
    pub fn limit_streams(self, limit: u32) -> Self {
        self.send([Frame::Settings(vec![(MAX_CONCURRENT_STREAMS, limit)])])
    }

    /// Repeats these steps.
    pub fn times(mut self, n: usize, steps: &Self) -> Self {
        for _ in 0..n {
            self = self.then(steps.clone());
        }
        self
    }

    /// Begins with nothing.
    pub fn bare() -> Self {
        Self(Vec::new())
    }

    pub(super) fn steps(&self) -> &[Step2] {
        &self.0
    }

    /// Appends a step.
    pub fn step(mut self, step: Step2) -> Self {
        self.0.push(step);
        self
    }

    /// Appends all steps of another script; one that begins with [`bare`](Self::bare), as SETTINGS are sent once.
    pub fn then(mut self, script: Self) -> Self {
        self.0.extend(script.0);
        self
    }

    pub fn read_head(self) -> Self {
        self.step(Step2::ReadHead)
    }

    pub fn read_all(self) -> Self {
        self.step(Step2::ReadAll)
    }

    pub fn read_reset(self) -> Self {
        self.step(Step2::ReadReset)
    }

    pub fn read_acks(self, settings: usize) -> Self {
        self.step(Step2::ReadAcks(settings))
    }

    pub fn execute(self) -> Self {
        self.step(Step2::Execute)
    }

    /// Sends frames by one write.
    pub fn send(self, frames: impl IntoIterator<Item = Frame>) -> Self {
        self.step(Step2::Send(frames.into_iter().collect()))
    }

    /// Answers the request in hand.
    pub fn answer(self) -> Self {
        self.send([Frame::Answer(Stream::Last)])
    }

    /// Answers the request in hand with its path.
    pub fn echo(self) -> Self {
        self.step(Step2::Echo)
    }

    /// Sends the head of a response and the first byte of its body.
    pub fn half_answer(self) -> Self {
        self.send([
            Frame::Head(Stream::Last),
            Frame::Data(Stream::Last, b"o".to_vec()),
        ])
    }

    pub fn goaway(self, last: Stream, code: Code) -> Self {
        self.send([Frame::Goaway(last, code)])
    }

    /// Sends `RST_STREAM`; for the connection's there is [`rst`](Self::rst).
    pub fn reset(self, stream: Stream, code: Code) -> Self {
        self.send([Frame::Reset(stream, code)])
    }

    pub fn serve(self, requests: usize) -> Self {
        self.step(Step2::Serve(requests))
    }

    pub fn serve_until(self, name: &'static str) -> Self {
        self.step(Step2::ServeUntil(Some(name)))
    }

    pub fn serve_forever(self) -> Self {
        self.step(Step2::ServeUntil(None))
    }

    pub fn read_until(self, name: &'static str) -> Self {
        self.step(Step2::ReadUntil(Some(name)))
    }

    /// Reads everything and answers nothing.
    pub fn read_forever(self) -> Self {
        self.step(Step2::ReadUntil(None))
    }

    pub fn ack_pings(self, on: bool) -> Self {
        self.step(Step2::AckPings(on))
    }

    pub fn give_credit(self, on: bool) -> Self {
        self.step(Step2::GiveCredit(on))
    }

    pub fn close_notify(self) -> Self {
        self.step(Step2::CloseNotify)
    }

    pub fn fin(self) -> Self {
        self.step(Step2::Fin)
    }

    pub fn close(self) -> Self {
        self.step(Step2::Close)
    }

    pub fn rst(self) -> Self {
        self.step(Step2::Rst)
    }

    pub fn discard(self) -> Self {
        self.step(Step2::Discard)
    }

    pub fn stall(self) -> Self {
        self.step(Step2::Stall)
    }

    pub fn wait(self, name: &'static str) -> Self {
        self.step(Step2::Wait(name))
    }

    pub fn signal(self, name: &'static str) -> Self {
        self.step(Step2::Signal(name))
    }

    pub fn wait_first_byte(self) -> Self {
        self.step(Step2::WaitFirstByte)
    }

    pub fn pause(self, duration: Duration) -> Self {
        self.step(Step2::Pause(duration))
    }
}
