//! The link, and clients that watch.

use std::time::Duration;

use http::{Method, Request};
use http_body_util::BodyExt;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tower::{Layer, ServiceExt};
use unstale::client::hyper_util::Attest;
use unstale::evidence::{End, Evidence};
use unstale::verdict::Attempt;
use unstale::{Attempts, Error, ReplayLayer, RetryPolicy, TrackLayer};

use crate::lab::{Conditions, Inside, Link};
use crate::peer::{Peer, Script, Tls};
use crate::stacks::{Client, Stack, boxed, full, pooled};

pub const ROUND_TRIP: Duration = Duration::from_millis(20);

pub fn link() -> Link {
    Link::start(Conditions::round_trip(ROUND_TRIP))
}

/// A peer inside, whose connections all do this.
pub fn peer(link: &Link, script: Script) -> Inside<Peer> {
    let address = link.address();
    link.place(move || Peer::start_at(address, Tls::Off, move |_| script.clone()))
}

/// How long opening a connection may take. An aborted connection frees its port, and now and then the kernel gives that to a new
/// one (it hands ports out in turn, but not strictly to threads that ask at once). A firewall lets the new one through; the peer
/// that plays it drops whatever arrives for the port, the SYN too. So those that are to get through try again.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

pub fn client(stack: Stack, peer: &Peer, policy: RetryPolicy) -> Client {
    match stack {
        Stack::Pooled => {
            let builder = pooled(peer).connect_timeout(CONNECT_TIMEOUT);
            boxed(builder.retry_policy(policy).build().unwrap())
        }
        Stack::Layered => {
            let mut connector = HttpConnector::new();
            connector.set_connect_timeout(Some(CONNECT_TIMEOUT));
            let connector = TrackLayer::new().layer(connector);
            let builder = hyper_util::client::legacy::Client::builder(TokioExecutor::new());
            let client = Attest::new(builder.build(connector)).watching();
            boxed(ReplayLayer::new(policy).layer(client))
        }
    }
}

/// Sends a request and reads its answer. Gives how many attempts before it were met by silence.
pub async fn send(
    client: &Client,
    peer: &Peer,
    method: Method,
    path: &str,
) -> Result<usize, Error> {
    let url = format!("http://{}{path}", peer.addr());
    let request = Request::builder().method(method).uri(url);
    let response = client
        .clone()
        .oneshot(request.body(full("")).unwrap())
        .await?;
    let failed = Attempts::of(&response).iter();
    let ends = failed.filter_map(Attempt::evidence).map(Evidence::end);
    let silent = ends.filter(|end| *end == End::Silent).count();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(body, "ok");
    Ok(silent)
}
