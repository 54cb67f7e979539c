//! The socket of a living connection, asked from outside of the connection's task.
//!
//! hyper owns the transport, in a task of its own; a pool must ask the kernel about a connection that lies idle, and a
//! duplicate of each descriptor would be held for nothing else. So the descriptor's number is noted here while the
//! transport lives.
//!
//! Invariant: the number is a descriptor that is open. It is noted only for transports of which it is known that they hold
//! one descriptor until they are dropped ([`Socket`](super::Socket) for tokio's streams), and the tap that owns the
//! transport takes it away, under this lock, before it drops the transport.

#[cfg(unix)]
use std::os::fd::BorrowedFd;

use parking_lot::{Mutex, MutexGuard};

use super::socket::{LastingSocket, SocketRef};

/// The socket of a connection, while it is open.
#[derive(Debug, Default)]
pub(super) struct Watched(Mutex<Option<Noted>>);

#[derive(Clone, Copy, Debug)]
struct Noted {
    socket: LastingSocket,
    plain_tcp: bool,
}

impl Watched {
    pub(super) fn note(&self, socket: LastingSocket, plain_tcp: bool) {
        *self.lock() = Some(Noted { socket, plain_tcp });
    }

    /// The transport is about to be dropped. Waits for who is asking, which takes a system call.
    pub(super) fn forget(&self) {
        *self.lock() = None;
    }

    /// Asks about the socket, and whether it is TCP and nothing else; `None` if there is none to ask.
    #[cfg(unix)]
    #[expect(
        unsafe_code,
        reason = "the one way to ask about a socket that another task owns without holding a duplicate of it"
    )]
    #[inline]
    pub(super) fn with<R>(&self, ask: impl FnOnce(SocketRef<'_>, bool) -> R) -> Option<R> {
        let noted = self.lock();
        let Noted { socket, plain_tcp } = (*noted)?;
        // SAFETY: the descriptor is open while the lock is held: see the invariant above.
        let borrowed = unsafe { BorrowedFd::borrow_raw(socket) };
        Some(ask(borrowed, plain_tcp))
    }

    /// Not known here; the gate asks at the write.
    #[cfg(not(unix))]
    pub(super) fn with<R>(&self, ask: impl FnOnce(SocketRef<'_>, bool) -> R) -> Option<R> {
        drop(ask);
        None
    }

    #[inline]
    fn lock(&self) -> MutexGuard<'_, Option<Noted>> {
        self.0.lock()
    }
}
