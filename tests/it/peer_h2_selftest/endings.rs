//! `RST_STREAM`, FIN and RST: idle, after a request, half a response; as hyper names them.

use std::io::ErrorKind;

use h2::Reason;
use http_body_util::BodyExt;

use super::clients::{ALL, Bare, Fault, client, collect, fault, get};
use crate::peer_h2::{Code, Frame, Peer2, Script2, Stream, Tls};

const RESET: Fault = Fault::Io(ErrorKind::ConnectionReset);
const FIN: Fault = Fault::Io(ErrorKind::BrokenPipe);

#[tokio::test]
async fn a_stream_is_reset_and_the_connection_serves_on() {
    let codes = [
        (Code::RefusedStream, Reason::REFUSED_STREAM),
        (Code::InternalError, Reason::INTERNAL_ERROR),
        (Code::ProtocolError, Reason::PROTOCOL_ERROR),
        (Code::Cancel, Reason::CANCEL),
        (Code::Http11Required, Reason::HTTP_1_1_REQUIRED),
        (Code::NoError, Reason::NO_ERROR),
    ];
    for tls in ALL {
        for (code, reason) in codes {
            let peer = Peer2::start(tls, move |_| {
                let script = Script2::new().read_head().reset(Stream::Last, code);
                script.serve_forever()
            });
            let client = client(&peer);
            let error = client.request(get(&peer, "/lost")).await.unwrap_err();
            assert_eq!(fault(&error), Fault::Reset(reason), "{tls:?}");
            client.request(get(&peer, "/next")).await.unwrap();
            assert_eq!(peer.executed("GET", "/lost"), 0);
            assert_eq!((peer.executed("GET", "/next"), peer.connections()), (1, 1));
        }
    }
}

/// Also one that the peer has executed. Not the first one: a client that still has SETTINGS to acknowledge may meet the RST as it
/// writes, and call it a broken pipe.
#[tokio::test]
async fn an_end_of_the_connection_after_the_request() {
    let read = || Script2::new().serve(1).read_all().execute();
    for tls in ALL {
        let plays = [(read().fin().discard(), FIN), (read().rst(), RESET)];
        for (script, expected) in plays {
            let peer = Peer2::start(tls, move |_| script.clone());
            let client = client(&peer);
            let served = client.request(get(&peer, "/served")).await.unwrap();
            collect(served).await.unwrap();
            let error = client.request(get(&peer, "/")).await.unwrap_err();
            assert_eq!(fault(&error), expected, "{tls:?}");
            assert_eq!((peer.executed("GET", "/"), peer.connections()), (1, 1));
        }
    }
}

#[tokio::test]
async fn a_fin_without_close_notify_is_told_apart() {
    let tls = Tls::V13 {
        close_notify: false,
    };
    let peer = Peer2::start(tls, |_| Script2::new().read_head().fin().discard());
    let error = client(&peer).request(get(&peer, "/")).await.unwrap_err();
    assert_eq!(fault(&error), Fault::Io(ErrorKind::UnexpectedEof));
}

#[tokio::test]
async fn a_close_notify_alone_ends_the_connection_too() {
    let peer = Peer2::start(ALL[2], |_| {
        let script = Script2::new().read_head().close_notify();
        script.read_forever()
    });
    let error = client(&peer).request(get(&peer, "/")).await.unwrap_err();
    assert_eq!(fault(&error), FIN);
}

#[tokio::test]
async fn an_end_in_half_a_response() {
    let half = || {
        Script2::new()
            .read_all()
            .execute()
            .half_answer()
            .wait("end")
    };
    let reset = Script2::bare()
        .reset(Stream::Last, Code::InternalError)
        .serve_forever();
    for tls in ALL {
        let plays = [
            (half().fin().discard(), FIN),
            (half().rst(), RESET),
            (
                half().then(reset.clone()),
                Fault::Reset(Reason::INTERNAL_ERROR),
            ),
        ];
        for (script, expected) in plays {
            let peer = Peer2::start(tls, move |_| script.clone());
            let response = client(&peer).request(get(&peer, "/")).await.unwrap();
            let mut body = response.into_body();
            let first = body.frame().await.unwrap().unwrap();
            assert_eq!(first.into_data().unwrap(), "o");
            peer.go("end");
            let error = body.frame().await.unwrap().unwrap_err();
            assert_eq!(fault(&error), expected, "{tls:?}");
        }
    }
}

/// The connection itself says how it ended; then the client knows without trying.
#[tokio::test]
async fn an_end_while_idle() {
    let served = || Script2::new().serve(1).wait("end");
    for (script, expected) in [(served().fin().discard(), FIN), (served().rst(), RESET)] {
        let peer = Peer2::start(Tls::Off, move |_| script.clone());
        let mut bare = Bare::connect(&peer).await;
        let response = bare.sender.send_request(get(&peer, "/")).await.unwrap();
        collect(response).await.unwrap();
        assert!(!bare.sender.is_closed());
        peer.go("end");
        let error = bare.ended.await.unwrap().unwrap_err();
        assert_eq!(fault(&error), expected);
        assert!(bare.sender.is_closed());
    }
}

#[tokio::test]
async fn answers_and_a_reset_after_them() {
    let peer = Peer2::start(Tls::Off, |_| {
        let script = Script2::new().read_all().execute().read_all().execute();
        let answers = [0, 1].map(|n| Frame::Answer(Stream::Nth(n)));
        script.read_all().send(answers).wait("end").rst()
    });
    let mut bare = Bare::connect(&peer).await;
    let [one, two, lost] =
        ["/1", "/2", "/3"].map(|path| bare.sender.send_request(get(&peer, path)));
    let lost = tokio::spawn(lost);
    for answered in [one, two] {
        assert_eq!(collect(answered.await.unwrap()).await.unwrap(), "ok");
    }
    peer.go("end");
    assert_eq!(fault(&lost.await.unwrap().unwrap_err()), RESET);
    assert_eq!(peer.executions().len(), 2);
}
