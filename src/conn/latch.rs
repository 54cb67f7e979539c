//! The latch over TLS: a refused record stays in the TLS session's buffer, and must not leave by flush or shutdown.

use std::pin::Pin;
use std::sync::Arc;

use http::Uri;
use hyper::rt::{Read, ReadBuf, Write};
use hyper_util::client::legacy::connect::{Connected, Connection};
use hyper_util::rt::TokioIo;
use rustls::pki_types::{PrivatePkcs8KeyDer, ServerName};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::{TlsAcceptor, TlsConnector, client, server};
use tower::{Layer, Service, service_fn};

use super::{Facts, PlainIo, TrackLayer, TrackedIo};
use crate::body::ReplayBody;
use crate::conn::scope::{self, Slot};

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\n\r\n";
const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\n\r\n";

type Session = client::TlsStream<TokioIo<TrackedIo<TokioIo<TcpStream>>>>;

/// What hyper-rustls makes of a connection.
#[derive(Debug)]
struct Tls(TokioIo<Session>);

impl Connection for Tls {
    fn connected(&self) -> Connected {
        self.0.inner().get_ref().0.inner().connected()
    }
}

impl Read for Tls {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
        buf: hyper::rt::ReadBufCursor<'_>,
    ) -> std::task::Poll<std::io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buf)
    }
}

impl Write for Tls {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
        buf: &[u8],
    ) -> std::task::Poll<std::io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, buf)
    }

    fn poll_flush(
        mut self: Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<std::io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(
        mut self: Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<std::io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

struct Pair {
    tap: PlainIo<Tls>,
    pool: Facts,
    peer: server::TlsStream<TcpStream>,
}

impl Pair {
    /// A connection that has carried one exchange of ours.
    async fn used() -> Self {
        let (mut tap, mut peer) = connected().await;
        let mut extras = http::Extensions::new();
        tap.connected().get_extras(&mut extras);
        let ledger = extras.get::<Facts>().and_then(Facts::ledger).unwrap();
        let pool = Facts::Origin(ledger);

        write(&mut tap).await.unwrap();
        std::future::poll_fn(|cx| Pin::new(&mut tap).poll_flush(cx))
            .await
            .unwrap();
        peer.read_exact(&mut [0; REQUEST.len()]).await.unwrap();
        peer.write_all(ANSWER).await.unwrap();
        let mut memory = [0; 64];
        let mut answer = ReadBuf::new(&mut memory);
        std::future::poll_fn(|cx| Pin::new(&mut tap).poll_read(cx, answer.unfilled()))
            .await
            .unwrap();
        let mut slot = Some(Box::new(Slot {
            progress: ReplayBody::once(http_body_util::Empty::<bytes::Bytes>::new()).progress(),
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
        pool.ledger().unwrap().book().settle();
        Self { tap, pool, peer }
    }

    /// Refuses a request, forces the session to flush and to shut down, and says how many bytes the peer's kernel got.
    async fn refuse_and_force(mut self) -> usize {
        let before = self.pool.ledger().unwrap().book().written;
        write(&mut self.tap).await.unwrap_err();
        assert!(self.pool.ledger().unwrap().book().refused.is_some());
        let tap = &mut self.tap;
        std::future::poll_fn(|cx| Pin::new(&mut *tap).poll_shutdown(cx))
            .await
            .unwrap();
        // Not by way of the tap, which swallows it: as if the TLS layer did it by itself.
        let session = self.tap.inner_mut();
        let _ = std::future::poll_fn(|cx| Pin::new(&mut *session).poll_flush(cx)).await;
        let _ = std::future::poll_fn(|cx| Pin::new(&mut *session).poll_shutdown(cx)).await;
        assert_eq!(self.pool.ledger().unwrap().book().written, before);
        drop((self.tap, self.pool));
        // The end of the stream, and nothing before it.
        let mut rest = Vec::new();
        let (socket, _) = self.peer.get_mut();
        let _ = socket.read_to_end(&mut rest).await;
        rest.len()
    }
}

async fn write(tap: &mut PlainIo<Tls>) -> std::io::Result<usize> {
    std::future::poll_fn(|cx| Pin::new(&mut *tap).poll_write(cx, REQUEST)).await
}

async fn connected() -> (PlainIo<Tls>, server::TlsStream<TcpStream>) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let certificate = made.cert.der().clone();
    let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
    let acceptor: TlsAcceptor = Arc::new(
        rustls::ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.clone()], key.into())
            .unwrap(),
    )
    .into();
    let mut roots = rustls::RootCertStore::empty();
    roots.add(certificate).unwrap();
    let config = rustls::ClientConfig::builder()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let connector = TlsConnector::from(Arc::new(config));

    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let open =
        service_fn(
            move |_: Uri| async move { TcpStream::connect(address).await.map(TokioIo::new) },
        );
    let tracked = TrackLayer::new().layer(open);
    let over_tls = service_fn(move |uri: Uri| {
        let (mut tracked, connector) = (tracked.clone(), connector.clone());
        async move {
            let socket = TokioIo::new(tracked.call(uri).await?);
            let name = ServerName::try_from("localhost").unwrap();
            connector
                .connect(name, socket)
                .await
                .map(|session| Tls(TokioIo::new(session)))
        }
    });
    let mut tapped = TrackLayer::above_tls().layer(over_tls);
    let accept = async {
        let (socket, _) = listener.accept().await.unwrap();
        acceptor.accept(socket).await.unwrap()
    };
    let (tap, peer) = tokio::join!(tapped.call(Uri::from_static("https://localhost/")), accept);
    (tap.unwrap(), peer)
}

#[tokio::test]
async fn http2_in_tls_is_read_out_though_the_socket_fails() {
    let mut pair = Pair::used().await;
    let ledger = pair.pool.ledger().unwrap();
    let write = |tap: &mut PlainIo<Tls>, bytes: &'static [u8]| {
        let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
        Pin::new(tap).poll_write(&mut cx, bytes)
    };
    let preface = write(&mut pair.tap, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    assert!(matches!(preface, std::task::Poll::Ready(Ok(24))));
    pair.peer.write_all(ANSWER).await.unwrap();
    let before = ledger.book().written;
    let (socket, _) = pair.peer.get_ref();
    let aborted = socket2::SockRef::from(socket).set_linger(Some(std::time::Duration::ZERO));
    aborted.unwrap();
    drop(pair.peer);
    let lost = write(&mut pair.tap, b"lost");
    assert!(matches!(lost, std::task::Poll::Ready(Ok(4))), "{lost:?}");
    assert!(ledger.book().failed);
    assert_eq!(ledger.book().written, before);
    let mut memory = [0; 64];
    let mut answer = ReadBuf::new(&mut memory);
    let tap = &mut pair.tap;
    std::future::poll_fn(|cx| Pin::new(&mut *tap).poll_read(cx, answer.unfilled()))
        .await
        .unwrap();
    assert_eq!(answer.filled(), ANSWER);
    let end = std::future::poll_fn(|cx| {
        let mut memory = [0; 64];
        let mut rest = ReadBuf::new(&mut memory);
        Pin::new(&mut *tap).poll_read(cx, rest.unfilled())
    });
    end.await.unwrap_err();
}

#[tokio::test]
async fn a_condemned_living_connection_sends_not_one_byte_even_by_a_forced_shutdown() {
    let pair = Pair::used().await;
    pair.pool.ledger().unwrap().book().condemned = Some(crate::evidence::GateReason::Condemned);
    assert_eq!(pair.refuse_and_force().await, 0);
}

#[tokio::test]
async fn a_record_refused_at_the_gate_does_not_leave_by_a_forced_flush() {
    let mut pair = Pair::used().await;
    let (socket, _) = pair.peer.get_mut();
    socket.shutdown().await.unwrap();
    assert_eq!(pair.refuse_and_force().await, 0);
}
