//! A scripted HTTP/1.1 server, to test a client against the ways in which a connection ends. Feature `test-peer`; for tests.
//!
//! A server that behaves cannot be told to close at the worst moment. A [`Peer`] does on the wire exactly what a [`Script`]
//! says, step by step, on each connection of its own: it reads a head, or a body, or nothing; it answers, half-closes,
//! closes, resets, or says nothing any more; it waits for the test, and the test for it. And it counts what it executed, so
//! that a request that was sent twice is seen.
//!
//! Whatever client is under test: here hyper-util's own, at a server that closes while its next request is on the way.
//!
//! ```
//! use bytes::Bytes;
//! use http::{Request, StatusCode};
//! use http_body_util::{BodyExt, Full};
//! use hyper_util::client::legacy::Client;
//! use hyper_util::rt::TokioExecutor;
//! use unstale::test_peer::{Peer, Script, Tls};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // The first connection serves a request, lies idle, and is closed at the first byte of the next, which stays unread.
//! let peer = Peer::start(Tls::Off, |n| match n {
//!     0 => Script::new().serve().wait_first_byte().close(),
//!     _ => Script::serve_forever(),
//! });
//! let client = Client::builder(TokioExecutor::new()).build_http();
//! let url = |path| format!("http://{}{path}", peer.addr());
//!
//! let get = Request::get(url("/menu")).body(Full::<Bytes>::default())?;
//! let answer = client.request(get).await?;
//! assert_eq!(answer.status(), StatusCode::OK);
//! assert_eq!(answer.into_body().collect().await?.to_bytes(), "ok");
//!
//! let pay = Request::post(url("/pay")).body(Full::from("tea=1"))?;
//! client.request(pay).await.expect_err("it is lost, and nobody was there to take it");
//! assert_eq!(peer.executed("POST", "/pay"), 0);
//! assert_eq!(peer.connections(), 1);
//! # Ok(())
//! # }
//! ```
//!
//! Where the moment matters, the two wait for each other: [`Script::wait`] for [`Peer::go`], and [`Peer::reached`] for
//! [`Script::signal`]. Here a request finds a connection that the server had closed before, and the client knows nothing of
//! it yet, as its runtime was busy.
//!
#![cfg_attr(feature = "client", doc = "```")]
#![cfg_attr(not(feature = "client"), doc = "```ignore")]
//! use unstale::Client;
//! use unstale::test_peer::{Peer, Script, Tls};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let peer = Peer::start(Tls::Off, |n| match n {
//!     0 => Script::new().serve().wait("end").fin().signal("ended").discard(),
//!     _ => Script::serve_forever(),
//! });
//! let client = Client::builder().no_proxy().build()?;
//! let url = format!("http://{}/pay", peer.addr());
//! client.get(&url).await?.into_body().bytes().await?;
//!
//! peer.go("end");
//! // Blocks the runtime, on purpose; a test that is not to do so waits by `reached_async`.
//! peer.reached("ended");
//! let pay = http::Request::post(&url).body("tea=1".to_owned())?;
//! client.request(pay).await?;
//! assert_eq!(peer.executed("POST", "/pay"), 1);
//! assert_eq!(peer.connections(), 2);
//! # Ok(())
//! # }
//! ```
//!
//! It runs on threads of its own, never on the runtime of the test, as a test may block that on purpose. A step that makes
//! no sense, and a request that no sound client sends, is a panic: of the thread, and then of the drop of the [`Peer`]. Made
//! for Linux, which says what becomes of a socket by [`Step::Close`]; [`Step::Forget`] works there alone.

#![allow(
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    clippy::unwrap_used,
    reason = "for tests, where a panic is how one fails"
)]

mod connection;
#[doc(hidden)]
#[allow(
    missing_docs,
    reason = "what another scripted peer stands on; it is no part of what is promised"
)]
pub mod loopback;
mod request;
mod script;

use std::net::{Ipv4Addr, SocketAddr};

use rustls::pki_types::CertificateDer;

pub use self::loopback::tls::Tls;
pub use self::script::{Script, Step};

use self::connection::Connection;
use self::loopback::{Server, Stage as Shared, tls};

/// A request that the peer acted on.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Execution {
    /// The connection it came by, counted from 0.
    pub connection: usize,
    /// The method.
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
    ///
    /// # Panics
    ///
    /// If there is no port, or no thread to be had.
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

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.server.addr()
    }

    /// The URL of a path: `http` or `https`, host `localhost`.
    ///
    /// Only 127.0.0.1 is bound. A client that resolves `localhost` to `::1` first is refused there and goes on to 127.0.0.1;
    /// one that must open no second socket uses [`addr`](Self::addr), for which the certificate is valid too.
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

    /// A configuration of rustls for the client that trusts [`root`](Self::root), takes TLS 1.2 and 1.3, and offers no ALPN.
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
    /// Waits on a blocking thread of tokio's, not by its clock: it takes real time, and leaves a paused clock alone.
    ///
    /// # Panics
    ///
    /// After 10 seconds, and outside of a tokio runtime.
    ///
    /// # Cancel safety
    ///
    /// Dropped, it leaves its thread to wait for as long as that, or until the peer is dropped.
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
