//! The portable probe: a one-record peek.
//!
//! It tells a closed connection from a living one and sees unread bytes, and has no counters, hence no proof.

use std::io;
use std::mem::MaybeUninit;
use std::net::TcpStream;

use super::{Peek, Probe, Sample};
use crate::conn::socket::SocketRef;

/// Asks with a non-blocking `recv(MSG_PEEK)`: the socket is non-blocking already, as an async runtime reads it.
#[derive(Debug)]
pub(crate) struct Portable;

impl Probe for Portable {
    fn is_plain_tcp(&self, _: SocketRef<'_>) -> bool {
        false
    }

    fn sample(&self, _: SocketRef<'_>) -> Option<Sample> {
        None
    }

    fn peek(&self, socket: SocketRef<'_>) -> Peek {
        let mut byte = [MaybeUninit::uninit(); 1];
        loop {
            return match socket2::SockRef::from(&socket).peek(&mut byte) {
                Ok(0) => Peek::End,
                Ok(_) => Peek::Data,
                Err(error) => match error.kind() {
                    io::ErrorKind::Interrupted => continue,
                    io::ErrorKind::WouldBlock => Peek::Empty,
                    _ => Peek::Failed,
                },
            };
        }
    }

    fn peek_record(&self, socket: SocketRef<'_>) -> Option<[u8; 5]> {
        // A duplicate for the length of one call, so that std's safe `peek` can be asked; this is no hot path.
        let stream = TcpStream::from(socket.try_clone_to_owned().ok()?);
        let mut header = [0; 5];
        match stream.peek(&mut header) {
            Ok(n) if n == header.len() => Some(header),
            _ => None,
        }
    }

    fn was_reset_after_fin(&self, _: SocketRef<'_>) -> bool {
        false
    }

    fn abort(&self, _: SocketRef<'_>) -> bool {
        false
    }
}
