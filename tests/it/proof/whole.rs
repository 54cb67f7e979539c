//! The whole proof: FIN first, nothing acknowledged, then a RST.

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use unstale::evidence::{Delivery, End, SecondLook};
use unstale::policy::NonIdempotent;
use unstale::verdict::{Grounds, Refusal, Verdict};
use unstale::{Attempts, RetryPolicy};

use super::setup::{MODES, Subject, block_until_half_closed, policy, post};
use crate::peer::{Peer, Script, Tls};

fn closes_after_three(tls: Tls) -> Peer {
    Peer::start(tls, |n| match n {
        0 => Script::new().serve().serve().serve().wait("close").close(),
        _ => Script::serve_forever(),
    })
}

fn hello() -> Full<Bytes> {
    Full::from("hello")
}

#[tokio::test]
async fn a_post_into_a_fully_closed_connection_is_proven_lost_and_replayed() {
    for tls in MODES {
        let peer = closes_after_three(tls);
        let subject = Subject::new(&peer, policy());
        subject.get_past_the_gate(&peer, Full::default).await;
        peer.go("close");
        block_until_half_closed(&peer);

        let response = subject.send(post(&peer, "/4", hello())).await.unwrap();
        let failed = Attempts::of(&response);
        assert_eq!(failed.len(), 1, "{tls:?}");
        assert_eq!(
            failed[0].decided(),
            Verdict::Replay(Grounds::NotReceived),
            "{tls:?}: {failed:?}"
        );
        let evidence = failed[0].evidence().unwrap();
        assert_eq!(evidence.end(), End::Closed(SecondLook::NeverAcknowledged));
        let trace = evidence.trace().unwrap();
        assert!(trace.sent() > 0, "it had left: {trace:?}");
        assert_eq!(trace.acknowledged(), Some(0));
        response.into_body().collect().await.unwrap();
        assert_eq!(peer.executed("POST", "/4"), 1, "{tls:?}");
        assert_eq!(peer.connections(), 2, "{tls:?}");
    }
}

#[tokio::test]
async fn who_does_not_make_the_assumption_is_refused_the_proof() {
    let peer = closes_after_three(Tls::Off);
    let policy = RetryPolicy::builder()
        .non_idempotent(NonIdempotent::WhenNotSent)
        .build()
        .unwrap();
    let subject = Subject::new(&peer, policy);
    subject.get_past_the_gate(&peer, Full::default).await;
    peer.go("close");
    block_until_half_closed(&peer);

    let error = subject.send(post(&peer, "/4", hello())).await.unwrap_err();
    assert_eq!(error.refusal(), Refusal::PolicyWantsNotSent);
    let evidence = error.evidence().unwrap();
    assert_eq!(evidence.delivery(), Delivery::NotReceived);
    assert_eq!(peer.executed("POST", "/4"), 0);
}

#[tokio::test]
async fn a_post_that_a_lingering_server_throws_away_is_replayed_where_the_caller_trusts_it() {
    for tls in MODES {
        let peer = Peer::start(tls, |n| match n {
            0 => Script::new()
                .serve()
                .serve()
                .serve()
                .wait("close")
                .fin()
                // It lingers, and reads when the client has looked already.
                .wait("linger")
                .discard(),
            _ => Script::serve_forever(),
        });
        let policy = RetryPolicy::builder()
            .no_budget()
            .danger_trust_half_close(format!("localhost:{}", peer.addr().port()))
            .build()
            .unwrap();
        let subject = Subject::new(&peer, policy);
        subject.get_past_the_gate(&peer, Full::default).await;
        peer.go("close");
        block_until_half_closed(&peer);

        let response = subject.send(post(&peer, "/4", hello())).await.unwrap();
        let failed = Attempts::of(&response);
        let evidence = failed[0].evidence().unwrap();
        assert_eq!(
            evidence.end(),
            End::Closed(SecondLook::Acknowledged),
            "{tls:?}"
        );
        assert_eq!(evidence.delivery(), Delivery::Unknown, "{tls:?}");
        let grounds = Verdict::Replay(Grounds::TrustedHalfClose);
        assert_eq!(failed[0].decided(), grounds, "{tls:?}");
        assert_eq!(peer.executed("POST", "/4"), 1, "{tls:?}");
    }
}
