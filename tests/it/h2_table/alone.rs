//! What befalls one stream leaves the others on its connection alone.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Method, Request};
use http_body::{Frame as BodyFrame, SizeHint};

use super::play::{COLUMNS, PATH, builder, request, send};
use crate::peer_h2::{Peer2, Script2, Tls};
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
