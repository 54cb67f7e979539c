//! hyper's HTTP/1 connection and nothing around it: the floor under every client that is built on hyper.

use std::net::SocketAddr;

use http::header::{HOST, HeaderValue};
use http::{Request, Uri};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::{Contestant, Outcome, RequestBody, read_to_end};

pub(crate) struct Bare {
    connection: SendRequest<RequestBody>,
    server: SocketAddr,
    host: HeaderValue,
}

impl Contestant for Bare {
    /// The path alone: a connection has no other use for the rest.
    type Url = Uri;

    fn url(text: &str) -> Outcome<Uri> {
        Ok(text.parse::<Uri>()?.path().parse()?)
    }

    async fn start(server: SocketAddr) -> Outcome<Self> {
        let stream = TcpStream::connect(server).await?;
        let (connection, driver) = handshake(TokioIo::new(stream)).await?;
        tokio::spawn(driver);
        Ok(Self {
            connection,
            server,
            host: server.to_string().parse()?,
        })
    }

    async fn another(&self) -> Outcome<Self> {
        Self::start(self.server).await
    }

    async fn get(&mut self, url: &Uri) -> Outcome<()> {
        self.connection.ready().await?;
        let request = Request::get(url.clone()).header(HOST, self.host.clone());
        let response = self
            .connection
            .send_request(request.body(RequestBody::default())?);
        read_to_end(response.await?.into_body()).await
    }
}
