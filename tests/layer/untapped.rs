//! The adapter with fewer taps than it could have: weaker, and never unsound. A POST is never executed twice, and an error
//! says what is missing.

use http::Request;
use hyper_util::client::legacy::connect::HttpConnector;
use tower::{Layer, Service};
use unstale::client::hyper_util::Attest;
use unstale::verdict::{Grounds, Refusal};
use unstale::{Error, ReplayLayer, RetryPolicy, TrackLayer};

use crate::peer::{Peer, Script, Tls};
use crate::wire;

fn replay() -> ReplayLayer {
    ReplayLayer::new(wire::unbudgeted())
}

/// Half-closes after the first request, on cue, and throws away what comes.
fn half_closes(tls: Tls) -> Peer {
    Peer::start(tls, |n| match n {
        0 => Script::new()
            .serve()
            .wait("go")
            .fin()
            .signal("fin")
            .discard(),
        _ => Script::serve_forever(),
    })
}

/// Says what is missing, to a reader who only sees the text.
fn assert_says_what_to_do(error: &Error) {
    assert_eq!(error.refusal(), Refusal::ReuseUnknown);
    let said = error.to_string();
    for phrase in [
        "may have been processed",
        "it is not known whether the connection was a kept-alive one",
        "put unstale's TrackLayer on the connector",
    ] {
        assert!(said.contains(phrase), "{phrase:?} in {said:?}");
    }
}

#[tokio::test]
async fn without_taps_what_was_written_to_a_closed_connection_is_refused() {
    for method in ["GET", "POST"] {
        let peer = half_closes(Tls::Off);
        let client = wire::builder().build(HttpConnector::new());
        let client = replay().layer(Attest::new(client));
        wire::warm(&client, &peer).await;
        peer.go("go");
        // Blocks the runtime: neither it nor hyper knows of the FIN, and the request is written.
        peer.reached("fin");
        let request = wire::request(&peer, method, "/", "body");
        let error = wire::send(&client, request).await.unwrap_err();
        assert_says_what_to_do(&error);
        assert!(error.evidence().unwrap().trace().is_none());
        assert_eq!(peer.executed(method, "/"), 0);
    }
}

#[tokio::test]
async fn without_taps_nothing_that_was_executed_is_executed_again() {
    for script in [
        Script::new().read_all().execute().rst(),
        Script::new().read_all().execute().close(),
    ] {
        for method in ["GET", "POST"] {
            let peer = wire::peer_that_then(script.clone());
            let client = wire::builder().build(HttpConnector::new());
            let client = replay().layer(Attest::new(client));
            wire::warm(&client, &peer).await;
            let request = wire::request(&peer, method, "/", "body");
            let error = wire::send(&client, request).await.unwrap_err();
            assert_says_what_to_do(&error);
            assert_eq!(peer.executed(method, "/"), 1);
        }
    }
}

#[tokio::test]
async fn without_taps_a_close_that_hyper_has_seen_costs_nothing() {
    for method in ["GET", "POST"] {
        let peer = half_closes(Tls::Off);
        let client = wire::builder().build(HttpConnector::new());
        let client = replay().layer(Attest::new(client));
        wire::warm(&client, &peer).await;
        peer.go("go");
        peer.reached_async("fin").await;
        hear().await;
        let request = wire::request(&peer, method, "/", "body");
        wire::send(&client, request).await.unwrap();
        assert_eq!(peer.executed(method, "/"), 1);
    }
}

/// Lets the runtime hear what the kernel knows: it asks it at least once in every 61 turns.
async fn hear() {
    for _ in 0..256 {
        tokio::task::yield_now().await;
    }
}

#[test]
fn what_hyper_hands_back_is_replayed() {
    // The kernel is asked in every turn, and before the tasks are run: so hyper's task wakes to both the FIN and the request,
    // looks at the FIN first, and gives the request back.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .event_interval(1)
        .build()
        .unwrap();
    runtime.block_on(async {
        let peer = half_closes(Tls::Off);
        let client = wire::builder()
            .retry_canceled_requests(false)
            .build(HttpConnector::new());
        let client = replay().layer(Attest::new(client));
        wire::warm(&client, &peer).await;
        peer.go("go");
        peer.reached("fin");
        tokio::task::yield_now().await;
        let request = wire::request(&peer, "POST", "/", "body");
        let response = wire::send(&client, request).await.unwrap();
        assert_eq!(wire::grounds(&response), [Grounds::NotSent]);
        assert_eq!(peer.executed("POST", "/"), 1);
    });
}

const CLOSE_NOTIFIES: [bool; 2] = [true, false];

fn tls_connector() -> HttpConnector {
    let mut connector = HttpConnector::new();
    connector.enforce_http(false);
    connector
}

fn with_tls<C>(peer: &Peer, connector: C) -> hyper_rustls::HttpsConnector<C> {
    hyper_rustls::HttpsConnectorBuilder::new()
        .with_tls_config(peer.client_config())
        .https_or_http()
        .enable_http1()
        .wrap_connector(connector)
}

/// A GET and a POST, each on a connection half-closed before it, of which the runtime has heard or not.
///
/// `tells` whether the client can tell of the connection of a GET that it was reused, and so replays it.
async fn try_all<S, F>(client_of: F, tells: bool)
where
    F: Fn(&Peer) -> S,
    S: Service<
            Request<wire::Body>,
            Response = http::Response<hyper::body::Incoming>,
            Error = Error,
        > + Clone,
{
    for close_notify in CLOSE_NOTIFIES {
        for heard in [true, false] {
            for method in ["GET", "POST"] {
                let peer = half_closes(Tls::V13 { close_notify });
                let client = client_of(&peer);
                wire::warm(&client, &peer).await;
                peer.go("go");
                if heard {
                    peer.reached_async("fin").await;
                    hear().await;
                } else {
                    peer.reached("fin");
                }
                let request = wire::request(&peer, method, "/", "body");
                let answer = wire::send(&client, request).await;
                let case = format!("{method}, heard {heard}, close_notify {close_notify}");
                if heard || (tells && method == "GET") {
                    assert!(answer.is_ok(), "{case}: {answer:?}");
                }
                let executed = peer.executed(method, "/");
                assert_eq!(executed, usize::from(answer.is_ok()), "{case}");
            }
        }
    }
}

/// A POST that is executed on a kept-alive connection which is then closed or reset.
async fn lose_a_post<S, F>(client_of: F)
where
    F: Fn(&Peer) -> S,
    S: Service<
            Request<wire::Body>,
            Response = http::Response<hyper::body::Incoming>,
            Error = Error,
        > + Clone,
{
    for close_notify in CLOSE_NOTIFIES {
        for script in [
            Script::new().read_all().execute().rst(),
            Script::new().read_all().execute().close(),
            Script::new().read_all().execute().fin().discard(),
        ] {
            let tls = Tls::V13 { close_notify };
            let peer = Peer::start(tls, move |n| match n {
                0 => Script::new().serve().then(script.clone()),
                _ => Script::serve_forever(),
            });
            let client = client_of(&peer);
            wire::warm(&client, &peer).await;
            let request = wire::request(&peer, "POST", "/", "body");
            let error = wire::send(&client, request).await.unwrap_err();
            assert_eq!(error.attempts().len(), 1, "{error}");
            assert_eq!(peer.executed("POST", "/"), 1);
        }
    }
}

#[tokio::test]
async fn a_tap_below_tls_alone_is_sound() {
    let client = |peer: &Peer| {
        let tracked = TrackLayer::new().layer(tls_connector());
        let client = wire::builder().build(with_tls(peer, tracked));
        replay().layer(Attest::new(client))
    };
    // Within TLS HTTP/2 may be spoken, where nothing that is counted belongs to one request.
    try_all(client, false).await;
    lose_a_post(client).await;
}

#[tokio::test]
async fn a_tap_above_tls_alone_is_sound() {
    let client = |peer: &Peer| {
        let connector = TrackLayer::above_tls().layer(with_tls(peer, tls_connector()));
        let client = wire::builder().build(connector);
        replay().layer(Attest::new(client))
    };
    try_all(client, true).await;
    lose_a_post(client).await;
}

#[tokio::test]
async fn without_taps_a_refused_connect_is_told_as_such() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", closed.local_addr().unwrap());
    drop(closed);
    let client = wire::builder().build(HttpConnector::new());
    let client = ReplayLayer::new(RetryPolicy::default()).layer(Attest::new(client));
    let request = Request::get(url).body(wire::Body::default()).unwrap();
    let error = wire::send(&client, request).await.unwrap_err();
    assert!(error.is_connect());
    assert_eq!(error.refusal(), Refusal::Connect);
}
