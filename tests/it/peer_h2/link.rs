//! The HTTP/2 of one connection, as far as it is the same for every script: frames in, requests put together, manners.
//!
//! Apart from the steps, which say when to read and what to answer. Invariant: it reads frame by frame and never beyond the one
//! that a step waits for; so what a script has not read lies in the kernel.

use std::io::{self, Read};

use super::frame::{Frame, Incoming, Stream, Target, flag, kind, put};
use super::hpack::{Decoder, Field};
use crate::peer::loopback::wire::Wire;

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// A request, as far as it came.
#[derive(Debug)]
pub(super) struct Request {
    pub stream: u32,
    pub method: String,
    pub path: String,
    pub headers: Vec<Field>,
    pub body: Vec<u8>,
    /// `END_STREAM` was read.
    pub complete: bool,
    /// The client's `RST_STREAM` was read.
    pub cancelled: bool,
    /// A step has it in hand, or had.
    pub taken: bool,
}

#[derive(Debug)]
pub(super) struct Link<'a> {
    pub wire: Wire<'a>,
    decoder: Decoder,
    preface_read: bool,
    /// How many SETTINGS the client has acknowledged.
    pub acks: usize,
    /// Whether PINGs are acknowledged.
    pub pings: bool,
    /// Whether the client gets back the window that its DATA took.
    pub credit: bool,
    /// In the order of their HEADERS.
    pub requests: Vec<Request>,
    /// The request in hand.
    pub last: Option<usize>,
}

impl<'a> Link<'a> {
    pub(super) fn new(wire: Wire<'a>) -> Self {
        Self {
            wire,
            decoder: Decoder::default(),
            preface_read: false,
            acks: 0,
            pings: true,
            credit: true,
            requests: Vec::new(),
            last: None,
        }
    }

    /// Sends all frames by one write.
    pub(super) fn send(&mut self, frames: &[Frame]) -> io::Result<()> {
        let mut octets = Vec::new();
        for frame in frames {
            frame.encode(&|stream| self.target(stream), &mut octets);
        }
        self.wire.send(&octets)
    }

    pub(super) fn last(&self) -> &Request {
        &self.requests[self.last.expect("the step needs a request in hand")]
    }

    fn target(&self, stream: Stream) -> Target {
        let request = match stream {
            Stream::Last => self.last(),
            Stream::Nth(n) => self.requests.get(n).expect("a request that came"),
            Stream::BeforeLast => {
                let id = self.last().stream.saturating_sub(2);
                return Target { id, head: false };
            }
            Stream::Id(id) => return Target { id, head: false },
        };
        Target {
            id: request.stream,
            head: request.method == "HEAD",
        }
    }

    /// Reads one frame and does what it demands.
    pub(super) fn take(&mut self) -> io::Result<()> {
        let frame = self.read_frame()?;
        match frame.kind {
            kind::HEADERS => self.headers(&frame),
            kind::DATA => self.data(&frame),
            kind::RST_STREAM => {
                if let Some(request) = self.request(frame.stream) {
                    request.cancelled = true;
                }
                Ok(())
            }
            kind::SETTINGS if !frame.has(flag::ACK) => self.acknowledge(kind::SETTINGS, &[]),
            kind::SETTINGS => {
                self.acks += 1;
                Ok(())
            }
            kind::PING if !frame.has(flag::ACK) && self.pings => {
                self.acknowledge(kind::PING, &frame.payload)
            }
            _ => Ok(()),
        }
    }

    fn read_frame(&mut self) -> io::Result<Incoming> {
        if !self.preface_read {
            let mut preface = [0; PREFACE.len()];
            self.wire.read_exact(&mut preface)?;
            assert_eq!(preface, PREFACE, "the client does not speak HTTP/2");
            self.preface_read = true;
        }
        let mut head = [0; 9];
        self.wire.read_exact(&mut head)?;
        let [high, mid, low, kind, flags, stream @ ..] = head;
        let mut payload = vec![0; u32::from_be_bytes([0, high, mid, low]) as usize];
        self.wire.read_exact(&mut payload)?;
        Ok(Incoming {
            kind,
            flags,
            stream: u32::from_be_bytes(stream) & 0x7fff_ffff,
            payload,
        })
    }

    fn headers(&mut self, frame: &Incoming) -> io::Result<()> {
        let mut block = frame.content().to_vec();
        let mut whole = frame.has(flag::END_HEADERS);
        while !whole {
            let more = self.read_frame()?;
            assert_eq!(more.kind, kind::CONTINUATION, "a torn header block");
            block.extend_from_slice(&more.payload);
            whole = more.has(flag::END_HEADERS);
        }
        let headers = self.decoder.decode(&block);
        let complete = frame.has(flag::END_STREAM);
        if let Some(request) = self.request(frame.stream) {
            // Trailers.
            request.complete |= complete;
            return Ok(());
        }
        let pseudo = |wanted: &str| {
            let field = headers.iter().find(|(name, _)| name == wanted);
            field.map_or_else(String::new, |(_, value)| value.clone())
        };
        self.requests.push(Request {
            stream: frame.stream,
            method: pseudo(":method"),
            path: pseudo(":path"),
            headers,
            body: Vec::new(),
            complete,
            cancelled: false,
            taken: false,
        });
        Ok(())
    }

    fn data(&mut self, frame: &Incoming) -> io::Result<()> {
        let complete = frame.has(flag::END_STREAM);
        let request = self.request(frame.stream).expect("DATA behind its HEADERS");
        request.body.extend_from_slice(frame.content());
        request.complete |= complete;
        let size = u32::try_from(frame.payload.len()).unwrap();
        if size == 0 || !self.credit {
            return Ok(());
        }
        let mut credit = vec![Frame::Credit(Stream::Id(0), size)];
        if !complete {
            credit.push(Frame::Credit(Stream::Id(frame.stream), size));
        }
        self.send(&credit)
    }

    fn request(&mut self, stream: u32) -> Option<&mut Request> {
        let found = |request: &&mut Request| request.stream == stream;
        self.requests.iter_mut().find(found)
    }

    fn acknowledge(&mut self, kind: u8, payload: &[u8]) -> io::Result<()> {
        let mut octets = Vec::new();
        put(&mut octets, kind, flag::ACK, 0, payload);
        self.wire.send(&octets)
    }
}
