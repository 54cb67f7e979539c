//! A read that tells how much came.
//!
//! hyper's read cursor is moved into the transport and does not come back, so the bytes are read through a buffer of
//! our own over the same memory, as hyper-util's adapters do.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use hyper::rt::{Read, ReadBuf, ReadBufCursor};

/// Reads from `io` into `cursor`, and shows `seen` the bytes that came; none of them means the end of the stream.
#[expect(
    unsafe_code,
    reason = "the safe way is a second copy of every response; see the safety comments"
)]
#[expect(clippy::inline_always, reason = "it is what a read consists of")]
#[inline(always)]
pub(super) fn poll_read_seen<T: Read>(
    io: Pin<&mut T>,
    cx: &mut Context<'_>,
    mut cursor: ReadBufCursor<'_>,
    seen: impl FnOnce(&[u8]),
) -> Poll<io::Result<()>> {
    if cursor.remaining() == 0 {
        // Asked for nothing: a read of nothing would look like the end of the stream.
        return io.poll_read(cx, cursor);
    }
    let n = {
        // SAFETY: nothing here or in `ReadBuf` makes an initialised byte uninitialised.
        let mut buffer = ReadBuf::uninit(unsafe { cursor.as_mut() });
        ready!(io.poll_read(cx, buffer.unfilled()))?;
        seen(buffer.filled());
        buffer.filled().len()
    };
    // SAFETY: `ReadBuf` counts as filled only what was initialised, and it lay over this cursor's memory.
    unsafe { cursor.advance(n) };
    Poll::Ready(Ok(()))
}
