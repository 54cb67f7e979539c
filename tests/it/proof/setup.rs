//! A client whose next request goes past the gate.

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tower::{Layer, Service, ServiceExt};
use unstale::body::ReplayBody;
use unstale::client::hyper_util::Attest;
use unstale::conn::{AboveTls, Track};
use unstale::{Error, ReplayLayer, RetryPolicy, TrackLayer};

use crate::kernel;
use crate::peer::{Peer, Tls};

pub const MODES: [Tls; 4] = [
    Tls::Off,
    Tls::V12 { close_notify: true },
    Tls::V13 { close_notify: true },
    Tls::V13 {
        close_notify: false,
    },
];

pub type Connector = Track<HttpsConnector<Track<HttpConnector>>, AboveTls>;

pub fn connector(peer: &Peer) -> Connector {
    let mut http = HttpConnector::new();
    http.enforce_http(false);
    // Else the second piece of a body waits for the acknowledgement of the first.
    http.set_nodelay(true);
    tls_over(peer, TrackLayer::new().layer(http))
}

/// TLS that trusts the peer, and the tap above it.
pub fn tls_over(peer: &Peer, tracked: Track<HttpConnector>) -> Connector {
    let tls = hyper_rustls::HttpsConnectorBuilder::new()
        .with_tls_config(peer.client_config())
        .https_or_http()
        .enable_http1()
        .wrap_connector(tracked);
    TrackLayer::above_tls().layer(tls)
}

/// hyper-util's client over tracked connections; `B` is the body before it is made replayable.
pub struct Subject<B = Full<Bytes>> {
    pub raw: Client<Connector, ReplayBody<B>>,
    policy: RetryPolicy,
}

pub fn policy() -> RetryPolicy {
    RetryPolicy::builder().no_budget().build().unwrap()
}

impl<B> Subject<B>
where
    B: http_body::Body + Send + Unpin + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    pub fn new(peer: &Peer, policy: RetryPolicy) -> Self {
        let raw = Client::builder(TokioExecutor::new()).build(connector(peer));
        Self::over(raw, policy)
    }

    pub fn over(raw: Client<Connector, ReplayBody<B>>, policy: RetryPolicy) -> Self {
        Self { raw, policy }
    }

    pub async fn send(&self, request: Request<B>) -> Result<Response<Incoming>, Error> {
        let attest = Attest::new(self.raw.clone());
        let mut client = ReplayLayer::new(self.policy.clone()).layer(attest);
        client.ready().await?.call(request).await
    }

    /// An exchange without the adapter.
    pub async fn send_raw(&self, request: Request<B>) {
        let response = self.raw.request(request.map(ReplayBody::once)).await;
        response.unwrap().into_body().collect().await.unwrap();
    }

    /// Two exchanges, after which the counters are calibrated and the gate is not armed.
    pub async fn get_past_the_gate(&self, peer: &Peer, body: impl Fn() -> B) {
        for path in ["/1", "/2"] {
            let response = self.send(get(peer, path, body())).await.unwrap();
            response.into_body().collect().await.unwrap();
            settle().await;
        }
        self.send_raw(get(peer, "/3", body())).await;
        settle().await;
        assert_eq!(peer.connections(), 1);
    }
}

/// A connection whose request had a body comes back to the pool by a task of its own.
pub async fn settle() {
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
}

pub fn get<B>(peer: &Peer, path: &str, body: B) -> Request<B> {
    Request::get(peer.url(path)).body(body).unwrap()
}

pub fn post<B>(peer: &Peer, path: &str, body: B) -> Request<B> {
    Request::post(peer.url(path)).body(body).unwrap()
}

/// Blocks this thread, and with it the runtime, until the kernel has the peer's FIN on its one connection to `peer`.
pub fn block_until_half_closed(peer: &Peer) {
    kernel::block_until("the FIN", || kernel::half_closed(peer.addr()) > 0);
}

/// Blocks until the peer's program has closed a connection that it had half-closed before.
pub fn block_until_closed_by(peer: &Peer) {
    kernel::block_until("the close", || kernel::given_up(peer.addr()) > 0);
}
