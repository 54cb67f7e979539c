//! GOAWAY: which streams it takes with it, and what of the connection lives on.

use h2::Reason;

use super::clients::{ALL, Bare, Fault, client, collect, fault, get};
use crate::peer_h2::{Code, Frame, Peer2, Script2, Stream, Tls};

const CODES: [(Code, Reason); 3] = [
    (Code::NoError, Reason::NO_ERROR),
    (Code::EnhanceYourCalm, Reason::ENHANCE_YOUR_CALM),
    (Code::InternalError, Reason::INTERNAL_ERROR),
];

#[tokio::test]
async fn below_a_stream_takes_it_away_and_the_next_goes_elsewhere() {
    for tls in ALL {
        for (code, reason) in CODES {
            let peer = Peer2::start(tls, move |n| match n {
                0 => Script2::new()
                    .serve(1)
                    .read_all()
                    .goaway(Stream::BeforeLast, code)
                    .read_forever(),
                _ => Script2::new().serve_forever(),
            });
            let client = client(&peer);
            let first = client.request(get(&peer, "/first")).await.unwrap();
            collect(first).await.unwrap();
            let error = client.request(get(&peer, "/lost")).await.unwrap_err();
            assert_eq!(fault(&error), Fault::Goaway(reason), "{tls:?}");
            client.request(get(&peer, "/next")).await.unwrap();
            assert_eq!(peer.executed("GET", "/lost"), 0);
            assert_eq!(
                (peer.executions()[1].connection, peer.connections()),
                (1, 2)
            );
        }
    }
}

#[tokio::test]
async fn streams_up_to_the_last_are_answered_behind_it() {
    for (code, reason) in CODES {
        let peer = Peer2::start(Tls::Off, move |_| {
            Script2::new()
                .read_all()
                .execute()
                .read_all()
                .goaway(Stream::Nth(0), code)
                .wait("answer")
                .send([Frame::Answer(Stream::Nth(0))])
                .fin()
                .discard()
        });
        let mut bare = Bare::connect(&peer).await;
        let [kept, lost] =
            ["/kept", "/lost"].map(|path| bare.sender.send_request(get(&peer, path)));
        let kept = tokio::spawn(kept);
        assert_eq!(fault(&lost.await.unwrap_err()), Fault::Goaway(reason));
        peer.go("answer");
        assert_eq!(collect(kept.await.unwrap().unwrap()).await.unwrap(), "ok");
        assert_eq!(
            (peer.executed("GET", "/kept"), peer.executed("GET", "/lost")),
            (1, 0)
        );
    }
}

#[tokio::test]
async fn graceful_then_with_the_true_number() {
    let peer = Peer2::start(Tls::Off, |_| {
        Script2::new()
            .read_all()
            .execute()
            .read_all()
            .goaway(Stream::MAX, Code::NoError)
            .signal("graceful")
            .read_until("now")
            .goaway(Stream::Nth(0), Code::NoError)
            .send([Frame::Answer(Stream::Nth(0))])
            .read_forever()
    });
    let mut bare = Bare::connect(&peer).await;
    let [kept, lost] = ["/kept", "/lost"].map(|path| bare.sender.send_request(get(&peer, path)));
    let kept = tokio::spawn(kept);
    let lost = tokio::spawn(lost);
    peer.reached_async("graceful").await;
    peer.go("now");
    assert_eq!(collect(kept.await.unwrap().unwrap()).await.unwrap(), "ok");
    let error = lost.await.unwrap().unwrap_err();
    assert_eq!(fault(&error), Fault::Goaway(Reason::NO_ERROR));
    bare.ended.await.unwrap().unwrap();
    let mut refused = bare
        .sender
        .try_send_request(get(&peer, "/late"))
        .await
        .unwrap_err();
    assert!(refused.take_message().is_some());
    assert_eq!(peer.executions().len(), 1);
}

#[tokio::test]
async fn while_idle_it_ends_the_connection_by_itself() {
    for (code, reason) in CODES {
        for last in [Stream::Last, Stream::MAX] {
            let peer = Peer2::start(Tls::Off, move |_| {
                Script2::new()
                    .serve(1)
                    .wait("idle")
                    .goaway(last, code)
                    .read_forever()
            });
            let mut bare = Bare::connect(&peer).await;
            let response = bare.sender.send_request(get(&peer, "/")).await.unwrap();
            collect(response).await.unwrap();
            peer.go("idle");
            let ended = bare.ended.await.unwrap().map_err(|error| fault(&error));
            let expected = match code {
                Code::NoError => Ok(()),
                _ => Err(Fault::Goaway(reason)),
            };
            assert_eq!(ended, expected);
            assert!(bare.sender.is_closed());
        }
    }
}

#[tokio::test]
async fn answers_goaway_and_fin_at_once() {
    for tls in ALL {
        let peer = Peer2::start(tls, |_| {
            let script = Script2::new().serve(1).read_all().execute();
            let script = script.read_all().execute().read_all();
            let all = [
                Frame::Answer(Stream::Nth(1)),
                Frame::Answer(Stream::Nth(2)),
                Frame::Goaway(Stream::BeforeLast, Code::NoError),
            ];
            script.send(all).fin().discard()
        });
        let client = client(&peer);
        let first = client.request(get(&peer, "/")).await.unwrap();
        collect(first).await.unwrap();
        let all = ["/1", "/2", "/3"].map(|path| client.request(get(&peer, path)));
        let [one, two, lost] = all.map(tokio::spawn);
        for answered in [one, two] {
            assert_eq!(
                collect(answered.await.unwrap().unwrap()).await.unwrap(),
                "ok"
            );
        }
        let error = lost.await.unwrap().unwrap_err();
        assert_eq!(fault(&error), Fault::Goaway(Reason::NO_ERROR), "{tls:?}");
        assert_eq!((peer.executions().len(), peer.connections()), (3, 1));
    }
}
