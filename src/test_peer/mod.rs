//! A scripted HTTP/1.1 server on a loopback socket: it does on the wire exactly what a [`Script`] says, and counts.
//!
//! It runs on threads of its own, never on the runtime of the test, because tests block that runtime on purpose.
//! Sockets, cues and counters are those of [`loopback`](self::loopback).
//!
//! ```text
//! let peer = Peer::start(Tls::Off, |n| match n {
//!     0 => Script::new().serve().wait_first_byte().close(),   // at the first byte of request 2: close, unread
//!     _ => Script::serve_forever(),
//! });
//! // … send two requests to peer.url("/") …
//! assert_eq!(peer.connections(), 2);
//! assert_eq!(peer.executed("POST", "/"), 1);
//! ```

mod connection;
pub mod loopback;
mod request;
mod script;

use std::net::{Ipv4Addr, SocketAddr};

use rustls::pki_types::CertificateDer;

pub use self::loopback::tls::{self, Tls};
pub use self::script::{Script, Step};

use self::connection::Connection;
use self::loopback::{Server, Stage as Shared};

/// A request that the peer acted on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Execution {
    /// The connection it came by, counted from 0.
    pub connection: usize,
    pub method: String,
    /// The request target as it was sent.
    pub path: String,
    /// In order, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The decoded body, as far as it had been read.
    pub body: Vec<u8>,
}

type Stage = Shared<Execution>;

/// A running server; dropping it closes every socket and joins every thread.
///
/// # Panics
///
/// The drop panics if a thread of the peer panicked (a script that makes no sense, a malformed request) or would not end, so
/// that such a test cannot pass.
#[derive(Debug)]
pub struct Peer {
    tls: Tls,
    server: Server<Execution>,
}

impl Peer {
    /// Listens on a free port of 127.0.0.1; connection `n`, counted from 0, runs `scripts(n)`.
    pub fn start<F>(tls: Tls, scripts: F) -> Self
    where
        F: FnMut(usize) -> Script + Send + 'static,
    {
        Self::start_at(Ipv4Addr::LOCALHOST, tls, scripts)
    }

    /// The same at another address of this machine. It is to be dropped where that can be connected to.
    pub fn start_at<F>(address: Ipv4Addr, tls: Tls, scripts: F) -> Self
    where
        F: FnMut(usize) -> Script + Send + 'static,
    {
        let config = tls.server_config_at(address.into());
        let server = Server::start_at(address, config, scripts, |n, script, wire, stage| {
            Connection::new(n, wire, stage).run(script);
        });
        Self { tls, server }
    }

    /// Ends it; every execution, in order, the last ones included.
    pub fn finish(self) -> Vec<Execution> {
        self.server.finish()
    }

    pub fn addr(&self) -> SocketAddr {
        self.server.addr()
    }

    /// The URL of a path: `http` or `https`, host `localhost`.
    ///
    /// Only 127.0.0.1 is bound. A client that resolves `localhost` to `::1` first is refused there and goes on to 127.0.0.1; one
    /// that must open no second socket uses [`addr`](Self::addr), for which the certificate is valid too.
    pub fn url(&self, path: &str) -> String {
        format!(
            "{}://localhost:{}{path}",
            self.tls.scheme(),
            self.addr().port()
        )
    }

    /// The self-signed certificate to trust; the same one for all peers of the process at this address.
    pub fn root(&self) -> CertificateDer<'static> {
        tls::root_at(self.addr().ip())
    }

    /// A client configuration that trusts [`root`](Self::root), takes TLS 1.2 and 1.3, and offers no ALPN.
    pub fn client_config(&self) -> rustls::ClientConfig {
        tls::client_config(self.root())
    }

    /// Releases [`Step::Wait`] of this name: on every connection, now and later.
    pub fn go(&self, name: &'static str) {
        self.server.stage().cues.go(name);
    }

    /// Blocks until some script came to [`Step::Signal`] of this name.
    ///
    /// # Panics
    ///
    /// After 10 seconds.
    pub fn reached(&self, name: &'static str) {
        self.server.stage().cues.reached(name);
    }

    /// As [`reached`](Self::reached), without blocking the runtime.
    ///
    /// Waits on a blocking thread, not by `tokio::time::sleep`, so that it takes real time and leaves a paused clock alone.
    pub async fn reached_async(&self, name: &'static str) {
        self.server.reached_async(name).await;
    }

    /// Whether some script came to [`Step::Signal`] of this name.
    pub fn has_reached(&self, name: &'static str) -> bool {
        self.server.stage().cues.has_reached(name)
    }

    /// How many connections were accepted.
    pub fn connections(&self) -> usize {
        self.server.stage().tally.connections()
    }

    /// How often a request of this method and path was executed.
    pub fn executed(&self, method: &str, path: &str) -> usize {
        self.executions()
            .iter()
            .filter(|execution| execution.method == method && execution.path == path)
            .count()
    }

    /// Every execution, in order.
    pub fn executions(&self) -> Vec<Execution> {
        self.server.stage().tally.executions()
    }

    /// Application bytes (above TLS) read on connection `n`; 0 if there was none.
    pub fn bytes_read(&self, n: usize) -> usize {
        self.server.stage().tally.plain(n)
    }

    /// Bytes read from the socket (below TLS, with the handshake) on connection `n`; 0 if there was none.
    pub fn raw_bytes(&self, n: usize) -> usize {
        self.server.stage().tally.raw(n)
    }
}
