//! This crate's own client.

use std::marker::PhantomData;
use std::net::SocketAddr;

use http::{Request, Uri};
use unstale::Client;

use super::{Contestant, NoBody, Outcome, read_to_end};

pub(crate) struct Own<B> {
    client: Client,
    body: PhantomData<fn() -> B>,
}

impl<B: NoBody> Contestant for Own<B> {
    type Url = Uri;

    fn url(text: &str) -> Outcome<Uri> {
        Ok(text.parse()?)
    }

    async fn start(_: SocketAddr) -> Outcome<Self> {
        let client = Client::builder().build()?;
        Ok(Self {
            client,
            body: PhantomData,
        })
    }

    async fn another(&self) -> Outcome<Self> {
        let client = self.client.clone();
        Ok(Self {
            client,
            body: PhantomData,
        })
    }

    async fn get(&mut self, url: &Uri) -> Outcome<()> {
        let request = Request::get(url.clone()).body(B::default())?;
        let response = self.client.request(request).await?;
        read_to_end(response.into_body()).await
    }
}
