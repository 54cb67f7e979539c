//! Clients that watch, and requests to peers that fall silent.

use std::time::Duration;

use http::{Method, Request};
use http_body_util::BodyExt;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tower::{Layer, ServiceExt};
use unstale::client::hyper_util::Attest;
use unstale::policy::{RetryPolicyBuilder, WhenSilent};
use unstale::{Attempts, Error, ReplayLayer, RetryPolicy, TrackLayer};

use crate::client::{Client, Stack, boxed, full, pooled, url};
use crate::kernel;
use crate::peer::{Peer, Script, Tls};
use crate::scenario::mode::{Flavour, Mode};

/// A connection that has been idle for so long is watched.
pub const IDLE: Duration = Duration::from_millis(50);

/// The columns: the client, and what is spoken; on either runtime.
pub fn modes() -> Vec<Mode> {
    Mode::on_both(&[Tls::Off, Tls::V13 { close_notify: true }])
}

/// In cleartext, on two threads.
pub fn both_stacks() -> [Mode; 2] {
    Stack::BOTH.map(|stack| Mode {
        stack,
        tls: Tls::Off,
        flavour: Flavour::MultiThread,
    })
}

pub fn policy() -> RetryPolicyBuilder {
    RetryPolicy::builder().no_budget().watch_after_idle(IDLE)
}

pub fn failing() -> RetryPolicy {
    policy().when_silent(WhenSilent::Fail).build().unwrap()
}

/// A client of this policy.
pub fn client(mode: Mode, peer: &Peer, policy: RetryPolicy) -> Client {
    match mode.stack {
        Stack::Pooled => boxed(pooled(peer).retry_policy(policy).build().unwrap()),
        Stack::Layered => layered(peer, policy),
    }
}

fn layered(peer: &Peer, policy: RetryPolicy) -> Client {
    let mut connector = HttpConnector::new();
    connector.enforce_http(false);
    let over_tls = hyper_rustls::HttpsConnectorBuilder::new()
        .with_tls_config(peer.client_config())
        .https_or_http()
        .enable_http1()
        .wrap_connector(TrackLayer::new().layer(connector));
    let connector = TrackLayer::above_tls().layer(over_tls);
    let client = hyper_util::client::legacy::Client::builder(TokioExecutor::new()).build(connector);
    boxed(ReplayLayer::new(policy).layer(Attest::new(client).watching()))
}

/// A server that serves one request on its first connection, is forgotten there, and then does this; others it serves.
pub fn forgotten_then(tls: Tls, rest: Script) -> Peer {
    Peer::start(tls, move |n| match n {
        0 => Script::new()
            .serve()
            .forget()
            .signal("forgotten")
            .then(rest.clone()),
        _ => Script::serve_forever(),
    })
}

/// A server that is forgotten on its first connection, for good.
pub fn forgotten(tls: Tls) -> Peer {
    forgotten_then(tls, Script::new().stall())
}

/// Sends a request, with five bytes of body if its method takes them, and reads the answer. Gives the attempts before it.
pub async fn send(
    client: &Client,
    peer: &Peer,
    tls: Tls,
    method: Method,
    path: &str,
) -> Result<Vec<unstale::verdict::Attempt>, Error> {
    let body = match method {
        Method::PUT | Method::POST => "hello",
        _ => "",
    };
    let request = Request::builder().method(method).uri(url(peer, tls, path));
    let request = request.body(full(body)).unwrap();
    let response = client.clone().oneshot(request).await?;
    let failed = Attempts::of(&response).to_vec();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(body, "ok");
    Ok(failed)
}

/// Lets the first connection be opened and forgotten, and lie idle for long enough to be watched.
pub async fn warm_up(client: &Client, peer: &Peer, tls: Tls) {
    send(client, peer, tls, Method::GET, "/warm").await.unwrap();
    peer.reached_async("forgotten").await;
    idle().await;
}

/// Longer than a connection may be idle and not be watched.
pub async fn idle() {
    tokio::time::sleep(2 * IDLE).await;
}

/// Comes back when a black hole has been found, by another client, which was entered now: long enough for one that looked like it
/// to have been taken for one.
pub async fn until_one_is_found() {
    let witness = forgotten(Tls::Off);
    let client = client(both_stacks()[1], &witness, policy().build().unwrap());
    warm_up(&client, &witness, Tls::Off).await;
    let failed = send(&client, &witness, Tls::Off, Method::GET, "/").await;
    assert_eq!(failed.unwrap().len(), 1);
}

/// Nothing is left of the client's old socket.
pub fn is_aborted(peer: &Peer) -> bool {
    kernel::closing(peer.addr()) == 0 && kernel::established(peer.addr()) <= 1
}
