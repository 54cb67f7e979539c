//! HTTP/2, where reqwest's feature for it is on: the protocol's own words, and no proof.

use reqwest::StatusCode;
use unstale::evidence::{Delivery, End, ProtocolRefusal};
use unstale::reqwest::Client;
use unstale::verdict::{Attempt, Grounds, Refusal, Verdict};
use unstale::{Attempts, Error};

use crate::client::policy;
use crate::kernel;
use crate::peer::Tls;
use crate::peer_h2::{Code, Peer2, Script2, Stream};

const WIRES: [Tls; 2] = [Tls::Off, Tls::V13 { close_notify: true }];

/// The first connection serves one request and then does this; any other serves.
fn peer(tls: Tls, script: Script2) -> Peer2 {
    Peer2::start(tls, move |n| match n {
        0 => Script2::new().serve(1).then(script.clone()),
        _ => Script2::new().serve_forever(),
    })
}

fn client(peer: &Peer2, tls: Tls) -> Client {
    let config = peer.client_config();
    let client = Client::builder(|builder| {
        let mut config = config.clone();
        config.alpn_protocols = vec![b"h2".to_vec()];
        let builder = builder.no_proxy().tls_backend_preconfigured(config);
        if tls == Tls::Off {
            builder.http2_prior_knowledge()
        } else {
            builder
        }
    });
    client.retry_policy(policy()).build().unwrap()
}

async fn post_after_one(client: &Client, peer: &Peer2) -> Result<reqwest::Response, Error> {
    let warm = client.get(peer.url("/warm")).send().await.unwrap();
    assert_eq!(warm.version(), reqwest::Version::HTTP_2);
    warm.bytes().await.unwrap();
    client.post(peer.url("/post")).body("one=1").send().await
}

fn failed(response: &reqwest::Response) -> &[Attempt] {
    Attempts::in_extensions(response.extensions())
}

#[tokio::test]
async fn what_the_peer_refuses_is_sent_again_whatever_its_method() {
    for tls in WIRES {
        let refused = Script2::bare().read_all();
        for (script, refusal) in [
            (
                refused.clone().reset(Stream::Last, Code::RefusedStream),
                ProtocolRefusal::RefusedStream,
            ),
            (
                refused.goaway(Stream::BeforeLast, Code::EnhanceYourCalm),
                ProtocolRefusal::GoAway,
            ),
        ] {
            let peer = peer(tls, script.read_forever());
            let response = post_after_one(&client(&peer, tls), &peer).await.unwrap();
            assert_eq!(response.status(), StatusCode::OK);
            let [lost] = failed(&response) else {
                panic!("{tls:?}: {response:?}")
            };
            assert_eq!(lost.decided(), Verdict::Replay(Grounds::Refused));
            let evidence = lost.evidence().unwrap();
            assert_eq!(evidence.end(), End::Protocol(refusal), "{tls:?}");
            assert_eq!(peer.executed("POST", "/post"), 1);
            assert_eq!(peer.connections(), 2);
        }
    }
}

#[tokio::test]
async fn a_post_that_was_executed_and_lost_is_not_sent_again() {
    for tls in WIRES {
        for end in [
            Script2::bare().rst(),
            Script2::bare().fin().discard(),
            Script2::bare()
                .reset(Stream::Last, Code::InternalError)
                .read_forever(),
        ] {
            let peer = peer(tls, Script2::bare().read_all().execute().then(end));
            let lost = post_after_one(&client(&peer, tls), &peer).await;
            let error = lost.unwrap_err();
            let evidence = error.evidence().unwrap();
            assert_eq!(evidence.delivery(), Delivery::Unknown, "{tls:?}: {error:?}");
            let refused = [Refusal::MayHaveBeenProcessed, Refusal::ReuseUnknown];
            assert!(refused.contains(&error.refusal()), "{tls:?}: {error:?}");
            assert_eq!(peer.executed("POST", "/post"), 1, "{tls:?}");
        }
    }
}

#[tokio::test]
async fn nothing_is_written_to_a_connection_whose_peer_has_left() {
    for tls in WIRES {
        let peer = peer(tls, Script2::bare().wait("leave").fin().discard());
        let client = client(&peer, tls);
        let warm = client.get(peer.url("/warm")).send().await.unwrap();
        warm.bytes().await.unwrap();
        peer.go("leave");
        kernel::block_until("the FIN", || kernel::established(peer.addr()) == 0);
        let post = client.post(peer.url("/post")).body("one=1").send();
        let response = post.await.unwrap();
        for attempt in failed(&response) {
            let replayed = Verdict::Replay(Grounds::NotSent);
            assert_eq!(attempt.decided(), replayed, "{tls:?}");
        }
        assert_eq!(peer.executed("POST", "/post"), 1, "{tls:?}");
        assert_eq!(peer.connections(), 2, "{tls:?}");
    }
}
