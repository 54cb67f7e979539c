//! Blocking clients over std sockets: they see the socket as it is.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use rustls::{ClientConnection, StreamOwned};

use crate::peer::Peer;

pub const GET: &[u8] = b"GET /a HTTP/1.1\r\nHost: localhost\r\n\r\n";
pub const POST_HEAD: &[u8] = b"POST /a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\n";
pub const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

pub type TlsClient = StreamOwned<ClientConnection, TcpStream>;

/// How the peer ended the connection.
#[derive(Debug, PartialEq, Eq)]
pub enum Ending {
    /// A FIN; over TLS with a `close_notify` before it.
    Clean,
    /// A FIN without the `close_notify` that TLS wants.
    Truncated,
    Reset,
}

pub fn connect(peer: &Peer) -> TcpStream {
    let stream = TcpStream::connect(peer.addr()).unwrap();
    // What a test has written has left, and lies in the peer's kernel.
    stream.set_nodelay(true).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(10)))
        .unwrap();
    stream
}

/// Connects and does the handshake.
pub fn connect_tls(peer: &Peer) -> TlsClient {
    let config = Arc::new(peer.client_config());
    let name = "localhost".try_into().unwrap();
    let mut client = StreamOwned::new(ClientConnection::new(config, name).unwrap(), connect(peer));
    while client.conn.is_handshaking() || client.conn.wants_write() {
        client.conn.complete_io(&mut client.sock).unwrap();
    }
    client
}

/// Sends a request and reads one [`ANSWER`].
pub fn exchange(client: &mut (impl Read + Write), request: &[u8]) {
    client.write_all(request).unwrap();
    let mut answer = vec![0; ANSWER.len()];
    client.read_exact(&mut answer).unwrap();
    assert_eq!(
        String::from_utf8(answer),
        String::from_utf8(ANSWER.to_vec())
    );
}

/// Reads to the end: what came, and how it ended.
pub fn read_to_end(client: &mut impl Read) -> (Vec<u8>, Ending) {
    let mut read = Vec::new();
    let ending = match client.read_to_end(&mut read) {
        Ok(_) => Ending::Clean,
        Err(e) if e.kind() == ErrorKind::UnexpectedEof => Ending::Truncated,
        Err(e) if e.kind() == ErrorKind::ConnectionReset => Ending::Reset,
        Err(e) => panic!("no way for a peer to end: {e:?}"),
    };
    (read, ending)
}

/// The ending, where nothing may come before it.
pub fn ending(client: &mut impl Read) -> Ending {
    let (read, ending) = read_to_end(client);
    assert_eq!(read, b"", "bytes before the end");
    ending
}
