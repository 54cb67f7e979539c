//! Upgrades, CONNECT and responses that end with the connection: neither gate nor freeze may touch them.

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Full};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use unstale::Attempts;

use crate::kernel;
use crate::peer::{Peer, Script, Tls};
use crate::proof::setup::{MODES, Subject, get, policy, post, settle};

const CUT: Tls = Tls::V13 {
    close_notify: false,
};
const SWITCH: &str =
    "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\n";

fn upgrade(peer: &Peer) -> Request<Full<Bytes>> {
    let mut request = get(peer, "/up", Full::default());
    let headers = request.headers_mut();
    headers.insert("connection", "upgrade".parse().unwrap());
    headers.insert("upgrade", "echo".parse().unwrap());
    request
}

#[tokio::test]
async fn an_upgraded_connection_may_be_half_closed_by_the_peer_and_written_to() {
    for tls in MODES {
        // The server speaks first, in the segment of the response head and once more, and half-closes.
        let script = Script::new()
            .serve()
            .read_head()
            .send(format!("{SWITCH}welcome"))
            .wait("more")
            .send("again")
            .fin()
            .read_some(5)
            .signal("heard")
            .discard();
        let peer = Peer::start(tls, move |_| script.clone());
        let subject = Subject::<Full<Bytes>>::new(&peer, policy());
        let first = subject.send(get(&peer, "/1", Full::default())).await;
        first.unwrap().into_body().collect().await.unwrap();
        settle().await;
        let response = subject.send(upgrade(&peer)).await.unwrap();
        assert_eq!(response.status(), 101, "{tls:?}");
        let mut tunnel = TokioIo::new(hyper::upgrade::on(response).await.unwrap());
        let mut said = [0; 12];
        tunnel.read_exact(&mut said[..7]).await.unwrap();
        tunnel.write_all(b"h").await.unwrap();
        peer.go("more");
        tunnel.read_exact(&mut said[7..]).await.unwrap();
        assert_eq!(&said, b"welcomeagain");
        let end = tunnel.read(&mut [0]).await;
        assert!(matches!(end, Ok(0) | Err(_)), "{tls:?}: {end:?}");
        tunnel.write_all(b"ello").await.unwrap();
        tunnel.flush().await.unwrap();
        peer.reached_async("heard").await;
        tunnel.shutdown().await.unwrap();
        assert_eq!(peer.connections(), 1, "{tls:?}");
    }
}

#[tokio::test]
async fn a_tunnel_by_connect_carries_both_ways_and_ends_one_way_at_a_time() {
    let script = Script::new()
        .read_head()
        .send("HTTP/1.1 200 OK\r\n\r\nwelcome")
        .fin()
        .read_some(5)
        .signal("heard")
        .discard();
    let peer = Peer::start(Tls::Off, move |_| script.clone());
    let subject = Subject::<Full<Bytes>>::new(&peer, policy());
    let request = Request::connect(peer.addr().to_string());
    let request = request.body(Full::default()).unwrap();
    let response = subject.send(request).await.unwrap();
    let mut tunnel = TokioIo::new(hyper::upgrade::on(response).await.unwrap());
    let mut said = Vec::new();
    tunnel.read_to_end(&mut said).await.unwrap();
    assert_eq!(said, b"welcome");
    tunnel.write_all(b"hello").await.unwrap();
    peer.reached_async("heard").await;
}

#[tokio::test]
async fn an_exchange_after_a_refused_upgrade_is_guarded_again() {
    for tls in MODES {
        let peer = Peer::start(tls, |n| match n {
            0 => Script::new().serve().serve().serve().wait("close").close(),
            _ => Script::serve_forever(),
        });
        let subject = Subject::<Full<Bytes>>::new(&peer, policy());
        for request in [upgrade(&peer), get(&peer, "/2", Full::default())] {
            let response = subject.send(request).await.unwrap();
            response.into_body().collect().await.unwrap();
            settle().await;
        }
        let third = subject.send(get(&peer, "/3", Full::default())).await;
        third.unwrap().into_body().collect().await.unwrap();
        settle().await;
        peer.go("close");
        crate::proof::setup::block_until_half_closed(&peer);
        let request = post(&peer, "/4", Full::from("pay"));
        let response = subject.send(request).await.unwrap();
        response.into_body().collect().await.unwrap();
        assert_eq!(peer.executed("POST", "/4"), 1, "{tls:?}");
        assert_eq!(peer.connections(), 2, "{tls:?}");
    }
}

#[tokio::test]
async fn a_response_that_ends_with_the_connection_is_whole_and_the_next_request_goes_elsewhere() {
    let heads = [
        "HTTP/1.0 200 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n",
    ];
    for (tls, head) in MODES
        .into_iter()
        .flat_map(|tls| heads.map(|head| (tls, head)))
    {
        let script = Script::new().serve().read_all().execute();
        let body = "x".repeat(100_000);
        let script = script.send(format!("{head}{body}")).close();
        let peer = Peer::start(tls, move |_| script.clone());
        let subject = Subject::<Full<Bytes>>::new(&peer, policy());
        for path in ["/1", "/2", "/3"] {
            let request = post(&peer, path, Full::from("pay"));
            let response = subject.send(request).await.unwrap();
            assert!(Attempts::of(&response).is_empty(), "{tls:?} {head}");
            let body = response.into_body().collect().await;
            // Without close_notify TLS cannot tell a whole response from a cut one.
            let is_cut = tls == CUT && path == "/2";
            let received = body.map(|body| body.to_bytes().len()).ok();
            assert_eq!(received.is_none(), is_cut, "{tls:?} {head}");
            assert!(is_cut || path != "/2" || received == Some(100_000));
            settle().await;
            assert_eq!(peer.executed("POST", path), 1, "{tls:?} {head}");
        }
        kernel::until("nothing is left half-closed", || {
            kernel::half_closed(peer.addr()) == 0
        })
        .await;
    }
}

#[tokio::test]
async fn an_early_answer_to_a_long_upload_leaves_a_connection_that_serves_and_is_given_up_with_the_peer()
 {
    for tls in MODES {
        let upload = Script::new().read_head().answer().wait("rest");
        let upload = upload.read_body(5).signal("uploaded");
        let script = Script::new().serve().then(upload).serve();
        let script = script.signal("served").wait("close").close();
        let peer = Peer::start(tls, move |n| match n {
            0 => script.clone(),
            _ => Script::serve_forever(),
        });
        let subject = Subject::new(&peer, policy());
        let ended = || crate::proof::traps::fed().1;
        let first = subject.send(get(&peer, "/1", ended())).await.unwrap();
        first.into_body().collect().await.unwrap();
        settle().await;
        let (feed, body) = crate::proof::traps::fed();
        let mut request = post(&peer, "/2", body);
        request
            .headers_mut()
            .insert("content-length", "5".parse().unwrap());
        let early = subject.send(request).await.unwrap();
        early.into_body().collect().await.unwrap();
        feed.send(Bytes::from_static(b"later")).unwrap();
        drop(feed);
        peer.go("rest");
        peer.reached_async("uploaded").await;
        settle().await;
        let third = subject.send(get(&peer, "/3", ended())).await.unwrap();
        assert!(
            Attempts::of(&third).is_empty(),
            "{:?}",
            Attempts::of(&third)
        );
        third.into_body().collect().await.unwrap();
        assert_eq!(peer.connections(), 1, "{tls:?}");
        peer.go("close");
        kernel::until("no socket is left to the dead peer", || {
            kernel::half_closed(peer.addr()) == 0 && kernel::established(peer.addr()) == 0
        })
        .await;
    }
}
