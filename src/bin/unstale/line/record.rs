//! What happened on one connection, and when.
//!
//! Apart from the tap, which is dropped with hyper's half: the record outlives it, and holds a descriptor of its own.
//! Invariant: times are those at which a thing *arrived*, as the kernel tells them; a busy machine that notices late does not
//! change them.

use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use socket2::{SockRef, Socket};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::{Instant, timeout};
use unstale::conn::Vitals;

use super::frames::{Frames, GoAway};

/// So much is kept of what the server began with, and of what it sent unasked.
const KEPT: usize = 64;

/// How the server ended a connection, or said that it will.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum How {
    /// A FIN; over TLS, whether a `close_notify` came before it.
    Fin { close_notify: Option<bool> },
    /// A RST.
    Reset,
    /// HTTP/2: no further request is taken.
    GoAway(GoAway),
    /// The kernel gave up, or a router said that there is no way.
    Broken,
}

/// How often the kernel is asked about a connection that nobody reads any more.
const STEP: Duration = Duration::from_millis(10);

/// The first end of a connection that was noted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct End {
    pub(crate) how: How,
    pub(crate) at: Instant,
}

/// What happened on one connection.
#[derive(Debug)]
pub(crate) struct Record {
    socket: Socket,
    is_tls: bool,
    ended: watch::Sender<Option<End>>,
    log: Mutex<Log>,
}

#[derive(Debug)]
struct Log {
    opening: Vec<u8>,
    unasked: Vec<u8>,
    frames: Option<Frames>,
    last_byte: Instant,
    /// Nobody reads any more: what came was no answer to anything, and hyper has let go.
    is_unread: bool,
}

impl Record {
    pub(super) fn of(tcp: &TcpStream, is_tls: bool) -> io::Result<Self> {
        Ok(Self {
            socket: SockRef::from(tcp).try_clone()?,
            is_tls,
            ended: watch::Sender::new(None),
            log: Mutex::new(Log {
                opening: Vec::new(),
                unasked: Vec::new(),
                frames: None,
                last_byte: Instant::now(),
                is_unread: false,
            }),
        })
    }

    /// From now on what comes is HTTP/2.
    pub(crate) fn expect_frames(&self) {
        self.log().frames = Some(Frames::default());
    }

    /// A request is about to leave: what came until now was unasked, and what comes is an answer.
    pub(crate) fn forget_unasked(&self) {
        self.log().unasked.clear();
    }

    pub(super) fn note_bytes(&self, bytes: &[u8]) {
        let at = self.arrived(Vitals::since_data);
        let mut log = self.log();
        log.last_byte = at;
        let keep = |kept: &mut Vec<u8>| {
            let room = KEPT.saturating_sub(kept.len()).min(bytes.len());
            kept.extend(bytes.iter().take(room));
        };
        keep(&mut log.opening);
        keep(&mut log.unasked);
        let goaway = log.frames.as_mut().and_then(|frames| frames.read(bytes));
        drop(log);
        if let Some(goaway) = goaway {
            self.note_end(How::GoAway(goaway), at);
        }
    }

    pub(super) fn note_fin(&self, close_notify: Option<bool>) {
        let at = self.arrived(Vitals::since_heard);
        self.note_end(How::Fin { close_notify }, at);
    }

    pub(super) fn note_unread(&self) {
        self.log().is_unread = true;
    }

    /// Of a connection that nobody reads the kernel alone knows the end.
    fn ask_kernel(&self) {
        if !self.log().is_unread {
            return;
        }
        match self.vitals() {
            Some(vitals) if vitals.is_closed() => self.note_end(How::Reset, Instant::now()),
            Some(vitals) if vitals.is_ended() => self.note_fin(None),
            Some(_) => {}
            None => self.note_end(How::Broken, Instant::now()),
        }
    }

    pub(super) fn note_error(&self, error: &io::Error) {
        let how = match error.kind() {
            io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::BrokenPipe => How::Reset,
            _ => How::Broken,
        };
        self.note_end(how, Instant::now());
    }

    /// The first one counts.
    fn note_end(&self, how: How, at: Instant) {
        let _ = self.ended.send_if_modified(|end| {
            let is_first = end.is_none();
            end.get_or_insert(End { how, at });
            is_first
        });
    }

    /// When what was just read had arrived.
    fn arrived(&self, since: fn(&Vitals) -> Duration) -> Instant {
        let now = Instant::now();
        let ago = self.vitals().as_ref().map(since).unwrap_or_default();
        now.checked_sub(ago).unwrap_or(now)
    }

    /// What the kernel says now.
    pub(crate) fn vitals(&self) -> Option<Vitals> {
        #[cfg(unix)]
        let socket = std::os::fd::AsFd::as_fd(&self.socket);
        #[cfg(windows)]
        let socket = std::os::windows::io::AsSocket::as_socket(&self.socket);
        Vitals::of(socket)
    }

    pub(crate) fn is_tls(&self) -> bool {
        self.is_tls
    }

    /// The socket, for what is tried on it after the end.
    pub(crate) fn socket(&self) -> &Socket {
        &self.socket
    }

    pub(crate) fn end(&self) -> Option<End> {
        *self.ended.borrow()
    }

    /// Waits for the end.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost: the end stays noted.
    pub(crate) async fn ended(&self) -> End {
        let mut ended = self.ended.subscribe();
        loop {
            self.ask_kernel();
            if let Some(end) = *ended.borrow_and_update() {
                return end;
            }
            // The sender is a part of this record, so it is not gone.
            let _ = timeout(STEP, ended.changed()).await;
        }
    }

    /// When the last byte was sent; `None` where the kernel does not say it.
    pub(crate) fn last_sent(&self) -> Option<Instant> {
        Instant::now().checked_sub(self.vitals()?.since_sent())
    }

    /// When the last byte of an answer had arrived.
    pub(crate) fn last_byte(&self) -> Instant {
        self.log().last_byte
    }

    /// What the server began with: 64 bytes of it.
    pub(crate) fn opening(&self) -> Vec<u8> {
        self.log().opening.clone()
    }

    /// The status of an answer that nobody asked for.
    pub(crate) fn unasked_status(&self) -> Option<u16> {
        let log = self.log();
        let line = log.unasked.strip_prefix(b"HTTP/1.")?;
        std::str::from_utf8(line.get(2..5)?).ok()?.parse().ok()
    }

    fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
