//! What a peer does on one connection: steps, and a builder in which a scenario reads as a sentence.
//!
//! ```text
//! // serve one request, lie idle for 200 ms, FIN, go on reading
//! Script::new().serve().pause(Duration::from_millis(200)).fin().discard()
//! // serve; read all of request 2; execute it; RST
//! Script::new().serve().read_all().execute().rst()
//! ```
//!
//! Invariant: a script is data. It is fixed before the connection runs it, so a failing one can be printed and run again.

use std::time::Duration;

/// One thing that the peer does.
///
/// Over TLS the handshake comes before the first step. A step that meets the end of the stream or an error ends the script
/// ([`Discard`](Self::Discard) aside), and the connection is closed as by [`Close`](Self::Close); so it is after the last
/// step.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Step {
    /// Does no handshake, over TLS; only as the first step, and with nothing behind that reads or sends.
    NoHandshake,
    /// Reads so many application bytes, and not one more, and keeps them for the request read next. Blocks if fewer come.
    ReadSome(usize),
    /// Reads a request's head, to the empty line. The body stays in the kernel (over TLS: all but what shares the head's
    /// record).
    ReadHead,
    /// Reads on in the body: so many decoded bytes, or to its end if that comes first. Needs a head.
    ReadBody(usize),
    /// Reads the rest of a request, or the whole of a new one if the last is complete.
    ReadAll,
    /// Counts the request and puts it on record, with the body as far as it has been read.
    Execute,
    /// Sends a 200 with `Content-Length: 2` and the body `ok` (no body to a HEAD); the connection stays open.
    Answer,
    /// As [`Answer`](Self::Answer), with the request's path for the body: so nobody else's answer passes for it.
    Echo,
    /// Sends bytes as they are.
    Send(Vec<u8>),
    /// Sends each piece by a write of its own; over TLS as a record of its own.
    SendSplit(Vec<Vec<u8>>),
    /// Sends TLS's alert and no FIN, whatever the [`Tls`](super::Tls) setting. A mistake in cleartext.
    CloseNotify,
    /// Half-closes: `shutdown(SHUT_WR)`, after a `close_notify` if the setting says so. The script goes on and may read.
    Fin,
    /// `close(2)`, after a `close_notify` if the setting says so. Linux sends a RST if bytes are unread, else a FIN, and a
    /// RST to whatever comes later.
    Close,
    /// Aborts (`SO_LINGER` 0): a RST and never an alert.
    Rst,
    /// Reads and forgets until the end of the stream or an error; then the script goes on.
    Discard,
    /// Does nothing, with the socket open, until the peer is dropped.
    Stall,
    /// Waits for [`Peer::go`](super::Peer::go).
    Wait(&'static str),
    /// Tells [`Peer::reached`](super::Peer::reached).
    Signal(&'static str),
    /// Waits until a byte lies in the kernel, and leaves it there. Over TLS any record counts, also an alert of the client's.
    WaitFirstByte,
    /// Does nothing for a while.
    Pause(Duration),
    /// Forgets the connection as a firewall does: from now on its kernel drops, unheard and without a word, all that
    /// arrives. On Linux alone.
    Forget,
    /// Remembers it: from now on what arrives is heard again.
    Remember,
    /// Sets `TCP_NODELAY`, which is on from the start, as with most servers: each `Send` leaves at once in a segment of its
    /// own. Off, a small answer may wait for an acknowledgement, and be lost if the next step is `Rst`.
    SetNoDelay(bool),
    /// Repeats until the end of the stream or an error.
    Loop(Vec<Self>),
}

/// The steps of one connection, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct Script(Vec<Step>);

impl Script {
    /// A script without steps: it closes the connection at once.
    pub fn new() -> Self {
        Self::default()
    }

    /// Serves every request of the connection.
    pub fn serve_forever() -> Self {
        Self::new().repeat(Self::new().serve())
    }

    /// Reads a request, executes it and answers.
    pub fn serve(self) -> Self {
        self.read_all().execute().answer()
    }

    /// Appends all steps of another script.
    pub fn then(mut self, script: Self) -> Self {
        self.0.extend(script.0);
        self
    }

    /// Appends a step.
    pub fn step(mut self, step: Step) -> Self {
        self.0.push(step);
        self
    }

    /// Over TLS the client waits for the handshake in vain.
    pub fn no_handshake() -> Self {
        Self::new().step(Step::NoHandshake)
    }

    /// Reads so many application bytes ([`Step::ReadSome`]).
    pub fn read_some(self, bytes: usize) -> Self {
        self.step(Step::ReadSome(bytes))
    }

    /// Reads a request's head, and leaves its body ([`Step::ReadHead`]).
    pub fn read_head(self) -> Self {
        self.step(Step::ReadHead)
    }

    /// Reads on in the body: so many bytes, or to its end ([`Step::ReadBody`]).
    pub fn read_body(self, bytes: usize) -> Self {
        self.step(Step::ReadBody(bytes))
    }

    /// Reads the rest of a request, or the whole of a new one ([`Step::ReadAll`]).
    pub fn read_all(self) -> Self {
        self.step(Step::ReadAll)
    }

    /// Counts the request, and puts it on record ([`Step::Execute`]).
    pub fn execute(self) -> Self {
        self.step(Step::Execute)
    }

    /// Sends a 200 with the body `ok` ([`Step::Answer`]).
    pub fn answer(self) -> Self {
        self.step(Step::Answer)
    }

    /// Sends a 200 with the request's path for the body ([`Step::Echo`]).
    pub fn echo(self) -> Self {
        self.step(Step::Echo)
    }

    /// Sends bytes as they are ([`Step::Send`]).
    pub fn send(self, bytes: impl Into<Vec<u8>>) -> Self {
        self.step(Step::Send(bytes.into()))
    }

    /// Sends each piece by a write of its own ([`Step::SendSplit`]).
    pub fn send_split<P: Into<Vec<u8>>>(self, pieces: impl IntoIterator<Item = P>) -> Self {
        self.step(Step::SendSplit(
            pieces.into_iter().map(Into::into).collect(),
        ))
    }

    /// Sends TLS's alert and no FIN ([`Step::CloseNotify`]).
    pub fn close_notify(self) -> Self {
        self.step(Step::CloseNotify)
    }

    /// Half-closes, and goes on ([`Step::Fin`]).
    pub fn fin(self) -> Self {
        self.step(Step::Fin)
    }

    /// Closes, both ways ([`Step::Close`]).
    pub fn close(self) -> Self {
        self.step(Step::Close)
    }

    /// Aborts: a RST ([`Step::Rst`]).
    pub fn rst(self) -> Self {
        self.step(Step::Rst)
    }

    /// Reads and forgets until the end of the stream ([`Step::Discard`]).
    pub fn discard(self) -> Self {
        self.step(Step::Discard)
    }

    /// Does nothing any more, with the socket open ([`Step::Stall`]).
    pub fn stall(self) -> Self {
        self.step(Step::Stall)
    }

    /// Waits for [`Peer::go`](super::Peer::go) of this name ([`Step::Wait`]).
    pub fn wait(self, name: &'static str) -> Self {
        self.step(Step::Wait(name))
    }

    /// Tells [`Peer::reached`](super::Peer::reached) of this name ([`Step::Signal`]).
    pub fn signal(self, name: &'static str) -> Self {
        self.step(Step::Signal(name))
    }

    /// Waits until a byte lies in the kernel, and leaves it there ([`Step::WaitFirstByte`]).
    pub fn wait_first_byte(self) -> Self {
        self.step(Step::WaitFirstByte)
    }

    /// Does nothing for a while ([`Step::Pause`]).
    pub fn pause(self, duration: Duration) -> Self {
        self.step(Step::Pause(duration))
    }

    /// Forgets the connection as a firewall does ([`Step::Forget`]).
    pub fn forget(self) -> Self {
        self.step(Step::Forget)
    }

    /// Remembers it ([`Step::Remember`]).
    pub fn remember(self) -> Self {
        self.step(Step::Remember)
    }

    /// Sets `TCP_NODELAY`, which is on from the start ([`Step::SetNoDelay`]).
    pub fn set_no_delay(self, on: bool) -> Self {
        self.step(Step::SetNoDelay(on))
    }

    /// Repeats a script until the end of the stream or an error ([`Step::Loop`]).
    pub fn repeat(self, script: Self) -> Self {
        self.step(Step::Loop(script.0))
    }
}

impl From<Vec<Step>> for Script {
    fn from(steps: Vec<Step>) -> Self {
        Self(steps)
    }
}

impl From<Script> for Vec<Step> {
    fn from(script: Script) -> Self {
        script.0
    }
}
