//! The server's side of TLS, reading one record at a time.
//!
//! Apart from the wire because rustls, left alone, reads all that the kernel has. Invariant: not a byte of a later record is
//! taken from the socket, so that what a script has not read is unread in the kernel.

use std::io::{self, ErrorKind, Read, Write};
use std::sync::Arc;

use rustls::{ServerConfig, ServerConnection};

#[derive(Debug)]
pub(super) struct Session {
    connection: ServerConnection,
    ends_with_close_notify: bool,
    record: Record,
}

impl Session {
    pub(super) fn new(config: Arc<ServerConfig>, ends_with_close_notify: bool) -> Self {
        let mut connection = ServerConnection::new(config).unwrap();
        connection.set_buffer_limit(None);
        Self {
            connection,
            ends_with_close_notify,
            record: Record::default(),
        }
    }

    pub(super) fn read(
        &mut self,
        socket: &mut (impl Read + Write),
        buf: &mut [u8],
    ) -> io::Result<usize> {
        loop {
            match self.connection.reader().read(buf) {
                Err(e) if e.kind() == ErrorKind::WouldBlock => self.read_record(socket)?,
                done => return done,
            }
        }
    }

    pub(super) fn send(
        &mut self,
        socket: &mut (impl Read + Write),
        bytes: &[u8],
    ) -> io::Result<()> {
        self.connection.writer().write_all(bytes)?;
        self.flush(socket)
    }

    pub(super) fn close_notify(&mut self, socket: &mut (impl Read + Write)) -> io::Result<()> {
        self.connection.send_close_notify();
        self.flush(socket)
    }

    pub(super) fn is_handshaking(&self) -> bool {
        self.connection.is_handshaking()
    }

    /// Whether decrypted bytes lie here, unread.
    pub(super) fn has_plaintext(&mut self) -> bool {
        let state = self.connection.process_new_packets();
        state.is_ok_and(|state| state.plaintext_bytes_to_read() > 0)
    }

    /// The peer's setting, for `Fin` and `Close`.
    pub(super) fn ends_with_close_notify(&self) -> bool {
        self.ends_with_close_notify
    }

    /// Reads a piece of a record, and never of the next one; answers what rustls wants answered.
    pub(super) fn read_record(&mut self, socket: &mut (impl Read + Write)) -> io::Result<()> {
        let mut source = OneRecord {
            record: &mut self.record,
            socket,
        };
        let read = self.connection.read_tls(&mut source)?;
        let processed = self.connection.process_new_packets();
        // Also when it failed: the alert tells the client why.
        self.flush(socket)?;
        processed.map_err(|e| io::Error::new(ErrorKind::InvalidData, e))?;
        if read == 0 && self.connection.is_handshaking() {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        Ok(())
    }

    fn flush(&mut self, socket: &mut (impl Read + Write)) -> io::Result<()> {
        while self.connection.wants_write() {
            self.connection.write_tls(socket)?;
        }
        Ok(())
    }
}

/// Where in the stream of TLS records the socket stands.
#[derive(Debug, Default)]
struct Record {
    header: [u8; 5],
    header_read: usize,
    payload_left: usize,
}

impl Record {
    fn left(&self) -> usize {
        if self.payload_left > 0 {
            self.payload_left
        } else {
            self.header.len() - self.header_read
        }
    }

    fn advance(&mut self, bytes: &[u8]) {
        if self.payload_left > 0 {
            self.payload_left -= bytes.len();
            return;
        }
        self.header[self.header_read..][..bytes.len()].copy_from_slice(bytes);
        self.header_read += bytes.len();
        if self.header_read == self.header.len() {
            let [_, _, _, high, low] = self.header;
            self.payload_left = u16::from_be_bytes([high, low]).into();
            self.header_read = 0;
        }
    }
}

/// Gives rustls, which reads as much as there is, no more than the rest of the current header or payload.
struct OneRecord<'a, S> {
    record: &'a mut Record,
    socket: &'a mut S,
}

impl<S: Read> Read for OneRecord<'_, S> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let most = self.record.left().min(buf.len());
        let read = self.socket.read(&mut buf[..most])?;
        self.record.advance(&buf[..read]);
        Ok(read)
    }
}
