//! Without the kernel's counters: dead connections are found all the same, and nothing is ever proven lost.

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tower::Layer;
use unstale::evidence::{Delivery, End, GateReason, SecondLook};
use unstale::{Attempts, TrackLayer};

use super::setup::{Subject, block_until_half_closed, policy, post, settle, tls_over};
use crate::peer::{Peer, Script, Tls};

const MODES: [Tls; 2] = [Tls::Off, Tls::V13 { close_notify: true }];

fn subject(peer: &Peer) -> Subject<Full<Bytes>> {
    let mut http = HttpConnector::new();
    http.enforce_http(false);
    let tracked = TrackLayer::new().portable_probe().layer(http);
    let raw = Client::builder(TokioExecutor::new()).build(tls_over(peer, tracked));
    Subject::over(raw, policy())
}

#[tokio::test]
async fn a_half_closed_connection_is_refused_before_one_byte() {
    for tls in MODES {
        let peer = Peer::start(tls, |n| match n {
            0 => Script::new().serve().wait("close").fin().discard(),
            _ => Script::serve_forever(),
        });
        let subject = subject(&peer);
        let first = subject
            .send(post(&peer, "/1", Full::from("pay")))
            .await
            .unwrap();
        first.into_body().collect().await.unwrap();
        settle().await;
        peer.go("close");
        block_until_half_closed(&peer);
        let response = subject
            .send(post(&peer, "/2", Full::from("pay")))
            .await
            .unwrap();
        let failed = Attempts::of(&response)[0].evidence().unwrap();
        // Over TLS the `close_notify` lies before the FIN.
        let reason = match tls {
            Tls::Off => GateReason::HalfClosed,
            _ => GateReason::Unsolicited,
        };
        assert_eq!(failed.end(), End::Gate(reason), "{tls:?}");
        assert_eq!(peer.executed("POST", "/2"), 1, "{tls:?}");
    }
}

#[tokio::test]
async fn a_lost_post_is_unknown() {
    for tls in MODES {
        let peer = Peer::start(tls, |n| match n {
            0 => Script::new().serve().serve().serve().wait("close").close(),
            _ => Script::serve_forever(),
        });
        let subject = subject(&peer);
        subject.get_past_the_gate(&peer, Full::default).await;
        peer.go("close");
        block_until_half_closed(&peer);
        let error = subject
            .send(post(&peer, "/4", Full::from("pay")))
            .await
            .unwrap_err();
        let evidence = error.evidence().unwrap();
        assert_eq!(
            evidence.end(),
            End::Closed(SecondLook::NotPossible),
            "{tls:?}"
        );
        assert_eq!(evidence.delivery(), Delivery::Unknown, "{tls:?}");
        assert_eq!(evidence.trace().unwrap().acknowledged(), None);
    }
}
