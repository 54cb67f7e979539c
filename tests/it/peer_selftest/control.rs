//! Cues, real clients, and the end of a peer.

use std::time::Duration;

use http::Request;
use http_body_util::{BodyExt, Empty};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tokio::time::Instant;

use super::clients::{Ending, GET, connect, connect_tls, ending, exchange};
use crate::peer::{Peer, Script, Tls};

const _: fn() = || {
    fn can_be_shared<T: Send + Sync>() {}
    can_be_shared::<Peer>();
};

#[tokio::test]
async fn an_ordinary_client_is_served_over_http_and_https() {
    for tls in [
        Tls::Off,
        Tls::V12 { close_notify: true },
        Tls::V13 { close_notify: true },
    ] {
        let peer = Peer::start(tls, |_| Script::serve_forever());
        let connector = hyper_rustls::HttpsConnectorBuilder::new()
            .with_tls_config(peer.client_config())
            .https_or_http()
            .enable_http1()
            .build();
        let client = Client::builder(TokioExecutor::new()).build(connector);
        for _ in 0..2 {
            let request = Request::get(peer.url("/x?y"))
                .body(Empty::<&[u8]>::new())
                .unwrap();
            let response = client.request(request).await.unwrap();
            assert_eq!(
                response.into_body().collect().await.unwrap().to_bytes(),
                "ok"
            );
        }
        assert_eq!(peer.executed("GET", "/x?y"), 2);
        assert_eq!(peer.connections(), 1);
    }
}

#[tokio::test]
async fn the_peer_acts_while_the_runtime_is_blocked() {
    let peer = Peer::start(Tls::Off, |_| {
        Script::new()
            .serve()
            .wait("blocked")
            .fin()
            .signal("fin")
            .discard()
    });
    let client = Client::builder(TokioExecutor::new()).build(HttpConnector::new());
    let request = Request::get(peer.url("/"))
        .body(Empty::<&[u8]>::new())
        .unwrap();
    let response = client.request(request).await.unwrap();
    response.into_body().collect().await.unwrap();
    peer.go("blocked");
    peer.reached("fin");
    assert_eq!(peer.connections(), 1);
}

#[test]
fn a_cue_releases_every_connection_for_good() {
    let peer = Peer::start(Tls::Off, |_| {
        Script::new().signal("here").wait("on").serve()
    });
    let mut clients = [connect(&peer), connect(&peer)];
    peer.reached("here");
    assert!(peer.has_reached("here") && !peer.has_reached("there"));
    assert_eq!(peer.executions(), []);
    peer.go("on");
    for client in &mut clients {
        exchange(client, GET);
    }
    exchange(&mut connect(&peer), GET);
}

#[test]
fn connections_run_the_script_of_their_number() {
    let peer = Peer::start(Tls::Off, |n| match n {
        0 => Script::new().rst(),
        _ => Script::serve_forever(),
    });
    assert_eq!(ending(&mut connect(&peer)), Ending::Reset);
    exchange(&mut connect(&peer), GET);
    assert_eq!(peer.executions()[0].connection, 1);
}

#[tokio::test(start_paused = true)]
async fn waiting_for_a_signal_leaves_a_paused_clock_alone() {
    let peer = Peer::start(Tls::Off, |_| {
        Script::new()
            .pause(Duration::from_millis(50))
            .signal("here")
            .stall()
    });
    let _client = connect(&peer);
    let before = Instant::now();
    peer.reached_async("here").await;
    assert_eq!(before.elapsed(), Duration::ZERO);
}

#[test]
fn a_dropped_peer_ends_promptly_whatever_it_does() {
    let hour = Duration::from_secs(3600);
    let idle = [
        Script::new().stall(),
        Script::new().discard(),
        Script::new().wait("never"),
        Script::new().wait_first_byte(),
        Script::new().pause(hour),
        Script::serve_forever(),
        Script::new().repeat(Script::new()),
        // More than the socket buffers hold, to a client that does not read.
        Script::new().send(vec![0; 64 << 20]),
    ];
    for script in idle {
        for tls in [Tls::Off, Tls::V13 { close_notify: true }] {
            let peer = Peer::start(tls, {
                let script = script.clone();
                move |_| Script::new().signal("here").then(script.clone())
            });
            let plain = (tls == Tls::Off).then(|| connect(&peer));
            let encrypted = (tls != Tls::Off).then(|| connect_tls(&peer));
            peer.reached("here");
            let dropped = Instant::now();
            drop(peer);
            // Far below the hour, and far above what a busy machine takes.
            assert!(dropped.elapsed() < Duration::from_secs(10), "{tls:?}");
            drop((plain, encrypted));
        }
    }
}

#[test]
fn a_handshake_that_never_comes_holds_nobody_up() {
    let peer = Peer::start(Tls::V13 { close_notify: true }, |_| Script::serve_forever());
    let _silent = connect(&peer);
    exchange(&mut connect_tls(&peer), GET);
}

#[test]
fn dropping_closes_the_sockets() {
    let peer = Peer::start(Tls::Off, |_| Script::new().serve().stall());
    let mut client = connect(&peer);
    exchange(&mut client, GET);
    let addr = peer.addr();
    drop(peer);
    assert_eq!(ending(&mut client), Ending::Clean);
    assert!(std::net::TcpStream::connect(addr).is_err());
}

#[test]
#[should_panic(expected = "a scoped thread panicked")]
fn a_script_that_makes_no_sense_fails_the_test() {
    let peer = Peer::start(Tls::Off, |_| Script::new().execute());
    ending(&mut connect(&peer));
}
