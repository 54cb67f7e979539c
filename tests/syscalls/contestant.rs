//! The clients that are compared. Each sends one request after the other, over the same connection.

use bytes::Bytes;
use http::{Request, Response, Uri};
use http_body_util::{BodyExt, Empty};
use hyper_rustls::HttpsConnectorBuilder;
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use rustls::pki_types::CertificateDer;
use tower::{Layer, Service, ServiceExt};
use unstale::client::hyper_util::Attest;
use unstale::conn::TrackLayer;
use unstale::{Prevention, ReplayLayer, RetryPolicy};

use crate::peer::loopback::tls;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Contestant {
    /// hyper-util's client as it is.
    Plain,
    /// The same with the taps and the layer around it, in cleartext.
    Layered,
    Client,
}

impl Contestant {
    pub fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Layered => "layered",
            Self::Client => "client",
        }
    }

    pub fn named(name: &str) -> Self {
        let all = [Self::Plain, Self::Layered, Self::Client];
        let found = all.into_iter().find(|one| one.name() == name);
        found.expect("one of the three")
    }

    pub async fn send(self, requests: usize, url: &str, root: CertificateDer<'static>) {
        let uri: Uri = url.parse().unwrap();
        let config = tls::client_config(root);
        let builder = legacy::Client::builder(TokioExecutor::new());
        match self {
            Self::Plain => {
                let mut tcp = HttpConnector::new();
                tcp.enforce_http(false);
                tcp.set_nodelay(true);
                let connector = HttpsConnectorBuilder::new()
                    .with_tls_config(config)
                    .https_or_http()
                    .enable_http1()
                    .wrap_connector(tcp);
                one_by_one(builder.build(connector), requests, &uri).await;
            }
            Self::Layered => {
                let tracked = TrackLayer::new().prevention(&prevention());
                let client = Attest::build(&builder, tracked.layer(HttpConnector::new()));
                let client = ReplayLayer::new(RetryPolicy::default()).layer(client);
                one_by_one(client, requests, &uri).await;
            }
            Self::Client => {
                let client = unstale::Client::builder()
                    .tls_config(config)
                    .prevention(prevention())
                    .build()
                    .unwrap();
                one_by_one(client, requests, &uri).await;
            }
        }
    }
}

/// As it is by default, but for a sleep of the machine: a clock that stands still for more than a second looks like one.
fn prevention() -> Prevention {
    Prevention::default().idle_after_sleep(None)
}

async fn one_by_one<S, B>(mut client: S, requests: usize, uri: &Uri)
where
    S: Service<Request<Empty<Bytes>>, Response = Response<B>>,
    S::Error: std::fmt::Debug,
    B: http_body::Body,
    B::Error: std::fmt::Debug,
{
    for _ in 0..requests {
        let request = Request::get(uri.clone()).body(Empty::new()).unwrap();
        let client = client.ready().await.unwrap();
        let response = client.call(request).await.unwrap();
        response.into_body().collect().await.unwrap();
    }
}
