//! What happens to the connections around a replay: the dead one is aborted, its living siblings carry nothing.

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use unstale::Attempts;
use unstale::evidence::{End, GateReason};

use super::setup::{MODES, Subject, get, policy, settle};
use crate::kernel;
use crate::peer::{Peer, Script};

#[tokio::test]
async fn a_condemned_living_connection_gets_not_one_byte() {
    for tls in MODES {
        // Two requests at once make two connections; the third request is lost on one of them.
        let peer = Peer::start(tls, |n| match n {
            0 | 1 => Script::new()
                .read_all()
                .execute()
                .wait("both")
                .answer()
                .signal("answered")
                .read_all()
                .execute()
                .close(),
            _ => Script::serve_forever(),
        });
        let subject = Subject::<Full<Bytes>>::new(&peer, policy());
        let both = async {
            kernel::until("both requests", || peer.executions().len() == 2).await;
            peer.go("both");
        };
        let first = subject.send(get(&peer, "/1", Full::default()));
        let second = subject.send(get(&peer, "/2", Full::default()));
        let (first, second, ()) = tokio::join!(first, second, both);
        for response in [first, second] {
            response.unwrap().into_body().collect().await.unwrap();
        }
        settle().await;
        let before = [peer.raw_bytes(0), peer.raw_bytes(1)];

        let response = subject
            .send(get(&peer, "/3", Full::default()))
            .await
            .unwrap();
        let ends: Vec<_> = Attempts::of(&response)
            .iter()
            .map(|attempt| attempt.evidence().unwrap().end())
            .collect();
        assert!(matches!(ends[0], End::Closed(_)), "{tls:?}: {ends:?}");
        assert_eq!(ends[1..], [End::Gate(GateReason::Condemned)], "{tls:?}");
        let lost = peer.executions()[2].connection;
        let living = 1 - lost;
        kernel::until("the condemned one is closed", || {
            kernel::served(peer.addr()) == 1
        })
        .await;
        assert_eq!(peer.raw_bytes(living), before[living], "{tls:?}");
        assert_eq!(peer.executed("GET", "/3"), 2, "{tls:?}");
    }
}

#[tokio::test]
async fn the_connection_of_an_unknown_attempt_is_gone_before_its_replay_is_answered() {
    for tls in MODES {
        // It half-closes and lingers: a plain close would leave the request's bytes to be sent again and again.
        let peer = Peer::start(tls, |n| match n {
            0 => Script::new()
                .serve()
                .read_all()
                .fin()
                .discard()
                .signal("gone"),
            _ => Script::serve_forever(),
        });
        let subject = Subject::<Full<Bytes>>::new(&peer, policy());
        for path in ["/1", "/2"] {
            let response = subject
                .send(get(&peer, path, Full::default()))
                .await
                .unwrap();
            assert_eq!(Attempts::of(&response).len(), usize::from(path == "/2"));
            response.into_body().collect().await.unwrap();
        }
        // The peer's lingering read has ended, and no socket of ours is left over from it.
        peer.reached_async("gone").await;
        assert_eq!(kernel::closing(peer.addr()), 0, "{tls:?}");
    }
}
