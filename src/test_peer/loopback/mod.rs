//! What the scripted peers have in common: a listener with threads of its own, cues, counters, and one socket's wire.
//!
//! The loopback is where they listen unless they are told another address of this machine.
//!
//! Knows no protocol above TLS. Invariant: no blocking call outlives the [`Server`]. Sockets are polled against the stop
//! flag, waits hang on one condition variable, and no descriptor is ever duplicated (a `close(2)` that left a duplicate
//! open would send nothing).

#[cfg(target_os = "linux")]
mod acknowledged;
pub mod count;
pub mod cue;
mod session;
pub mod tls;
pub mod wire;

use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rustls::ServerConfig;

use self::count::Tally;
use self::cue::Cues;
use self::wire::Wire;

/// How long a dropped server may take to end its threads before the drop panics.
const END_WITHIN: Duration = Duration::from_secs(5);

/// What a connection needs to speak TLS: the configuration, and whether it ends with a `close_notify`.
pub type Encryption = Option<(Arc<ServerConfig>, bool)>;

/// What the test and all scripts of a server share.
#[derive(Debug)]
#[non_exhaustive]
pub struct Stage<E> {
    pub cues: Cues,
    pub tally: Tally<E>,
}

/// A running server; dropping it closes every socket and joins every thread, and panics if one of these panicked or would not
/// end.
#[derive(Debug)]
pub struct Server<E> {
    addr: SocketAddr,
    stage: Arc<Stage<E>>,
    thread: Option<JoinHandle<()>>,
    /// Disconnects when the thread has ended. In a mutex only to make the server `Sync`.
    running: Mutex<Receiver<()>>,
}

impl<E: Clone + Send + 'static> Server<E> {
    /// Listens on a free port of 127.0.0.1; connection `n`, counted from 0, is given to `run` with `scripts(n)`.
    pub fn start<S, F, R>(tls: Encryption, scripts: F, run: R) -> Self
    where
        S: Send,
        F: FnMut(usize) -> S + Send + 'static,
        R: Fn(usize, S, Wire<'_>, &Stage<E>) + Copy + Send + 'static,
    {
        Self::start_at(Ipv4Addr::LOCALHOST, tls, scripts, run)
    }

    /// The same at another address. It is to be dropped where that can be connected to.
    pub fn start_at<S, F, R>(address: Ipv4Addr, tls: Encryption, scripts: F, run: R) -> Self
    where
        S: Send,
        F: FnMut(usize) -> S + Send + 'static,
        R: Fn(usize, S, Wire<'_>, &Stage<E>) + Copy + Send + 'static,
    {
        let listener = TcpListener::bind((address, 0)).unwrap();
        let addr = listener.local_addr().unwrap();
        let stage = Arc::new(Stage {
            cues: Cues::default(),
            tally: Tally::default(),
        });
        let (sender, running) = channel();
        let thread = thread::Builder::new()
            .name(format!("peer {addr}"))
            .spawn({
                let stage = Arc::clone(&stage);
                move || accept(&listener, &tls, &stage, (scripts, run), sender)
            })
            .unwrap();
        Self {
            addr,
            stage,
            thread: Some(thread),
            running: Mutex::new(running),
        }
    }

    /// Ends it, and gives what was executed. Nothing is executed any more after that.
    pub fn finish(self) -> Vec<E> {
        let stage = Arc::clone(&self.stage);
        drop(self);
        stage.tally.executions()
    }

    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    pub fn stage(&self) -> &Stage<E> {
        &self.stage
    }

    /// As [`Cues::reached`], without blocking the runtime.
    ///
    /// Waits on a blocking thread of tokio's: that alone takes real time and leaves a paused clock alone.
    pub async fn reached_async(&self, name: &'static str) {
        let stage = Arc::clone(&self.stage);
        let waiting = tokio::task::spawn_blocking(move || stage.cues.reached(name));
        waiting.await.unwrap();
    }
}

impl<E> Drop for Server<E> {
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

/// Accepts until the server is dropped, one thread a connection; returns when all of these have ended.
fn accept<E, S, F, R>(
    listener: &TcpListener,
    tls: &Encryption,
    stage: &Stage<E>,
    (mut scripts, run): (F, R),
    running: Sender<()>,
) where
    E: Clone + Send,
    S: Send,
    F: FnMut(usize) -> S,
    R: Fn(usize, S, Wire<'_>, &Stage<E>) + Copy + Send,
{
    // Lives until the end of this function, panics included: that is the signal the drop waits for.
    let _running = running;
    thread::scope(|threads| {
        for n in 0.. {
            let (stream, _) = listener.accept().unwrap();
            if stage.cues.stopped() {
                return;
            }
            let traffic = stage.tally.accepted();
            let script = scripts(n);
            let tls = tls.clone();
            thread::Builder::new()
                .name(format!(
                    "peer {} connection {n}",
                    stream.local_addr().unwrap()
                ))
                .spawn_scoped(threads, move || {
                    let wire = Wire::new(stream, &stage.cues, traffic, tls);
                    run(n, script, wire, stage);
                })
                .unwrap();
        }
    });
}
