//! The taps over real sockets, with kernels that tell the truth and kernels that lie.

use std::io::Write as _;
use std::net::{SocketAddr, TcpListener};
use std::task::Poll;

use http::Uri;
use hyper::rt::{Read, ReadBuf, Write};
use hyper_util::client::legacy::connect::Connection;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tower::{Layer, Service, service_fn};

use super::book::Freeze;
use super::probe::{Peek, Portable, Probe, SYSTEM, Sample};
use super::scope::{self, Slot};
use super::seldom::Hold;
use super::socket::SocketRef;
use super::{Facts, TrackLayer, TrackedIo};
use crate::body::ReplayBody;
use crate::evidence::{GateReason, SecondLook};

type Tracked = TrackedIo<TokioIo<TcpStream>>;

/// A tracked connection and its peer, both in hand.
pub(super) struct Pair {
    pub(super) tap: Tracked,
    pub(super) peer: std::net::TcpStream,
}

pub(super) async fn pair(probe: &'static dyn Probe) -> Pair {
    pair_after(probe, b"").await
}

/// A pair of which the connector had read what the peer said first.
pub(super) async fn pair_after(probe: &'static dyn Probe, greeting: &'static [u8]) -> Pair {
    pair_by(TrackLayer::new().with_probe(probe), greeting).await
}

pub(super) async fn pair_by(layer: TrackLayer, greeting: &'static [u8]) -> Pair {
    let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
    let address = listener.local_addr().unwrap();
    let greeter = std::thread::spawn(move || {
        let (mut peer, _) = listener.accept().unwrap();
        peer.write_all(greeting).unwrap();
        peer
    });
    let connect = service_fn(move |_: Uri| async move {
        let mut stream = TcpStream::connect(address).await?;
        let mut said = vec![0; greeting.len()];
        tokio::io::AsyncReadExt::read_exact(&mut stream, &mut said).await?;
        Ok::<_, std::io::Error>(TokioIo::new(stream))
    });
    let mut connector = layer.layer(connect);
    let tap = connector
        .call(Uri::from_static("http://peer/"))
        .await
        .unwrap();
    let peer = greeter.join().unwrap();
    Pair { tap, peer }
}

impl Pair {
    /// What hyper does before it uses a connection.
    pub(super) fn pool(&self) -> Facts {
        pool(&self.tap)
    }

    pub(super) async fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        std::future::poll_fn(|cx| std::pin::Pin::new(&mut self.tap).poll_write(cx, bytes)).await
    }

    pub(super) async fn flush(&mut self) {
        std::future::poll_fn(|cx| std::pin::Pin::new(&mut self.tap).poll_flush(cx))
            .await
            .unwrap();
    }

    pub(super) async fn read(&mut self) -> std::io::Result<Vec<u8>> {
        let mut memory = [0; 1024];
        std::future::poll_fn(|cx| {
            let mut buffer = ReadBuf::new(&mut memory);
            let result = std::pin::Pin::new(&mut self.tap).poll_read(cx, buffer.unfilled());
            result.map_ok(|()| buffer.filled().to_vec())
        })
        .await
    }

    /// Reads as hyper does on an idle connection, which finds nothing.
    pub(super) async fn poll_idle(&mut self) {
        std::future::poll_fn(|cx| {
            let mut memory = [0; 16];
            let mut buffer = ReadBuf::new(&mut memory);
            let _ = std::pin::Pin::new(&mut self.tap).poll_read(cx, buffer.unfilled());
            Poll::Ready(())
        })
        .await;
    }

    /// The peer takes the request: closing over unread bytes would send a RST.
    pub(super) fn take_request(&mut self) {
        let n = std::io::Read::read(&mut self.peer, &mut [0; 64]).unwrap();
        assert_eq!(n, b"GET / HTTP/1.1\r\n\r\n".len());
    }

    /// One exchange, as hyper and hyper-util carry it out for an attempt of ours.
    pub(super) async fn exchange(&mut self, pool: &Facts) {
        self.poll_idle().await;
        self.write(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
        self.flush().await;
        self.take_request();
        self.peer.write_all(b"HTTP/1.1 200 OK\r\n\r\n").unwrap();
        assert!(!self.read().await.unwrap().is_empty());
        turn(pool);
    }
}

/// What hyper-util's pool keeps of a connection.
pub(super) fn pool(tap: &impl Connection) -> Facts {
    let mut extras = http::Extensions::new();
    tap.connected().get_extras(&mut extras);
    let copy = extras.get::<Facts>().unwrap();
    Facts::Origin(copy.ledger().unwrap())
}

/// hyper-util clones the extra at the response head, within our attempt.
pub(super) fn turn(pool: &Facts) -> Option<Slot> {
    let body = ReplayBody::once(http_body_util::Empty::<bytes::Bytes>::new());
    turn_after(pool, &body)
}

/// The same for an attempt with a body.
pub(super) fn turn_after<B: http_body::Body>(pool: &Facts, body: &ReplayBody<B>) -> Option<Slot> {
    let mut slot = Some(Box::new(Slot {
        progress: body.progress(),
        started: tokio::time::Instant::now(),
        is_captured: false,
        opened_after: None,
        idle_at_most: None,
        silent_since: None,
        tunnel: false,
        opened: None,
        seen: None,
    }));
    scope::within(&mut slot, || drop(pool.clone()));
    slot.map(|slot| *slot)
}

fn refusal(pool: &Facts) -> Option<GateReason> {
    pool.ledger().unwrap().book().refused
}

/// A kernel that changes the truth on its way.
#[derive(Debug)]
pub(super) struct Lying(pub(super) fn(Sample) -> Option<Sample>);

impl Probe for Lying {
    fn is_plain_tcp(&self, socket: SocketRef<'_>) -> bool {
        SYSTEM.is_plain_tcp(socket)
    }
    fn sample(&self, socket: SocketRef<'_>) -> Option<Sample> {
        SYSTEM.sample(socket).and_then(self.0)
    }
    fn peek(&self, socket: SocketRef<'_>) -> Peek {
        SYSTEM.peek(socket)
    }
    fn peek_record(&self, socket: SocketRef<'_>) -> Option<[u8; 5]> {
        SYSTEM.peek_record(socket)
    }
    fn was_reset_after_fin(&self, socket: SocketRef<'_>) -> bool {
        SYSTEM.was_reset_after_fin(socket)
    }
    fn abort(&self, socket: SocketRef<'_>) -> bool {
        SYSTEM.abort(socket)
    }
}

/// Zeros and short structs are no sample at all (`probe::linux` tests that).
static SILENT: Lying = Lying(|_| None);
static STUCK_AT_ZERO: Lying = Lying(|sample| {
    Some(Sample {
        acknowledged: 0,
        ..sample
    })
});
static LOW_BY_ONE: Lying = Lying(|sample| {
    Some(Sample {
        acknowledged: sample.acknowledged.saturating_sub(1),
        ..sample
    })
});
static HIGH_BY_ONE: Lying = Lying(|sample| {
    Some(Sample {
        acknowledged: sample.acknowledged + 1,
        ..sample
    })
});
static LIARS: [&Lying; 4] = [&SILENT, &STUCK_AT_ZERO, &LOW_BY_ONE, &HIGH_BY_ONE];

/// A request written into a connection that the peer has closed fully, past the gate, and what the second look says.
async fn lose(probe: &'static dyn Probe) -> SecondLook {
    let mut pair = pair(probe).await;
    let pool = pair.pool();
    pair.exchange(&pool).await;
    pair.exchange(&pool).await;
    // An exchange begins, and finds the connection alive.
    pair.poll_idle().await;
    let ledger = pool.ledger().unwrap();
    {
        let mut book = ledger.book();
        book.settle();
        assert!(book.begin_if_certain());
    }
    let socket = pair.tap.inner().inner();
    super::gate::ask(&ledger, std::os::fd::AsFd::as_fd(socket), true).unwrap();
    // Then the FIN comes, and the request goes out.
    drop(std::mem::replace(&mut pair.peer, unconnected()));
    pair.write(b"POST / HTTP/1.1\r\n\r\n").await.unwrap();
    assert!(pair.read().await.unwrap().is_empty());
    let seen = turn(&pool).unwrap().seen.unwrap();
    let held = ledger.held().await.unwrap();
    held.look(&seen).await
}

/// A socket to put in the place of one that is closed.
pub(super) fn unconnected() -> std::net::TcpStream {
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None);
    socket.unwrap().into()
}

#[tokio::test]
async fn an_honest_kernel_proves_the_loss() {
    assert_eq!(lose(SYSTEM).await, SecondLook::NeverAcknowledged);
}

#[tokio::test]
async fn a_kernel_that_lies_proves_nothing() {
    for liar in LIARS {
        let found = lose(liar).await;
        assert_ne!(found, SecondLook::NeverAcknowledged, "{liar:?}");
    }
}

#[tokio::test]
async fn the_portable_probe_proves_nothing() {
    assert_eq!(lose(&Portable).await, SecondLook::NotPossible);
}

#[tokio::test]
async fn every_probe_refuses_a_half_closed_connection_before_one_byte() {
    let probes: [&'static dyn Probe; 4] = [SYSTEM, &Portable, &SILENT, &STUCK_AT_ZERO];
    for probe in probes {
        let mut pair = pair(probe).await;
        let pool = pair.pool();
        pair.exchange(&pool).await;
        pair.poll_idle().await;
        let before = pool.ledger().unwrap().book().written;
        pair.peer.shutdown(std::net::Shutdown::Write).unwrap();
        pair.write(b"POST / HTTP/1.1\r\n\r\n").await.unwrap_err();
        assert_eq!(refusal(&pool), Some(GateReason::HalfClosed), "{probe:?}");
        assert_eq!(pool.ledger().unwrap().book().written, before);
    }
}

#[tokio::test]
async fn every_probe_refuses_where_unsolicited_bytes_lie() {
    let probes: [&'static dyn Probe; 2] = [SYSTEM, &Portable];
    for probe in probes {
        let mut pair = pair(probe).await;
        let pool = pair.pool();
        pair.exchange(&pool).await;
        pair.poll_idle().await;
        pair.peer
            .write_all(b"HTTP/1.1 408 Request Timeout\r\n\r\n")
            .unwrap();
        pair.write(b"POST / HTTP/1.1\r\n\r\n").await.unwrap_err();
        assert_eq!(refusal(&pool), Some(GateReason::Unsolicited), "{probe:?}");
    }
}

#[tokio::test]
async fn a_refusal_is_for_good() {
    let mut pair = pair(SYSTEM).await;
    let pool = pair.pool();
    pair.exchange(&pool).await;
    pair.poll_idle().await;
    pool.ledger().unwrap().book().condemned = Some(crate::evidence::GateReason::Condemned);
    let before = pool.ledger().unwrap().book().written;
    for _ in 0..3 {
        pair.write(b"POST / HTTP/1.1\r\n\r\n").await.unwrap_err();
        pair.flush().await;
        std::future::poll_fn(|cx| std::pin::Pin::new(&mut pair.tap).poll_shutdown(cx))
            .await
            .unwrap();
    }
    assert_eq!(refusal(&pool), Some(GateReason::Condemned));
    assert_eq!(
        pool.ledger().unwrap().book().written,
        before,
        "not one byte"
    );
    pair.peer.set_nonblocking(true).unwrap();
    let peeked = pair.peer.peek(&mut [0; 64]).unwrap_err();
    assert_eq!(
        peeked.kind(),
        std::io::ErrorKind::WouldBlock,
        "no FIN either"
    );
}

#[tokio::test]
async fn the_gate_does_not_stand_in_the_middle_of_an_upload() {
    let mut pair = pair(SYSTEM).await;
    let pool = pair.pool();
    pair.exchange(&pool).await;
    pair.poll_idle().await;
    pair.write(b"POST / HTTP/1.1\r\n\r\n").await.unwrap();
    // The response comes early, and with it the turn; the body goes on.
    let progress = ReplayBody::once(http_body_util::Full::new(bytes::Bytes::from("x"))).progress();
    pool.ledger().unwrap().book().boundary = super::book::Boundary::AfterBody(progress);
    pair.peer.write_all(b"HTTP/1.1 200 OK\r\n\r\n").unwrap();
    pair.write(b"rest").await.unwrap();
    assert_eq!(refusal(&pool), None);
}

#[tokio::test]
async fn nothing_is_written_once_the_end_was_seen() {
    let mut pair = pair(SYSTEM).await;
    let pool = pair.pool();
    pair.poll_idle().await;
    pair.write(b"POST / HTTP/1.1\r\n\r\n").await.unwrap();
    pair.peer.shutdown(std::net::Shutdown::Write).unwrap();
    assert!(pair.read().await.unwrap().is_empty());
    assert_eq!(pool.ledger().unwrap().book().freeze, Freeze::Ended);
    pair.write(b"rest").await.unwrap_err();
    assert!(matches!(
        pool.ledger().unwrap().book().hold(),
        Hold::Held(_)
    ));
}

#[tokio::test]
async fn a_tunnel_may_be_written_to_after_its_half_close() {
    let mut pair = pair(SYSTEM).await;
    pair.pool();
    pair.poll_idle().await;
    pair.write(b"CONNECT a:1 HTTP/1.1\r\n\r\n").await.unwrap();
    pair.peer.write_all(b"HTTP/1.1 200 OK\r\n\r\n").unwrap();
    pair.read().await.unwrap();
    pair.peer.shutdown(std::net::Shutdown::Write).unwrap();
    assert!(pair.read().await.unwrap().is_empty());
    pair.write(b"still here").await.unwrap();
}

#[tokio::test]
async fn the_held_descriptor_is_close_on_exec_and_gone_with_the_connection() {
    let mut pair = pair(SYSTEM).await;
    let pool = pair.pool();
    pair.poll_idle().await;
    pair.write(b"POST / HTTP/1.1\r\n\r\n").await.unwrap();
    pair.peer.shutdown(std::net::Shutdown::Write).unwrap();
    assert!(pair.read().await.unwrap().is_empty());
    let held = pool.ledger().unwrap().held().await.unwrap();
    let info = std::fs::read_to_string(format!("/proc/self/fdinfo/{}", held.descriptor())).unwrap();
    let flags = info.lines().find_map(|line| line.strip_prefix("flags:"));
    let flags = u32::from_str_radix(flags.unwrap().trim(), 8).unwrap();
    assert_ne!(flags & 0o2_000_000, 0, "close-on-exec");
    drop((held, pair.tap, pool));
    // Only now does the peer see the end, and that nothing more of the request will come.
    pair.peer
        .set_read_timeout(Some(std::time::Duration::from_secs(10)))
        .unwrap();
    let end = std::io::Read::read_to_end(&mut pair.peer, &mut Vec::new()).unwrap_err();
    assert_eq!(end.kind(), std::io::ErrorKind::ConnectionReset);
}
