//! Connectors that speak with somebody before the tap is put on, and sockets that are no plain TCP.

use bytes::Bytes;
use http::Uri;
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tower::{Layer, Service, ServiceExt, service_fn};
use unstale::body::ReplayBody;
use unstale::client::hyper_util::Attest;
use unstale::evidence::{Delivery, End, GateReason};
use unstale::{Attempts, ReplayLayer, TrackLayer};

use crate::peer::{Peer, Script, Tls};
use crate::proof::setup::{block_until_half_closed, policy, post, settle};

const GREETING: &str = "proxy?";
const REPLY: &str = "granted";

#[tokio::test]
async fn a_connector_that_spoke_with_a_proxy_first_reuses_its_connections_and_finds_dead_ones() {
    let peer = Peer::start(Tls::Off, |_| {
        let granted = Script::new().read_some(GREETING.len()).send(REPLY);
        let served = Script::new().serve().serve().serve();
        granted.then(served).wait("close").close()
    });
    let address = peer.addr();
    let connect = service_fn(move |_: Uri| {
        Box::pin(async move {
            let mut stream = TcpStream::connect(address).await?;
            stream.write_all(GREETING.as_bytes()).await?;
            stream.read_exact(&mut [0; REPLY.len()]).await?;
            Ok::<_, std::io::Error>(TokioIo::new(stream))
        })
    });
    let raw: Client<_, ReplayBody<Full<Bytes>>> =
        Client::builder(TokioExecutor::new()).build(TrackLayer::new().layer(connect));
    let mut client = ReplayLayer::new(policy()).layer(Attest::new(raw));
    for path in ["/1", "/2", "/3", "/4"] {
        if path == "/4" {
            peer.go("close");
            block_until_half_closed(&peer);
        }
        let request = post(&peer, path, Full::from("pay"));
        let response = client.ready().await.unwrap().call(request).await.unwrap();
        let failed = Attempts::of(&response);
        // hyper may have seen the end itself.
        assert!(
            failed.len() <= usize::from(path == "/4"),
            "{path} {failed:?}"
        );
        if let Some(attempt) = failed.first() {
            let evidence = attempt.evidence().unwrap();
            assert_eq!(evidence.end(), End::Gate(GateReason::HalfClosed));
            assert_eq!(evidence.delivery(), Delivery::NotSent);
        }
        response.into_body().collect().await.unwrap();
        settle().await;
        // The first request on a connection lies behind the greeting.
        let first = format!("{GREETING}POST");
        let executed = peer.executed("POST", path) + peer.executed(&first, path);
        assert_eq!(executed, 1, "{path}");
    }
    assert_eq!(peer.connections(), 2);
}

#[tokio::test]
#[ignore = "needs a kernel with MPTCP"]
async fn multipath_tcp_is_asked_by_the_peek_alone() {
    let mptcp = |domain| {
        socket2::Socket::new(
            domain,
            socket2::Type::STREAM,
            Some(socket2::Protocol::MPTCP),
        )
    };
    let peer = Peer::start(Tls::Off, |_| {
        Script::new().serve().serve().wait("close").close()
    });
    let address = peer.addr();
    let connect = service_fn(move |_: Uri| {
        Box::pin(async move {
            let socket = mptcp(socket2::Domain::IPV4)?;
            socket.connect(&address.into())?;
            socket.set_nonblocking(true)?;
            TcpStream::from_std(socket.into()).map(TokioIo::new)
        })
    });
    let raw: Client<_, ReplayBody<Full<Bytes>>> =
        Client::builder(TokioExecutor::new()).build(TrackLayer::new().layer(connect));
    let mut client = ReplayLayer::new(policy()).layer(Attest::new(raw));
    for path in ["/1", "/2", "/3"] {
        if path == "/3" {
            peer.go("close");
            block_until_half_closed(&peer);
        }
        let request = post(&peer, path, Full::from("pay"));
        let response = client.ready().await.unwrap().call(request).await.unwrap();
        let failed = Attempts::of(&response).len();
        assert_eq!(failed, usize::from(path == "/3"), "{path}");
        response.into_body().collect().await.unwrap();
        settle().await;
        assert_eq!(peer.executed("POST", path), 1);
    }
}
