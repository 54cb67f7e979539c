//! A scripted HTTP/1.1 server on a loopback socket: it does on the wire exactly what a [`Script`] says, and counts.
//!
//! It runs on threads of its own, never on the runtime of the test, because tests block that runtime on purpose.
//! Invariant: no blocking call outlives the [`Peer`]. Sockets are polled against the stop flag, waits hang on one condition
//! variable, and no descriptor is ever duplicated (a `close(2)` that left a duplicate open would send nothing).
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
mod count;
mod cue;
mod random;
mod request;
mod script;
mod session;
pub mod tls;
mod wire;

use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rustls::pki_types::CertificateDer;

pub use self::count::Execution;
pub use self::script::{Script, Step};
pub use self::tls::Tls;

use self::connection::Connection;
use self::count::Tally;
use self::cue::Cues;
use self::wire::Wire;

/// How long a dropped peer may take to end its threads before the drop panics.
const END_WITHIN: Duration = Duration::from_secs(5);

/// A running server; dropping it closes every socket and joins every thread.
///
/// # Panics
///
/// The drop panics if a thread of the peer panicked (a script that makes no sense, a malformed request) or would not end, so
/// that such a test cannot pass.
#[derive(Debug)]
pub struct Peer {
    addr: SocketAddr,
    tls: Tls,
    stage: Arc<Stage>,
    thread: Option<JoinHandle<()>>,
    /// Disconnects when the thread has ended. In a mutex only to make the peer `Sync`.
    running: Mutex<Receiver<()>>,
}

/// What the test and all scripts of a peer share.
#[derive(Debug, Default)]
struct Stage {
    cues: Cues,
    tally: Tally,
}

impl Peer {
    /// Listens on a free port of 127.0.0.1; connection `n`, counted from 0, runs `scripts(n)`.
    pub fn start<F>(tls: Tls, scripts: F) -> Self
    where
        F: FnMut(usize) -> Script + Send + 'static,
    {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let addr = listener.local_addr().unwrap();
        let stage = Arc::new(Stage::default());
        let (sender, running) = channel();
        let thread = thread::Builder::new()
            .name(format!("peer {addr}"))
            .spawn({
                let stage = Arc::clone(&stage);
                move || accept(&listener, tls, &stage, scripts, sender)
            })
            .unwrap();
        Self {
            addr,
            tls,
            stage,
            thread: Some(thread),
            running: Mutex::new(running),
        }
    }

    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// The URL of a path: `http` or `https`, host `localhost`.
    ///
    /// Only 127.0.0.1 is bound. A client that resolves `localhost` to `::1` first is refused there and goes on to 127.0.0.1; one
    /// that must open no second socket uses [`addr`](Self::addr), for which the certificate is valid too.
    pub fn url(&self, path: &str) -> String {
        let scheme = match self.tls {
            Tls::Off => "http",
            Tls::V12 { .. } | Tls::V13 { .. } => "https",
        };
        format!("{scheme}://localhost:{}{path}", self.addr.port())
    }

    /// The self-signed certificate to trust; the same one for all peers of the process.
    #[expect(
        clippy::unused_self,
        reason = "reads as a property of the peer; today all peers share it"
    )]
    pub fn root(&self) -> CertificateDer<'static> {
        tls::root()
    }

    /// A client configuration that trusts [`root`](Self::root), takes TLS 1.2 and 1.3, and offers no ALPN.
    pub fn client_config(&self) -> rustls::ClientConfig {
        tls::client_config(self.root())
    }

    /// Releases [`Step::Wait`] of this name: on every connection, now and later.
    pub fn go(&self, name: &'static str) {
        self.stage.cues.go(name);
    }

    /// Blocks until some script came to [`Step::Signal`] of this name.
    ///
    /// # Panics
    ///
    /// After 10 seconds.
    pub fn reached(&self, name: &'static str) {
        self.stage.cues.reached(name);
    }

    /// As [`reached`](Self::reached), without blocking the runtime.
    ///
    /// Waits on a blocking thread, not by `tokio::time::sleep`, so that it takes real time and leaves a paused clock alone.
    pub async fn reached_async(&self, name: &'static str) {
        let stage = Arc::clone(&self.stage);
        let waiting = tokio::task::spawn_blocking(move || stage.cues.reached(name));
        waiting.await.unwrap();
    }

    /// How many connections were accepted.
    pub fn connections(&self) -> usize {
        self.stage.tally.connections()
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
        self.stage.tally.executions()
    }

    /// Application bytes (above TLS) read on connection `n`; 0 if there was none.
    pub fn bytes_read(&self, n: usize) -> usize {
        self.stage.tally.plain(n)
    }

    /// Bytes read from the socket (below TLS, with the handshake) on connection `n`; 0 if there was none.
    pub fn raw_bytes(&self, n: usize) -> usize {
        self.stage.tally.raw(n)
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.stage.cues.stop();
        // A connection of our own wakes the accept, which then sees that it is over.
        drop(TcpStream::connect_timeout(&self.addr, END_WITHIN));
        let running = self.running.get_mut().unwrap();
        let ended = running.recv_timeout(END_WITHIN) == Err(RecvTimeoutError::Disconnected);
        let fault = if ended {
            self.thread.take().and_then(|thread| thread.join().err())
        } else {
            Some(Box::new("a thread of the peer does not end") as _)
        };
        match fault {
            Some(fault) if !thread::panicking() => std::panic::resume_unwind(fault),
            _ => {}
        }
    }
}

/// Accepts until the peer is dropped, one thread a connection; returns when all of these have ended.
fn accept<F>(listener: &TcpListener, tls: Tls, stage: &Stage, mut scripts: F, running: Sender<()>)
where
    F: FnMut(usize) -> Script,
{
    // Lives until the end of this function, panics included: that is the signal the drop waits for.
    let _running = running;
    let config = tls.server_config();
    thread::scope(|threads| {
        for n in 0.. {
            let (stream, _) = listener.accept().unwrap();
            if stage.cues.stopped() {
                return;
            }
            let traffic = stage.tally.accepted();
            let script = scripts(n);
            let config = config.clone();
            thread::Builder::new()
                .name(format!(
                    "peer {} connection {n}",
                    stream.local_addr().unwrap()
                ))
                .spawn_scoped(threads, move || {
                    let wire = Wire::new(stream, &stage.cues, traffic, config);
                    Connection::new(n, wire, stage).run(script);
                })
                .unwrap();
        }
    });
}
