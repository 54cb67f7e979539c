//! Cues, limits, ALPN, and the end of a peer.

use std::sync::Arc;
use std::time::Duration;

use rustls::{ClientConnection, StreamOwned};
use tokio::time::{Instant, timeout};

use super::clients::{ALL, Bare, client, collect, get};
use crate::peer_h2::{Frame, Peer2, Script2, Stream, Tls};

const _: fn() = || {
    fn can_be_shared<T: Send + Sync>() {}
    can_be_shared::<Peer2>();
};

#[tokio::test]
async fn serves_until_the_cue() {
    let peer = Peer2::start(Tls::Off, |_| {
        Script2::new()
            .serve_until("enough")
            .signal("over")
            .read_until("on")
            .serve_forever()
    });
    let client = client(&peer);
    for _ in 0..3 {
        client.request(get(&peer, "/before")).await.unwrap();
    }
    peer.go("enough");
    peer.reached("over");
    let waiting = tokio::spawn(client.request(get(&peer, "/after")));
    assert_eq!(peer.executed("GET", "/after"), 0);
    peer.go("on");
    waiting.await.unwrap().unwrap();
    assert_eq!(
        (peer.executed("GET", "/before"), peer.connections()),
        (3, 1)
    );
}

/// The request beyond the limit leaves when the one before it is answered.
#[tokio::test]
async fn the_limit_of_streams_is_kept_by_the_client() {
    let peer = Peer2::start(Tls::Off, |_| {
        Script2::max_streams(1)
            .serve(1)
            .read_all()
            .signal("second")
            .read_until("answer")
            .execute()
            .answer()
            .serve_forever()
    });
    let mut bare = Bare::connect(&peer).await;
    let first = bare.sender.send_request(get(&peer, "/1")).await.unwrap();
    collect(first).await.unwrap();
    assert_eq!(bare.max_streams(), Some(1));
    let [second, third] =
        ["/2", "/3"].map(|path| tokio::spawn(bare.sender.send_request(get(&peer, path))));
    peer.reached_async("second").await;
    let read = peer.bytes_read(0);
    peer.go("answer");
    for answered in [second, third] {
        collect(answered.await.unwrap().unwrap()).await.unwrap();
    }
    assert!(peer.bytes_read(0) > read);
    let paths: Vec<_> = peer.executions().into_iter().map(|one| one.path).collect();
    assert_eq!(paths, ["/1", "/2", "/3"]);
}

#[tokio::test]
async fn silence_is_no_answer() {
    let silent = [
        Script2::new().stall(),
        Script2::new().read_forever(),
        Script2::new().read_all().execute().read_forever(),
    ];
    for tls in ALL {
        for (executed, script) in [0, 0, 1].into_iter().zip(silent.clone()) {
            let peer = Peer2::start(tls, move |_| script.clone().signal("never"));
            let request = client(&peer).request(get(&peer, "/"));
            let waited = timeout(Duration::from_millis(200), request).await;
            assert!(waited.is_err(), "{tls:?}");
            assert_eq!(peer.executed("GET", "/"), executed);
        }
    }
}

#[test]
fn alpn_is_h2_or_nothing() {
    let negotiated = |tls, offered: &[u8]| {
        let peer = Peer2::start(tls, |_| Script2::new().discard());
        let mut config = peer.client_config();
        config.alpn_protocols = vec![offered.to_vec()];
        let name = "localhost".try_into().unwrap();
        let connection = ClientConnection::new(Arc::new(config), name).unwrap();
        let socket = std::net::TcpStream::connect(peer.addr()).unwrap();
        let mut client = StreamOwned::new(connection, socket);
        while client.conn.is_handshaking() {
            client.conn.complete_io(&mut client.sock).ok()?;
        }
        client.conn.alpn_protocol().map(<[u8]>::to_vec)
    };
    for tls in &ALL[1..] {
        assert_eq!(negotiated(*tls, b"h2").as_deref(), Some(&b"h2"[..]));
        assert_eq!(negotiated(*tls, b"http/1.1"), None);
    }
}

#[tokio::test]
async fn a_dropped_peer_ends_promptly_whatever_it_does() {
    let hour = Duration::from_secs(3600);
    let scripts = [
        Script2::new().stall(),
        Script2::new().discard(),
        Script2::new().wait("never"),
        Script2::new().pause(hour),
        Script2::new().serve_forever(),
        Script2::new().read_forever(),
        Script2::new().read_all().read_all(),
        Script2::new().read_all().read_reset(),
        Script2::new().serve(1).serve(1),
        Script2::new().read_head().fin().discard(),
        // More than the socket buffers hold.
        Script2::new()
            .read_all()
            .wait("never")
            .send([Frame::Data(Stream::Last, vec![0; 64 << 20])]),
    ];
    for tls in ALL {
        for script in scripts.clone() {
            let peer = Peer2::start(tls, move |_| {
                Script2::bare().signal("here").then(script.clone())
            });
            let request = tokio::spawn(client(&peer).request(get(&peer, "/")));
            peer.reached_async("here").await;
            let dropped = Instant::now();
            drop(peer);
            assert!(dropped.elapsed() < Duration::from_secs(1), "{tls:?}");
            request.abort();
        }
    }
}

#[test]
#[should_panic(expected = "a scoped thread panicked")]
fn a_script_that_makes_no_sense_fails_the_test() {
    let peer = Peer2::start(Tls::Off, |_| Script2::new().execute().signal("never"));
    let mut client = std::net::TcpStream::connect(peer.addr()).unwrap();
    std::io::copy(&mut client, &mut std::io::sink()).unwrap();
}
