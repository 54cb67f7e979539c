//! What hyper's errors are made of, held against hyper itself: an update that changes it fails here.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Version};
use http_body::{Body, Frame};
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

use super::*;

const HEADERS: u8 = 1;
const REFUSED_STREAM: u8 = 7;

/// Nothing, or an error.
struct Fails(bool);

impl Body for Fails {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        Poll::Ready(
            self.0
                .then(|| Err(io::Error::other("a fault of the caller's"))),
        )
    }

    fn is_end_stream(&self) -> bool {
        !self.0
    }
}

/// Reads the client's preface and frames up to the HEADERS of its request.
async fn read_request(peer: &mut DuplexStream) {
    peer.read_exact(&mut [0; 24]).await.unwrap();
    loop {
        let mut head = [0; 9];
        peer.read_exact(&mut head).await.unwrap();
        let [high, mid, low, kind, ..] = head;
        let len = u32::from_be_bytes([0, high, mid, low]) as usize;
        peer.read_exact(&mut vec![0; len]).await.unwrap();
        if kind == HEADERS {
            return;
        }
    }
}

/// What bare hyper fails a request with, to which its peer says this.
async fn failed(answer: &[u8], body: Fails, uri: &str) -> hyper::Error {
    let (ours, mut peer) = tokio::io::duplex(64 * 1024);
    let (mut sender, connection) =
        http2::handshake::<_, _, Fails>(TokioExecutor::new(), TokioIo::new(ours))
            .await
            .unwrap();
    tokio::spawn(connection);
    let (shown, answer) = (answer, answer.to_vec());
    let peer = tokio::spawn(async move {
        // SETTINGS, which are empty.
        peer.write_all(&[0, 0, 0, 4, 0, 0, 0, 0, 0]).await.unwrap();
        read_request(&mut peer).await;
        peer.write_all(&answer).await.unwrap();
        peer
    });
    let sent = Request::get(uri)
        .version(Version::HTTP_2)
        .body(body)
        .unwrap();
    let sent = sender.send_request(sent);
    let sent = tokio::time::timeout(Duration::from_secs(10), sent).await;
    let error = sent
        .unwrap_or_else(|_| panic!("{shown:?} fails nothing"))
        .unwrap_err();
    peer.abort();
    error
}

fn reset(code: u8) -> Vec<u8> {
    vec![0, 0, 4, 3, 0, 0, 0, 0, 1, 0, 0, 0, code]
}

fn goaway(last: u8, code: u8) -> Vec<u8> {
    vec![0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, last, 0, 0, 0, code]
}

#[tokio::test]
async fn the_words_of_the_protocol_are_found_in_hypers_errors() {
    use ProtocolRefusal::{GoAway, RefusedStream};

    // HEADERS that say `:method: GET`.
    let nonsense = vec![0, 0, 1, HEADERS, 4, 0, 0, 0, 1, 0x82];
    // DATA of stream 0.
    let broken = vec![0, 0, 1, 0, 0, 0, 0, 0, 0, 0];
    let mut rows: Vec<(Vec<u8>, Option<End>, [bool; 2])> = vec![
        (
            reset(REFUSED_STREAM),
            Some(End::Protocol(RefusedStream)),
            [true, false],
        ),
        (nonsense, Some(End::Malformed), [true, false]),
        (broken, None, [false, true]),
        // The stream that the peer may have processed is not refused by it, and goes on until the connection ends.
        ([goaway(1, 0), broken_end()].concat(), None, [false, true]),
    ];
    for code in (0..=13).filter(|code| *code != REFUSED_STREAM) {
        rows.push((reset(code), None, [true, false]));
    }
    for code in 0..=13 {
        let said = Some(End::Protocol(GoAway));
        rows.push((goaway(0, code), said, [false, true]));
    }
    for (answer, said_of_it, [of_stream, of_connection]) in rows {
        let error = failed(&answer, Fails(false), "http://a/").await;
        assert_eq!(said(&error), said_of_it, "{answer:?} {error:?}");
        assert_eq!(is_of_one_stream(&error), of_stream, "{answer:?} {error:?}");
        assert_eq!(
            is_of_connection(&error),
            of_connection,
            "{answer:?} {error:?}"
        );
    }
}

/// A frame of a length that nobody may send.
fn broken_end() -> Vec<u8> {
    vec![0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 1]
}

#[tokio::test]
async fn an_end_of_the_connection_says_nothing_of_a_request() {
    let (ours, mut peer) = tokio::io::duplex(64 * 1024);
    let (mut sender, connection) =
        http2::handshake::<_, _, Fails>(TokioExecutor::new(), TokioIo::new(ours))
            .await
            .unwrap();
    tokio::spawn(connection);
    tokio::spawn(async move { read_request(&mut peer).await });
    let request = Request::get("http://a/").body(Fails(false)).unwrap();
    let error = sender.send_request(request).await.unwrap_err();
    assert_eq!(said(&error), None, "{error:?}");
    assert!(is_of_connection(&error) && !is_of_one_stream(&error));
}

#[tokio::test]
async fn a_body_of_the_callers_that_fails_is_told_from_what_the_peer_did() {
    let error = failed(&[], Fails(true), "http://a/").await;
    assert_eq!(said(&error), Some(End::CallerBody), "{error:?}");
    assert!(is_of_one_stream(&error) && !is_of_connection(&error));
}

#[tokio::test]
async fn what_h2_does_not_send_is_not_a_request() {
    let error = failed(&[], Fails(false), "/no-authority").await;
    assert_eq!(said(&error), Some(End::InvalidRequest), "{error:?}");
    assert!(!is_of_one_stream(&error) && !is_of_connection(&error));
}
