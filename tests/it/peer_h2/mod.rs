//! A scripted HTTP/2 server on a loopback socket: it does on the wire exactly what a [`Script2`] says, and counts.
//!
//! The sibling of [`peer`](crate::peer), with prior knowledge in cleartext and by ALPN over TLS. Its frames are written by hand,
//! for it must be able to do what no server should. Sockets, threads, cues and counters are those of
//! [`loopback`](crate::peer::loopback).
//!
//! ```text
//! let peer = Peer2::start(Tls::Off, |n| match n {
//!     0 => Script2::new().serve(1).read_all().goaway(Stream::BeforeLast, Code::NoError).fin().discard(),
//!     _ => Script2::new().serve_forever(),
//! });
//! // … send two requests to peer.url("/") …
//! assert_eq!(peer.connections(), 2);
//! assert_eq!(peer.executed("POST", "/"), 1);
//! ```

mod connection;
mod frame;
pub mod hpack;
mod link;
mod script;

use std::net::SocketAddr;

pub use self::frame::{Code, Frame, Stream};
pub use self::script::Script2;
pub use crate::peer::loopback::tls::Tls;

use self::connection::Connection;
use self::hpack::Field;
use crate::peer::loopback::{Server, Stage as Shared, tls};

/// A request that the peer acted on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Execution2 {
    /// The connection it came by, counted from 0.
    pub connection: usize,
    pub stream: u32,
    pub method: String,
    pub path: String,
    /// In order, the pseudo-header fields among them.
    pub headers: Vec<Field>,
    pub body: Vec<u8>,
}

type Stage = Shared<Execution2>;

/// A running server; dropping it closes every socket and joins every thread.
///
/// # Panics
///
/// The drop panics if a thread of the peer panicked (a script that makes no sense, a client that does not speak HTTP/2) or would
/// not end, so that such a test cannot pass.
#[derive(Debug)]
pub struct Peer2 {
    tls: Tls,
    server: Server<Execution2>,
}

impl Peer2 {
    /// Listens on a free port of 127.0.0.1; connection `n`, counted from 0, runs `scripts(n)`.
    pub fn start<F>(tls: Tls, scripts: F) -> Self
    where
        F: FnMut(usize) -> Script2 + Send + 'static,
    {
        let config = tls.server_config_for("h2");
        let server = Server::start(config, scripts, |n, script, wire, stage| {
            Connection::new(n, wire, stage).run(&script);
        });
        Self { tls, server }
    }

    /// Ends it; every execution, in order, the last ones included.
    pub fn finish(self) -> Vec<Execution2> {
        self.server.finish()
    }

    pub fn addr(&self) -> SocketAddr {
        self.server.addr()
    }

    /// The URL of a path: `http` or `https`, host 127.0.0.1, so that a client resolves nothing and opens no second socket.
    pub fn url(&self, path: &str) -> String {
        format!("{}://{}{path}", self.tls.scheme(), self.addr())
    }

    /// A client configuration that trusts the peer's certificate, takes TLS 1.2 and 1.3, and offers no ALPN yet: what the client
    /// speaks is for it to set.
    #[expect(
        clippy::unused_self,
        reason = "reads as a property of the peer; today all peers share it"
    )]
    pub fn client_config(&self) -> rustls::ClientConfig {
        tls::client_config(tls::root())
    }

    /// Releases [`script::Step2::Wait`], [`script::Step2::ServeUntil`] and [`script::Step2::ReadUntil`] of this name: on every connection, now and later.
    pub fn go(&self, name: &'static str) {
        self.server.stage().cues.go(name);
    }

    /// Blocks until some script came to [`script::Step2::Signal`] of this name.
    ///
    /// # Panics
    ///
    /// After 10 seconds.
    pub fn reached(&self, name: &'static str) {
        self.server.stage().cues.reached(name);
    }

    /// As [`reached`](Self::reached), without blocking the runtime; leaves a paused clock alone.
    pub async fn reached_async(&self, name: &'static str) {
        self.server.reached_async(name).await;
    }

    /// How many connections were accepted.
    pub fn connections(&self) -> usize {
        self.server.stage().tally.connections()
    }

    /// How often a request of this method and path was executed.
    pub fn executed(&self, method: &str, path: &str) -> usize {
        let executions = self.executions().into_iter();
        executions
            .filter(|execution| execution.method == method && execution.path == path)
            .count()
    }

    /// Every execution, in order.
    pub fn executions(&self) -> Vec<Execution2> {
        self.server.stage().tally.executions()
    }

    /// Application bytes (above TLS) read on connection `n`; 0 if there was none.
    pub fn bytes_read(&self, n: usize) -> usize {
        self.server.stage().tally.plain(n)
    }
}
