//! The frames that a script sends, and the shape of those that come.
//!
//! Written by hand, so that the peer can also send what no HTTP/2 library would. Invariant: a frame is data; which stream it is
//! for may depend on what was read, and is looked up when it is sent.

/// DATA frames are cut at what every client takes.
const LARGEST: usize = 16_384;

/// `:status: 200` in the static table of HPACK.
const STATUS_200: u8 = 0x88;

pub(super) mod kind {
    //! The types of frames.
    pub(in super::super) const DATA: u8 = 0;
    pub(in super::super) const HEADERS: u8 = 1;
    pub(in super::super) const RST_STREAM: u8 = 3;
    pub(in super::super) const SETTINGS: u8 = 4;
    pub(in super::super) const PING: u8 = 6;
    pub(in super::super) const GOAWAY: u8 = 7;
    pub(in super::super) const WINDOW_UPDATE: u8 = 8;
    pub(in super::super) const CONTINUATION: u8 = 9;
}

pub(super) mod flag {
    //! The flags of frames.
    pub(in super::super) const ACK: u8 = 0x1;
    pub(in super::super) const END_STREAM: u8 = 0x1;
    pub(in super::super) const END_HEADERS: u8 = 0x4;
    pub(in super::super) const PADDED: u8 = 0x8;
    pub(in super::super) const PRIORITY: u8 = 0x20;
}

/// `SETTINGS_MAX_CONCURRENT_STREAMS`.
pub const MAX_CONCURRENT_STREAMS: u16 = 3;

/// Which stream a step or a frame is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// That of the request in hand.
    Last,
    /// The client's stream before that one; 0 before the first.
    BeforeLast,
    /// That of the n-th request whose HEADERS came, counted from 0.
    Nth(usize),
    /// Any number: 0 is the connection, [`MAX`](Self::MAX) what a graceful GOAWAY says at first.
    Id(u32),
}

impl Stream {
    /// The highest number there is.
    pub const MAX: Self = Self::Id(0x7fff_ffff);
}

/// Error codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Code {
    NoError = 0x0,
    ProtocolError = 0x1,
    InternalError = 0x2,
    RefusedStream = 0x7,
    Cancel = 0x8,
    EnhanceYourCalm = 0xb,
    Http11Required = 0xd,
}

/// Something to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame {
    /// HEADERS of a 200 with `END_STREAM`, or DATA behind it: the body `ok`, except to a HEAD.
    Answer(Stream),
    /// HEADERS of a 200, and no more of the response.
    Head(Stream),
    /// HEADERS with this header block as it is.
    Block(Stream, &'static [u8]),
    /// The same with `END_STREAM`.
    LastBlock(Stream, &'static [u8]),
    /// DATA without `END_STREAM`. More than the client's window is the script's mistake.
    Data(Stream, Vec<u8>),
    /// DATA with `END_STREAM`.
    LastData(Stream, Vec<u8>),
    /// GOAWAY with the last stream that was or may be processed.
    Goaway(Stream, Code),
    /// `RST_STREAM`.
    Reset(Stream, Code),
    Settings(Vec<(u16, u32)>),
    /// A PING of the peer's own. Whether it is answered is not looked at.
    Ping([u8; 8]),
    /// `WINDOW_UPDATE`.
    Credit(Stream, u32),
    /// Bytes as they are.
    Raw(Vec<u8>),
}

/// The stream that is meant.
#[derive(Clone, Copy, Debug)]
pub(super) struct Target {
    pub id: u32,
    /// The answer to a HEAD has no body.
    pub head: bool,
}

impl Frame {
    /// Appends the octets.
    pub(super) fn encode(&self, target: &dyn Fn(Stream) -> Target, out: &mut Vec<u8>) {
        match self {
            Self::Answer(stream) => {
                let Target { id, head } = target(*stream);
                let end = if head { flag::END_STREAM } else { 0 };
                headers(out, end, id, &[STATUS_200]);
                if !head {
                    put(out, kind::DATA, flag::END_STREAM, id, b"ok");
                }
            }
            Self::Head(stream) => headers(out, 0, target(*stream).id, &[STATUS_200]),
            Self::Block(stream, block) => headers(out, 0, target(*stream).id, block),
            Self::LastBlock(stream, block) => {
                headers(out, flag::END_STREAM, target(*stream).id, block);
            }
            Self::Data(stream, data) => {
                for piece in data.chunks(LARGEST) {
                    put(out, kind::DATA, 0, target(*stream).id, piece);
                }
            }
            Self::LastData(stream, data) => {
                let (most, last) = data.split_at((data.len().max(1) - 1) / LARGEST * LARGEST);
                Self::Data(*stream, most.to_vec()).encode(target, out);
                put(out, kind::DATA, flag::END_STREAM, target(*stream).id, last);
            }
            Self::Goaway(last, code) => {
                let payload = [target(*last).id.to_be_bytes(), (*code as u32).to_be_bytes()];
                put(out, kind::GOAWAY, 0, 0, payload.as_flattened());
            }
            Self::Reset(stream, code) => {
                let payload = (*code as u32).to_be_bytes();
                put(out, kind::RST_STREAM, 0, target(*stream).id, &payload);
            }
            Self::Settings(settings) => {
                let payload: Vec<u8> = settings
                    .iter()
                    .flat_map(|(name, value)| {
                        [&name.to_be_bytes()[..], &value.to_be_bytes()].concat()
                    })
                    .collect();
                put(out, kind::SETTINGS, 0, 0, &payload);
            }
            Self::Ping(payload) => put(out, kind::PING, 0, 0, payload),
            Self::Credit(stream, octets) => {
                let id = target(*stream).id;
                put(out, kind::WINDOW_UPDATE, 0, id, &octets.to_be_bytes());
            }
            Self::Raw(bytes) => out.extend_from_slice(bytes),
        }
    }
}

/// Appends HEADERS that are whole.
fn headers(out: &mut Vec<u8>, flags: u8, stream: u32, block: &[u8]) {
    put(out, kind::HEADERS, flag::END_HEADERS | flags, stream, block);
}

/// Appends one frame.
pub(super) fn put(out: &mut Vec<u8>, kind: u8, flags: u8, stream: u32, payload: &[u8]) {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    out.extend_from_slice(&length[1..]);
    out.extend_from_slice(&[kind, flags]);
    out.extend_from_slice(&stream.to_be_bytes());
    out.extend_from_slice(payload);
}

/// A frame that came.
#[derive(Debug)]
pub(super) struct Incoming {
    pub kind: u8,
    pub flags: u8,
    pub stream: u32,
    pub payload: Vec<u8>,
}

impl Incoming {
    pub(super) fn has(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }

    /// The payload without padding and priority.
    pub(super) fn content(&self) -> &[u8] {
        let mut content = self.payload.as_slice();
        if self.has(flag::PADDED) {
            let (padding, rest) = content.split_first().expect("a pad length");
            content = &rest[..rest.len() - usize::from(*padding)];
        }
        if self.kind == kind::HEADERS && self.has(flag::PRIORITY) {
            content = &content[5..];
        }
        content
    }
}
