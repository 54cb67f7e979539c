//! Which streams run on a reused connection: those that were handed to one which had lain idle, or had answered another.

use http::Method;
use tokio::task::JoinSet;
use unstale::verdict::Refusal;
use unstale::{Client, Error};

use super::play::{Answer, COLUMNS, builder, request, send};
use crate::peer_h2::{Frame, Peer2, Script2, Stream};
use crate::scenario::mode::Mode;

const STREAMS: usize = 10;

/// Sends so many requests at once.
async fn all(client: &Client, peer: &Peer2) -> Vec<Result<Answer, Error>> {
    let mut running = JoinSet::new();
    for n in 0..STREAMS {
        let client = client.clone();
        let request = request(peer, &Method::GET, &format!("/{n}"));
        running.spawn(async move { send(&client, request).await });
    }
    running.join_all().await
}

#[test]
fn of_streams_that_share_a_new_connection_none_is_sent_again() {
    for (tls, flavour) in COLUMNS {
        for end in [Script2::close as fn(Script2) -> Script2, Script2::rst] {
            let one = Script2::bare().read_all().execute();
            let script = end(Script2::new().times(STREAMS, &one));
            Mode::of(flavour).run(false, async move {
                let peer = Peer2::start(tls, move |n| match n {
                    0 => script.clone(),
                    _ => Script2::new().serve_forever(),
                });
                let client = builder(&peer).build().unwrap();
                for sent in all(&client, &peer).await {
                    let refusal = sent.unwrap_err().refusal();
                    assert_eq!(refusal, Refusal::FreshConnection, "{tls:?} {flavour:?}");
                }
                assert_eq!(peer.executions().len(), STREAMS, "{tls:?} {flavour:?}");
                assert_eq!(peer.connections(), 1, "{tls:?} {flavour:?}");
                assert_eq!(client.counters().reused(), 0);
            });
        }
    }
}

#[test]
fn a_connection_that_has_answered_is_a_reused_one_though_it_never_lay_idle() {
    for (tls, flavour) in COLUMNS {
        Mode::of(flavour).run(false, async move {
            let peer = Peer2::start(tls, |n| match n {
                0 => Script2::new()
                    .read_all()
                    .signal("first")
                    .read_all()
                    .signal("second")
                    .read_until("answer")
                    .send([Frame::Answer(Stream::Nth(0))])
                    .read_all()
                    .rst(),
                _ => Script2::new().serve_forever(),
            });
            let client = builder(&peer).build().unwrap();
            let sent = |path: &str| {
                let (client, request) = (client.clone(), request(&peer, &Method::GET, path));
                tokio::spawn(async move { send(&client, request).await })
            };
            let first = sent("/first");
            peer.reached_async("first").await;
            let second = sent("/second");
            peer.reached_async("second").await;
            peer.go("answer");
            first.await.unwrap().unwrap();
            let third = sent("/third").await.unwrap();
            assert_eq!(third.unwrap().failed, 1, "{tls:?} {flavour:?}");
            // It was on its way before anything was known of the connection.
            let second = second.await.unwrap().unwrap_err();
            assert_eq!(second.refusal(), Refusal::FreshConnection);
            assert_eq!(peer.executed("GET", "/second"), 0);
            assert_eq!(peer.executed("GET", "/third"), 1);
        });
    }
}
