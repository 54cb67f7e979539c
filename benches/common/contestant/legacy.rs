//! hyper-util's pooled client as its documentation shows it.

use std::net::SocketAddr;

use http::{Request, Uri};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

use super::{Contestant, Outcome, RequestBody, read_to_end};

pub(crate) struct Legacy {
    client: Client<HttpConnector, RequestBody>,
}

impl Contestant for Legacy {
    type Url = Uri;

    fn url(text: &str) -> Outcome<Uri> {
        Ok(text.parse()?)
    }

    async fn start(_: SocketAddr) -> Outcome<Self> {
        let client = Client::builder(TokioExecutor::new()).build(HttpConnector::new());
        Ok(Self { client })
    }

    async fn another(&self) -> Outcome<Self> {
        let client = self.client.clone();
        Ok(Self { client })
    }

    async fn get(&mut self, url: &Uri) -> Outcome<()> {
        let request = Request::get(url.clone()).body(RequestBody::default())?;
        let response = self.client.request(request).await?;
        read_to_end(response.into_body()).await
    }
}
