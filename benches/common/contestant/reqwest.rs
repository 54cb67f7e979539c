//! reqwest without its features: what most programs send requests with.

use std::net::SocketAddr;

use reqwest::{Client, Url};

use super::{Contestant, Outcome, must_be_the_answer};

pub(crate) struct Reqwest {
    client: Client,
}

impl Contestant for Reqwest {
    type Url = Url;

    fn url(text: &str) -> Outcome<Url> {
        Ok(text.parse()?)
    }

    async fn start(_: SocketAddr) -> Outcome<Self> {
        // A proxy in the environment would be measured instead of the server.
        let client = Client::builder().no_proxy().build()?;
        Ok(Self { client })
    }

    async fn another(&self) -> Outcome<Self> {
        let client = self.client.clone();
        Ok(Self { client })
    }

    async fn get(&mut self, url: &Url) -> Outcome<()> {
        let mut response = self.client.get(url.clone()).send().await?;
        let mut length = 0;
        while let Some(chunk) = response.chunk().await? {
            length += chunk.len();
        }
        must_be_the_answer(length)
    }
}
