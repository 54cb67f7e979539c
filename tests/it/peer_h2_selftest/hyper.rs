//! What hyper's sender knows of its connection and what it gives back: nothing of the peer's, but what a pool has to live with.

use std::io::ErrorKind;

use hyper::client::conn::http2::SendRequest;
use tokio::task::yield_now;

use super::clients::{Bare, Body, Fault, collect, fault, get};
use crate::peer_h2::{Code, Frame, Peer2, Script2, Stream, Tls};

/// How a request failed: whether the message came back, and with what error.
async fn failing(sender: &mut SendRequest<Body>, peer: &Peer2) -> (bool, Fault) {
    let mut error = sender.try_send_request(get(peer, "/")).await.unwrap_err();
    (error.take_message().is_some(), fault(&error.into_error()))
}

/// `is_closed` stays false while a stream is open, whatever the GOAWAY says: the next request finds out, and comes back.
#[tokio::test]
async fn a_goaway_beside_an_open_stream_is_noticed_by_the_next_request() {
    for code in [Code::NoError, Code::EnhanceYourCalm] {
        for last in [Stream::MAX, Stream::Last] {
            let peer = Peer2::start(Tls::Off, move |_| {
                let head = [Frame::Goaway(last, code), Frame::Head(Stream::Last)];
                let script = Script2::new().read_all().execute().send(head);
                let rest = Frame::LastData(Stream::Last, b"ok".to_vec());
                script.read_until("end").send([rest]).read_forever()
            });
            let mut bare = Bare::connect(&peer).await;
            // The head of the response lies behind the GOAWAY.
            let response = bare.sender.send_request(get(&peer, "/")).await.unwrap();
            for _ in 0..100 {
                yield_now().await;
            }
            assert!(!bare.sender.is_closed() && !bare.ended.is_finished());
            let closed = Fault::Other("connection closed".to_owned());
            assert_eq!(failing(&mut bare.sender, &peer).await, (true, closed));
            assert!(bare.sender.is_closed());
            let unready = Fault::Other("connection was not ready".to_owned());
            assert_eq!(failing(&mut bare.sender, &peer).await, (true, unready));
            peer.go("end");
            assert_eq!(collect(response).await.unwrap(), "ok");
            assert_eq!(peer.executions().len(), 1);
        }
    }
}

/// Beyond the limit of streams one request waits in hyper without having left, and is lost with an error of its own; those
/// behind it come back.
#[tokio::test]
async fn what_waits_for_a_stream_when_the_connection_ends() {
    let first = || {
        Script2::max_streams(1)
            .serve(1)
            .read_all()
            .signal("read")
            .read_until("end")
    };
    let below = Script2::bare()
        .goaway(Stream::BeforeLast, Code::NoError)
        .read_forever();
    let plays = [
        (first().fin().discard(), Fault::Io(ErrorKind::BrokenPipe)),
        (first().rst(), Fault::Io(ErrorKind::ConnectionReset)),
        (first().then(below), Fault::Goaway(h2::Reason::NO_ERROR)),
    ];
    for (script, expected) in plays {
        let peer = Peer2::start(Tls::Off, move |_| script.clone());
        let mut bare = Bare::connect(&peer).await;
        // h2 begins with 100 and is told otherwise by the first SETTINGS.
        assert_eq!(bare.max_streams(), Some(100));
        let served = bare.sender.send_request(get(&peer, "/")).await.unwrap();
        collect(served).await.unwrap();
        assert_eq!(bare.max_streams(), Some(1));
        let all = [(); 3].map(|()| {
            let mut sender = bare.sender.clone();
            let request = sender.try_send_request(get(&peer, "/"));
            tokio::spawn(async move {
                let mut error = request.await.unwrap_err();
                (error.take_message().is_some(), fault(&error.into_error()))
            })
        });
        peer.reached_async("read").await;
        assert!(bare.sender.is_ready(), "whatever waits already");
        peer.go("end");
        let [sent, waiting, behind] = all;
        assert_eq!(sent.await.unwrap(), (false, expected));
        let gone = Fault::Other("runtime dropped the dispatch task".to_owned());
        assert_eq!(waiting.await.unwrap(), (false, gone));
        let closed = Fault::Other("connection closed".to_owned());
        assert_eq!(behind.await.unwrap(), (true, closed));
        assert_eq!((peer.executions().len(), bare.max_streams()), (1, None));
    }
}

#[tokio::test]
async fn settings_without_a_limit_permit_any_number() {
    let peer = Peer2::start(Tls::Off, |_| Script2::new().serve_forever());
    let mut bare = Bare::connect(&peer).await;
    assert_eq!(bare.max_streams(), Some(100));
    bare.sender.send_request(get(&peer, "/")).await.unwrap();
    assert_eq!(bare.max_streams(), Some(usize::MAX));
}
