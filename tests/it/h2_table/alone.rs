//! What befalls one stream leaves the others on its connection alone.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Method, Request};
use http_body::{Frame as BodyFrame, SizeHint};
use http_body_util::{BodyExt, Full};
use unstale::Client;
use unstale::verdict::Refusal;

use super::play::{COLUMNS, PATH, builder, request, send};
use crate::peer_h2::{Code, Frame, Peer2, Script2, Stream, Tls};
use crate::scenario::mode::Mode;

/// A body of the caller's with a fault.
#[derive(Clone, Copy, Debug)]
enum Panics {
    /// When it is asked for a frame.
    Asked,
    /// When it has given one, and is asked whether it is at its end.
    AtItsEnd,
    Ended,
}

impl http_body::Body for Panics {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<BodyFrame<Bytes>, std::io::Error>>> {
        match *self {
            Self::AtItsEnd => *self = Self::Ended,
            _ => panic!("a fault of the caller's, as the test wants it"),
        }
        Poll::Ready(Some(Ok(BodyFrame::data("hello".into()))))
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Ended => panic!("a fault of the caller's, as the test wants it"),
            _ => false,
        }
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(5)
    }
}

#[test]
fn a_body_that_panics_ends_its_own_request_alone() {
    for (tls, flavour) in COLUMNS {
        for fault in [Panics::Asked, Panics::AtItsEnd] {
            let name = format!("{tls:?} {flavour:?} {fault:?}");
            Mode::of(flavour).run(false, beside_another(tls, fault, name));
        }
    }
}

async fn beside_another(tls: Tls, fault: Panics, name: String) {
    let peer = Peer2::start(tls, |n| match n {
        0 => Script2::new()
            .serve(1)
            .read_all()
            .execute()
            .signal("held")
            .read_until("answer")
            .answer()
            .serve_forever(),
        _ => Script2::new().serve_forever(),
    });
    let client = builder(&peer).build().unwrap();
    let warm = send(&client, request(&peer, &Method::GET, "/warm")).await;
    warm.unwrap();
    let held = tokio::spawn({
        let (client, request) = (client.clone(), request(&peer, &Method::POST, PATH));
        async move { send(&client, request).await }
    });
    peer.reached_async("held").await;
    let faulty = Request::post(peer.url("/faulty")).body(fault).unwrap();
    client.request(faulty).await.unwrap_err();
    peer.go("answer");
    let held = held.await.unwrap().unwrap();
    assert!(held.body.is_ok(), "{name}");
    assert_eq!(held.failed, 0, "{name}");
    assert_eq!(peer.executed("POST", PATH), 1);
    let next = send(&client, request(&peer, &Method::GET, "/next")).await;
    assert_eq!(next.unwrap().failed, 0, "{name}");
}

/// Conducts a play in which the second request on a connection, a GET of `/tested`, comes to `fate`, while the first is held;
/// the first must be answered, and the connection go on.
fn beside_one_that_is_held<F>(
    fate: &Script2,
    act: impl Fn(Arc<Peer2>, Client, Request<Full<Bytes>>) -> F + Clone + Send + 'static,
) where
    F: Future<Output = ()> + Send + 'static,
{
    for (tls, flavour) in COLUMNS {
        let script = Script2::new()
            .read_all()
            .execute()
            .signal("held")
            .read_all()
            .execute()
            .then(fate.clone())
            .send([Frame::Answer(Stream::Nth(0))])
            .serve_forever();
        let act = act.clone();
        Mode::of(flavour).run(false, async move {
            let peer = Arc::new(Peer2::start(tls, move |_| script.clone()));
            let client = builder(&peer).build().unwrap();
            let held = tokio::spawn({
                let (client, request) = (client.clone(), request(&peer, &Method::POST, "/held"));
                async move { send(&client, request).await }
            });
            peer.reached_async("held").await;
            let tested = request(&peer, &Method::GET, PATH);
            act(Arc::clone(&peer), client.clone(), tested).await;
            let held = held.await.unwrap().unwrap();
            assert!(held.body.is_ok(), "{tls:?} {flavour:?}");
            assert_eq!(held.failed, 0, "{tls:?} {flavour:?}");
            let next = send(&client, request(&peer, &Method::POST, "/next")).await;
            assert_eq!(next.unwrap().failed, 0, "{tls:?} {flavour:?}");
            assert_eq!(peer.connections(), 1, "{tls:?} {flavour:?}");
            assert_eq!(peer.executions().len(), 3, "{tls:?} {flavour:?}");
        });
    }
}

#[test]
fn a_body_that_is_broken_off_by_a_reset_of_its_stream_ends_that_alone() {
    let fate = Script2::bare()
        .half_answer()
        .reset(Stream::Last, Code::InternalError);
    beside_one_that_is_held(&fate, |_, client, request| async move {
        let answer = send(&client, request).await.unwrap();
        answer.body.unwrap_err();
    });
}

#[test]
fn a_body_that_is_dropped_early_has_its_stream_reset_alone() {
    let fate = Script2::bare().half_answer().read_reset();
    beside_one_that_is_held(&fate, |_, client, request| async move {
        drop(client.request(request).await.unwrap());
    });
}

#[test]
fn a_request_that_is_given_up_has_its_stream_reset_alone() {
    let fate = Script2::bare().signal("given up").read_reset();
    beside_one_that_is_held(&fate, |peer, client, request| async move {
        tokio::select! {
            answer = client.request(request) => panic!("{answer:?}"),
            () = peer.reached_async("given up") => {}
        }
    });
}

#[test]
fn what_is_no_response_is_told_and_its_stream_reset_alone() {
    // Headers without a status.
    let nonsense = b"\x00\x01x\x01y";
    let fate = Script2::bare()
        .send([Frame::Block(Stream::Last, nonsense)])
        .read_reset();
    beside_one_that_is_held(&fate, |_, client, request| async move {
        let error = client.request(request).await.unwrap_err();
        assert_eq!(error.refusal(), Refusal::ResponseBegan, "{error:?}");
    });
}

#[test]
fn a_response_with_trailers_gives_the_connection_back() {
    let trailers = b"\x00\x01x\x01y";
    let fate = Script2::bare()
        .half_answer()
        .send([Frame::LastBlock(Stream::Last, trailers)]);
    beside_one_that_is_held(&fate, |_, client, request| async move {
        let response = client.request(request).await.unwrap();
        let collected = response.into_body().collect().await.unwrap();
        assert_eq!(collected.trailers().unwrap()["x"], "y");
        assert_eq!(collected.to_bytes(), "o");
    });
}

/// A body that gives one frame, and then this.
struct Then(Option<Bytes>, Result<http::HeaderMap, ()>);

impl http_body::Body for Then {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<BodyFrame<Bytes>, std::io::Error>>> {
        Poll::Ready(Some(match (self.0.take(), &self.1) {
            (Some(data), _) => Ok(BodyFrame::data(data)),
            (None, Ok(trailers)) => Ok(BodyFrame::trailers(trailers.clone())),
            (None, Err(())) => Err(std::io::Error::other("a fault of the caller's")),
        }))
    }
}

#[test]
fn a_request_may_have_trailers() {
    for (tls, flavour) in COLUMNS {
        Mode::of(flavour).run(false, async move {
            let peer = Peer2::start(tls, |_| Script2::new().serve_forever());
            let client = builder(&peer).build().unwrap();
            let trailers = [("x".parse().unwrap(), "y".parse().unwrap())];
            let body = Then(Some("hello".into()), Ok(trailers.into_iter().collect()));
            let request = Request::post(peer.url(PATH)).body(body).unwrap();
            client.request(request).await.unwrap();
            let executions = peer.executions();
            assert_eq!(executions.len(), 1, "{tls:?} {flavour:?}");
            assert_eq!(executions[0].body, b"hello");
        });
    }
}

#[test]
fn a_body_of_the_callers_that_fails_is_told_as_that_and_ends_its_stream_alone() {
    for (tls, flavour) in COLUMNS {
        for method in [Method::PUT, Method::POST] {
            Mode::of(flavour).run(false, async move {
                let peer = Peer2::start(tls, |_| Script2::new().serve_forever());
                let client = builder(&peer).build().unwrap();
                for _ in 0..2 {
                    let body = Then(Some("hello".into()), Err(()));
                    let request = Request::builder().method(method.clone());
                    let request = request.uri(peer.url(PATH)).body(body).unwrap();
                    let error = client.request(request).await.unwrap_err();
                    assert!(error.is_body(), "{tls:?} {flavour:?}: {error:?}");
                }
                let next = send(&client, request(&peer, &Method::POST, "/next")).await;
                assert_eq!(next.unwrap().failed, 0);
                assert_eq!(peer.executions().len(), 1, "{tls:?} {flavour:?}");
                assert_eq!(peer.connections(), 1, "{tls:?} {flavour:?}");
            });
        }
    }
}
