//! This crate's own client.

use std::net::SocketAddr;

use http::{Request, Uri};
use unstale::Client;

use super::{Contestant, Outcome, RequestBody, read_to_end};

pub(crate) struct Own {
    client: Client,
}

impl Contestant for Own {
    type Url = Uri;

    fn url(text: &str) -> Outcome<Uri> {
        Ok(text.parse()?)
    }

    async fn start(_: SocketAddr) -> Outcome<Self> {
        let client = Client::builder().build()?;
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
