//! This crate's replay layer around hyper-util's pooled client, in the one call that the README shows.

use std::net::SocketAddr;

use http::{Request, Uri};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tower::{Service, ServiceExt};
use unstale::RetryPolicy;
use unstale::conn::Track;
use unstale::stack::{self, ReplayClient};

use super::{Contestant, Outcome, RequestBody, read_to_end};

pub(crate) struct OverHttp {
    client: ReplayClient<Track<HttpConnector>, RequestBody>,
}

impl Contestant for OverHttp {
    type Url = Uri;

    fn url(text: &str) -> Outcome<Uri> {
        Ok(text.parse()?)
    }

    async fn start(_: SocketAddr) -> Outcome<Self> {
        let builder = Client::builder(TokioExecutor::new());
        let client = stack::over_http(&builder, HttpConnector::new(), RetryPolicy::default());
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
