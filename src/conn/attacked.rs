//! Connections that are attacked from where the taps do not look: from above, from below, and while they lie idle.

use std::io;
use std::io::Write as _;
use std::pin::Pin;
use std::task::{Context, Poll};

use http::Uri;
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::client::legacy::connect::{Connected, Connection};

use super::TrackLayer;
use super::book::Boundary;
use super::plain::PlainIo;
use super::probe::SYSTEM;
use super::seldom::Hold;
use super::tests::{pair, turn, turn_after};
use crate::body::ReplayBody;
use crate::evidence::{Delivery, End, Evidence};
use tower::{Layer, Service, service_fn};

/// TLS without a tap below it: it takes a request, sends half of the records, and fails.
struct Torn;

impl Read for Torn {
    fn poll_read(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        _: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Poll::Pending
    }
}

impl Write for Torn {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, _: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

impl Connection for Torn {
    fn connected(&self) -> Connected {
        Connected::new()
    }
}

/// What is said of a POST whose only write failed.
async fn delivery_of_a_torn_post(mut tap: impl Write + Connection + Unpin) -> Delivery {
    let pool = super::tests::pool(&tap);
    let write =
        std::future::poll_fn(|cx| Pin::new(&mut tap).poll_write(cx, b"POST / HTTP/1.1\r\n\r\n"));
    write.await.unwrap_err();
    let slot = turn(&pool).unwrap();
    drop(tap);
    let seen = slot.seen.unwrap();
    let reused = seen.ledger.was_open(&seen, slot.started);
    let trace = seen.ledger.trace(&seen, slot.started, reused);
    Evidence::new(End::Reset).with_trace(trace).delivery()
}

#[tokio::test]
async fn a_write_that_failed_within_tls_may_have_left() {
    let tap = PlainIo::new(Torn, SYSTEM);
    assert_eq!(delivery_of_a_torn_post(tap).await, Delivery::Unknown);
}

#[tokio::test]
async fn a_write_that_failed_in_a_transport_of_the_users_own_may_have_left() {
    let connect = service_fn(|_: Uri| async { Ok::<_, io::Error>(Torn) });
    let mut connector = TrackLayer::with_socket(|_: &Torn| None).layer(connect);
    let tap = connector
        .call(Uri::from_static("http://peer/"))
        .await
        .unwrap();
    assert_eq!(delivery_of_a_torn_post(tap).await, Delivery::Unknown);
}

#[tokio::test]
async fn the_rest_of_a_body_after_its_answer_leaves_no_descriptor_behind() {
    let mut pair = pair(SYSTEM).await;
    let pool = pair.pool();
    pair.poll_idle().await;
    pair.write(b"POST / HTTP/1.1\r\n\r\n").await.unwrap();
    pair.peer.write_all(b"HTTP/1.1 200 OK\r\n\r\n").unwrap();
    pair.read().await.unwrap();
    let body = ReplayBody::once(http_body_util::Full::new(bytes::Bytes::from("x")));
    turn_after(&pool, &body);
    pair.poll_idle().await;
    pair.write(b"rest").await.unwrap();
    drop(body);
    pair.flush().await;
    pair.poll_idle().await;
    // It lies idle in the pool now, and the peer gives it up.
    pair.peer.shutdown(std::net::Shutdown::Write).unwrap();
    assert!(pair.read().await.unwrap().is_empty());
    let ledger = pool.ledger().unwrap();
    assert!(
        matches!(ledger.book().hold(), Hold::No),
        "{:?}",
        ledger.book()
    );
}

#[tokio::test]
async fn an_exchange_that_the_user_watches_begins_where_it_begins() {
    let mut pair = pair(SYSTEM).await;
    let pool = pair.pool();
    pair.exchange(&pool).await;
    pair.poll_idle().await;
    // A capture of the caller's clones the extra before the request is written.
    let body = ReplayBody::once(http_body_util::Full::new(bytes::Bytes::from("x")));
    turn_after(&pool, &body);
    let ledger = pool.ledger().unwrap();
    assert!(matches!(ledger.book().boundary, Boundary::Certain));
    pair.write(b"POST / HTTP/1.1\r\n\r\n").await.unwrap();
    drop(body);
    pair.flush().await;
    pair.poll_idle().await;
    pair.peer.shutdown(std::net::Shutdown::Write).unwrap();
    assert!(pair.read().await.unwrap().is_empty());
    assert!(matches!(ledger.book().hold(), Hold::Held(_)));
}

#[tokio::test]
async fn a_408_that_nobody_asks_about_leaves_no_descriptor_behind() {
    let mut pair = pair(SYSTEM).await;
    let pool = pair.pool();
    pair.exchange(&pool).await;
    pair.poll_idle().await;
    pair.write(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
    pair.peer
        .write_all(b"HTTP/1.1 408 Request Timeout\r\n\r\n")
        .unwrap();
    pair.read().await.unwrap();
    let ledger = pool.ledger().unwrap();
    assert!(matches!(ledger.book().hold(), Hold::Held(_)));
    // A client without the adapter.
    drop(pool.clone());
    assert!(matches!(ledger.book().hold(), Hold::No));
}

#[tokio::test]
async fn what_was_read_before_the_tap_was_put_on_is_not_unsolicited() {
    let mut pair = super::tests::pair_after(SYSTEM, b"welcome").await;
    let pool = pair.pool();
    for _ in 0..3 {
        pair.exchange(&pool).await;
    }
    // Nothing is told of such a connection that rests on the counters.
    assert!(!pool.ledger().unwrap().book().calibrated);
}

#[tokio::test]
async fn streams_in_an_unseen_tls_session_are_no_exchanges() {
    let mut pair = pair(SYSTEM).await;
    let pool = pair.pool();
    pair.write(&[22, 3, 1, 0, 1, 1]).await.unwrap();
    turn(&pool);
    pair.flush().await;
    pair.poll_idle().await;
    pair.peer.write_all(b"an answer").unwrap();
    pair.write(&[23, 3, 3, 0, 1, 1]).await.unwrap();
    assert!(pool.ledger().unwrap().book().multiplexed);
}

#[tokio::test]
async fn http2_is_known_behind_a_proxy_too() {
    let mut pair = pair(SYSTEM).await;
    pair.write(b"CONNECT a:1 HTTP/1.1\r\n\r\n").await.unwrap();
    pair.peer.write_all(b"HTTP/1.1 200 OK\r\n\r\n").unwrap();
    pair.read().await.unwrap();
    let pool = pair.pool();
    pair.write(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
        .await
        .unwrap();
    assert!(pool.ledger().unwrap().book().multiplexed);
}

#[tokio::test]
async fn a_request_that_overtakes_the_read_is_not_gated_in_its_middle() {
    let mut pair = pair(SYSTEM).await;
    let pool = pair.pool();
    pair.poll_idle().await;
    pair.write(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
    pair.flush().await;
    pair.take_request();
    pair.peer.write_all(b"HTTP/1.1 200 OK\r\n\r\n").unwrap();
    pair.read().await.unwrap();
    // The connection's task is between its read and its write when another thread sees the answer, gives the connection
    // back, takes it out again and sends the next request.
    pair.poll_idle().await;
    turn(&pool);
    pair.write(b"POST / HTTP/1.1\r\n\r\n").await.unwrap();
    pair.flush().await;
    pair.poll_idle().await;
    pair.peer
        .write_all(b"HTTP/1.1 100 Continue\r\n\r\n")
        .unwrap();
    pair.write(b"body").await.unwrap();
    let ledger = pool.ledger().unwrap();
    assert_eq!(ledger.book().refused, None);
    assert!(!ledger.book().left_in_one_piece());
}

#[tokio::test]
async fn an_exchange_that_is_answered_shows_that_a_tunnel_was_refused() {
    let mut pair = pair(SYSTEM).await;
    let pool = pair.pool();
    pair.poll_idle().await;
    pair.write(b"CONNECT a:1 HTTP/1.1\r\n\r\n").await.unwrap();
    pair.peer.write_all(b"HTTP/1.1 407 Who\r\n\r\n").unwrap();
    pair.read().await.unwrap();
    drop(pool.clone());
    assert!(pool.ledger().unwrap().book().tunnel);
    pair.flush().await;
    pair.peer.set_nonblocking(true).unwrap();
    while std::io::Read::read(&mut pair.peer, &mut [0; 64]).is_ok() {}
    pair.peer.set_nonblocking(false).unwrap();
    pair.exchange(&pool).await;
    assert!(!pool.ledger().unwrap().book().tunnel);
}
