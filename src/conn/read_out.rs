//! HTTP/2 connections whose writes fail: they are read out, and then they end.

use std::io;
use std::io::{Read as _, Write as _};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use hyper::rt::{Read, ReadBuf, ReadBufCursor, Write};
use hyper_util::client::legacy::connect::{Connected, Connection};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::book::Ending;
use super::ledger::Ledger;
use super::plain::PlainIo;
use super::probe::SYSTEM;
use super::socket::{Socket, SocketRef};
use super::tests::{Pair, pair};
use super::tracked::{FailedWrite, TrackedIo};

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const FRAMES: &[u8] = b"the frames of an answer";

/// A connection on which HTTP/2 is spoken.
async fn speaking() -> Pair {
    let mut pair = pair(SYSTEM).await;
    pair.pool();
    pair.poll_idle().await;
    pair.write(PREFACE).await.unwrap();
    pair.peer.read_exact(&mut [0; PREFACE.len()]).unwrap();
    pair
}

/// Counts how often it is woken.
#[derive(Default)]
struct Count(AtomicUsize);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

#[tokio::test]
async fn an_answer_that_lies_in_the_buffer_is_read_though_a_write_fails() {
    let mut pair = speaking().await;
    let ledger = pair.pool().ledger().unwrap();
    let before = ledger.book().written;
    pair.peer.write_all(FRAMES).unwrap();
    // Aborted: the next write fails, the kernel keeps what has arrived.
    let aborted = socket2::SockRef::from(&pair.peer).set_linger(Some(std::time::Duration::ZERO));
    aborted.unwrap();
    drop(std::mem::replace(
        &mut pair.peer,
        super::tests::unconnected(),
    ));
    let write = pair.write(b"a window update").await;
    assert_eq!(write.unwrap(), b"a window update".len());
    {
        let book = ledger.book();
        assert!(book.failed && book.is_sealed());
        assert_eq!(book.ending, Some(Ending::Reset));
        assert_eq!(book.written, before);
    }
    assert_eq!(pair.write(b"and more").await.unwrap(), 8);
    pair.flush().await;
    assert_eq!(pair.read().await.unwrap(), FRAMES);
    let end = pair.read().await;
    assert!(end.is_err() || end.is_ok_and(|bytes| bytes.is_empty()));
    assert_eq!(ledger.book().written, before);
}

#[tokio::test]
async fn nothing_leaves_after_the_peers_end_and_nothing_fails() {
    let mut pair = speaking().await;
    let ledger = pair.pool().ledger().unwrap();
    let before = ledger.book().written;
    pair.peer.shutdown(std::net::Shutdown::Write).unwrap();
    assert!(pair.read().await.unwrap().is_empty());
    assert_eq!(pair.write(b"more").await.unwrap(), 4);
    pair.flush().await;
    std::future::poll_fn(|cx| Pin::new(&mut pair.tap).poll_shutdown(cx))
        .await
        .unwrap();
    assert_eq!(ledger.book().written, before);
    assert!(pair.read().await.unwrap().is_empty());
    pair.peer.set_nonblocking(true).unwrap();
    let peeked = pair.peer.peek(&mut [0; 64]).unwrap_err();
    assert_eq!(peeked.kind(), io::ErrorKind::WouldBlock, "no FIN either");
}

/// A transport that fails its writes when told to, and whose runtime is slow to hear of what has arrived.
struct Faulty {
    io: TokioIo<TcpStream>,
    fails: Arc<AtomicBool>,
    lags: Arc<AtomicBool>,
}

impl Read for Faulty {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        cursor: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        if self.lags.load(Ordering::SeqCst) {
            return Poll::Pending;
        }
        Pin::new(&mut self.io).poll_read(cx, cursor)
    }
}

impl Write for Faulty {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.fails.load(Ordering::SeqCst) {
            return Poll::Ready(Err(io::ErrorKind::OutOfMemory.into()));
        }
        Pin::new(&mut self.io).poll_write(cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(if self.fails.load(Ordering::SeqCst) {
            Err(io::ErrorKind::OutOfMemory.into())
        } else {
            Ok(())
        })
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

impl Connection for Faulty {
    fn connected(&self) -> Connected {
        Connected::new()
    }
}

impl Socket for Faulty {
    fn socket(&self) -> Option<SocketRef<'_>> {
        self.io.socket()
    }
}

/// What can be done to a faulty connection from outside.
struct Faults {
    peer: std::net::TcpStream,
    fails: Arc<AtomicBool>,
    lags: Arc<AtomicBool>,
}

async fn faulty() -> (Faulty, Faults) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let stream = TcpStream::connect(address).await.unwrap();
    let (peer, _) = listener.accept().unwrap();
    let (fails, lags) = (Arc::<AtomicBool>::default(), Arc::<AtomicBool>::default());
    let io = Faulty {
        io: TokioIo::new(stream),
        fails: Arc::clone(&fails),
        lags: Arc::clone(&lags),
    };
    (io, Faults { peer, fails, lags })
}

fn poll_write(tap: &mut (impl Write + Unpin), waker: &Waker, bytes: &[u8]) -> usize {
    let mut cx = Context::from_waker(waker);
    match Pin::new(tap).poll_write(&mut cx, bytes) {
        Poll::Ready(Ok(n)) => n,
        other => panic!("{other:?}"),
    }
}

fn poll_flush(tap: &mut (impl Write + Unpin)) {
    let mut cx = Context::from_waker(Waker::noop());
    let flushed = Pin::new(tap).poll_flush(&mut cx);
    assert!(matches!(flushed, Poll::Ready(Ok(()))), "{flushed:?}");
}

fn poll_read(tap: &mut (impl Read + Unpin)) -> Poll<io::Result<Vec<u8>>> {
    let mut cx = Context::from_waker(Waker::noop());
    let mut memory = [0; 64];
    let mut buffer = ReadBuf::new(&mut memory);
    let result = Pin::new(tap).poll_read(&mut cx, buffer.unfilled());
    result.map_ok(|()| buffer.filled().to_vec())
}

#[tokio::test]
async fn a_peer_that_lives_and_says_nothing_keeps_no_reader_waiting() {
    let (io, mut faults) = faulty().await;
    let ledger = Ledger::new(SYSTEM);
    let failed = FailedWrite::SentNothing;
    let mut tap = TrackedIo::new(io, Faulty::socket, Arc::clone(&ledger), failed);
    let woken = Arc::<Count>::default();
    let waker = Waker::from(Arc::clone(&woken));
    assert_eq!(poll_write(&mut tap, &waker, PREFACE), PREFACE.len());
    assert!(poll_read(&mut tap).is_pending());
    let before = ledger.book().written;

    faults.fails.store(true, Ordering::SeqCst);
    assert_eq!(poll_write(&mut tap, &waker, b"lost"), 4);
    assert_eq!(poll_write(&mut tap, &waker, b"as well"), 7);
    assert_eq!(woken.0.load(Ordering::SeqCst), 1, "to read once more");
    poll_flush(&mut tap);
    assert_eq!(ledger.book().written, before);
    assert_eq!(ledger.book().ending, Some(Ending::Failed));

    // What has arrived is waited for, also if the runtime has not heard of it.
    faults.peer.write_all(FRAMES).unwrap();
    faults.lags.store(true, Ordering::SeqCst);
    assert!(poll_read(&mut tap).is_pending());
    faults.lags.store(false, Ordering::SeqCst);
    let read = loop {
        tokio::task::yield_now().await;
        if let Poll::Ready(read) = poll_read(&mut tap) {
            break read;
        }
    };
    assert_eq!(read.unwrap(), FRAMES);
    // And then it is over, though the peer lives.
    let end = poll_read(&mut tap);
    assert!(matches!(end, Poll::Ready(Err(_))), "{end:?}");
}

#[tokio::test]
async fn above_tls_alone_the_first_read_that_finds_nothing_is_the_end() {
    let (io, mut faults) = faulty().await;
    let mut tap = PlainIo::new(io, SYSTEM);
    let ledger = super::tests::pool(&tap).ledger().unwrap();
    assert_eq!(poll_write(&mut tap, Waker::noop(), PREFACE), PREFACE.len());
    faults.peer.write_all(FRAMES).unwrap();
    tokio::time::timeout(
        std::time::Duration::from_secs(10),
        tap.inner().io.inner().readable(),
    )
    .await
    .unwrap()
    .unwrap();
    faults.fails.store(true, Ordering::SeqCst);
    assert_eq!(poll_write(&mut tap, Waker::noop(), b"lost"), 4);
    let written = ledger.book().written;
    assert!(ledger.book().failed);
    assert_eq!(poll_write(&mut tap, Waker::noop(), b"as well"), 7);
    poll_flush(&mut tap);
    assert_eq!(ledger.book().written, written);
    assert!(matches!(poll_read(&mut tap), Poll::Ready(Ok(bytes)) if bytes == FRAMES));
    assert!(matches!(poll_read(&mut tap), Poll::Ready(Err(_))));
}

#[tokio::test]
async fn a_flush_that_fails_is_a_write_that_fails() {
    let (io, faults) = faulty().await;
    let mut tap = PlainIo::new(io, SYSTEM);
    assert_eq!(poll_write(&mut tap, Waker::noop(), PREFACE), PREFACE.len());
    faults.fails.store(true, Ordering::SeqCst);
    poll_flush(&mut tap);
    let ledger = super::tests::pool(&tap).ledger().unwrap();
    assert!(ledger.book().failed);
    assert!(matches!(poll_read(&mut tap), Poll::Ready(Err(_))));
}

#[tokio::test]
async fn on_http1_a_write_that_fails_fails() {
    let (io, faults) = faulty().await;
    let mut tap = PlainIo::new(io, SYSTEM);
    faults.fails.store(true, Ordering::SeqCst);
    let mut cx = Context::from_waker(Waker::noop());
    let write = Pin::new(&mut tap).poll_write(&mut cx, b"GET / HTTP/1.1\r\n\r\n");
    assert!(matches!(write, Poll::Ready(Err(_))));
}
