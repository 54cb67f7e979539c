//! The end of an HTTP/2 connection: it is read to its end though nothing can be written any more.
//!
//! h2 writes before it reads, and an error of a write resets all streams, also those whose complete answers lie in the
//! receive buffer; those would be sent again, or given up, although they were answered. So once a write has failed on a
//! connection that may be HTTP/2, or the connection is sealed, what is written is taken and thrown away, and counted
//! nowhere. The read side goes on to its own end, which ends the connection.
//!
//! Reading does end. What was thrown away is never answered, and a failed write may leave the peer alive and waiting (the
//! kernel was out of memory, the TLS session above had an error of its own), so the socket may have nothing more to say and
//! say so for ever. Therefore:
//!
//! - the task is woken at the first write that is thrown away, since the read before it may have found nothing and nothing
//!   else need ever wake it;
//! - a read that then finds nothing is the end. Only if the kernel holds bytes that the runtime has not heard of yet, the
//!   read waits: their event is on its way. A peer that still sends is read on, as on any connection; what it has not sent
//!   by then is lost, as it was with the error of the write.

use std::io::{self, IoSlice};
use std::task::{Context, Poll};

use super::book::Ending;
use super::ledger::Ledger;
use super::probe::Peek;
use super::socket::SocketRef;

/// Takes a write of these bytes and throws it away.
#[cold]
pub(super) fn swallow(
    ledger: &Ledger,
    cx: &mut Context<'_>,
    bufs: &[IoSlice<'_>],
) -> Poll<io::Result<usize>> {
    if ledger.deafen() {
        cx.waker().wake_by_ref();
    }
    Poll::Ready(Ok(bufs.iter().map(|buf| buf.len()).sum()))
}

/// What a flush says that ended so: a transport with a buffer of its own writes there.
#[inline]
pub(super) fn flushed(
    ledger: &Ledger,
    cx: &mut Context<'_>,
    result: Poll<io::Result<()>>,
) -> Poll<io::Result<()>> {
    match result {
        Poll::Ready(Err(error)) => flush_failed(ledger, cx, error),
        result => result,
    }
}

#[cold]
fn flush_failed(ledger: &Ledger, cx: &mut Context<'_>, error: io::Error) -> Poll<io::Result<()>> {
    let is_deaf = {
        let mut book = ledger.book();
        if book.multiplexed {
            book.fail(&error);
        }
        book.is_deaf()
    };
    if is_deaf {
        swallow(ledger, cx, &[]).map_ok(|_| ())
    } else {
        Poll::Ready(Err(error))
    }
}

/// What a read that found nothing says after something was thrown away: the end, unless the socket has more.
#[cold]
pub(super) fn read_nothing(ledger: &Ledger, socket: Option<SocketRef<'_>>) -> Poll<io::Result<()>> {
    if socket.is_some_and(|socket| ledger.probe().peek(socket) == Peek::Data) {
        return Poll::Pending;
    }
    let kind = match ledger.book().ending {
        Some(Ending::Reset) => io::ErrorKind::ConnectionReset,
        Some(Ending::TimedOut) => io::ErrorKind::TimedOut,
        Some(Ending::Closed | Ending::Silent | Ending::Failed) | None => io::ErrorKind::BrokenPipe,
    };
    Poll::Ready(Err(kind.into()))
}
