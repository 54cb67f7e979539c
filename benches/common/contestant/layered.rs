//! This crate's replay layer around hyper-util's pooled client, put together by hand as the layer's documentation shows it.

use std::net::SocketAddr;

use http::{Request, Uri};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tower::{Layer, Service, ServiceExt};
use unstale::client::hyper_util::Attest;
use unstale::conn::Track;
use unstale::{Replay, ReplayBody, ReplayLayer, RetryPolicy, TrackLayer};

use super::{Contestant, Outcome, RequestBody, read_to_end};

type Tracked = Client<Track<HttpConnector>, ReplayBody<RequestBody>>;

pub(crate) struct Layered {
    client: Replay<Attest<Tracked>>,
}

impl Contestant for Layered {
    type Url = Uri;

    fn url(text: &str) -> Outcome<Uri> {
        Ok(text.parse()?)
    }

    async fn start(_: SocketAddr) -> Outcome<Self> {
        let connector = TrackLayer::new().layer(HttpConnector::new());
        let client = Attest::build(&Client::builder(TokioExecutor::new()), connector);
        let client = ReplayLayer::new(RetryPolicy::default()).layer(client);
        Ok(Self { client })
    }

    async fn another(&self) -> Outcome<Self> {
        let client = self.client.clone();
        Ok(Self { client })
    }

    async fn get(&mut self, url: &Uri) -> Outcome<()> {
        let request = Request::get(url.clone()).body(RequestBody::default())?;
        let response = self.client.ready().await?.call(request).await?;
        read_to_end(response.into_body()).await
    }
}
