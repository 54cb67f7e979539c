//! 408 on a reused connection: refused only with the whole proof, else the response.

use bytes::Bytes;
use http::StatusCode;
use http_body_util::{BodyExt, Full};
use unstale::Attempts;
use unstale::evidence::{Delivery, End, StatusRefusal};
use unstale::verdict::{Grounds, Verdict};

use super::setup::{MODES, Subject, block_until_half_closed, policy, post};
use crate::peer::{Peer, Script, Tls};

const TIMED_OUT: &str =
    "HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 4\r\n\r\nlate";

fn says_408(tls: Tls, then: Script) -> Peer {
    let first = Script::new().serve().serve().serve().wait("close");
    let first = first.send(TIMED_OUT).then(then);
    Peer::start(tls, move |n| match n {
        0 => first.clone(),
        _ => Script::serve_forever(),
    })
}

/// Sends a POST past the gate, into a connection on which the 408 and the FIN have arrived already.
async fn cross(peer: &Peer) -> http::Response<hyper::body::Incoming> {
    let subject = Subject::<Full<Bytes>>::new(peer, policy());
    subject.get_past_the_gate(peer, Full::default).await;
    peer.go("close");
    block_until_half_closed(peer);
    subject
        .send(post(peer, "/4", Full::from("pay")))
        .await
        .unwrap()
}

#[tokio::test]
async fn a_408_that_crossed_the_request_on_a_closed_connection_is_a_refusal() {
    for tls in MODES {
        let peer = says_408(tls, Script::new().close());
        let response = cross(&peer).await;
        assert_eq!(response.status(), StatusCode::OK, "{tls:?}");
        let failed = Attempts::of(&response);
        assert_eq!(failed.len(), 1, "{tls:?}");
        assert_eq!(failed[0].decided(), Verdict::Replay(Grounds::Refused));
        let evidence = failed[0].evidence().unwrap();
        assert_eq!(evidence.end(), End::Status(StatusRefusal::RequestTimeout));
        assert_eq!(evidence.delivery(), Delivery::Refused);
        assert_eq!(peer.executed("POST", "/4"), 1, "{tls:?}");
        assert_eq!(peer.connections(), 2, "{tls:?}");
    }
}

#[tokio::test]
async fn a_408_of_a_peer_that_reads_on_and_executes_is_the_response() {
    for tls in MODES {
        let then = Script::new().fin().read_all().execute().discard();
        let peer = says_408(tls, then);
        let response = cross(&peer).await;
        assert_eq!(response.status(), StatusCode::REQUEST_TIMEOUT, "{tls:?}");
        assert!(Attempts::of(&response).is_empty());
        let body = response.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(body, "late", "the response is whole");
        assert_eq!(peer.executed("POST", "/4"), 1, "{tls:?}");
        assert_eq!(peer.connections(), 1, "{tls:?}");
    }
}

#[tokio::test]
async fn a_408_of_a_peer_that_executes_and_closes_at_once_is_the_response() {
    for tls in MODES {
        let then = Script::new().fin().read_all().execute().close();
        let peer = says_408(tls, then);
        let response = cross(&peer).await;
        assert_eq!(response.status(), StatusCode::REQUEST_TIMEOUT, "{tls:?}");
        assert_eq!(peer.executed("POST", "/4"), 1, "{tls:?}");
    }
}

#[tokio::test]
async fn a_408_to_a_request_that_was_read_is_the_response() {
    for tls in MODES {
        let script = Script::new()
            .serve()
            .read_all()
            .execute()
            .send(TIMED_OUT)
            .close();
        let peer = Peer::start(tls, move |_| script.clone());
        let subject = Subject::<Full<Bytes>>::new(&peer, policy());
        for path in ["/1", "/2"] {
            let response = subject
                .send(post(&peer, path, Full::from("pay")))
                .await
                .unwrap();
            let status = response.status();
            let is_second = path == "/2";
            assert_eq!(status == StatusCode::REQUEST_TIMEOUT, is_second, "{tls:?}");
            response.into_body().collect().await.unwrap();
        }
        assert_eq!(peer.executed("POST", "/2"), 1, "{tls:?}");
    }
}
