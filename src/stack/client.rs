//! The client: what a new user takes.

use std::error::Error as StdError;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::{Request, Response, Uri};
use http_body::Body;
use tower_service::Service;

use super::builder::ClientBuilder;
use crate::client::pooled::{Pooled, ResponseBody};
use crate::error::Error;
use crate::policy::RetryPolicy;
use crate::pool::{Connections, Counters, Pool};
use crate::replay::{self, Replay};

/// An HTTP client whose caller never sees a stale connection.
///
/// Cheap to clone; all clones share the connections, which are closed when the last of them and of the responses under way
/// is gone.
#[derive(Clone, Debug)]
pub struct Client {
    service: Replay<Pooled>,
}

/// The future of a request that a [`Client`] sends.
pub type ResponseFuture<B> = replay::ResponseFuture<Pooled, B, ResponseBody>;

impl Client {
    /// A client with every default.
    ///
    /// # Panics
    ///
    /// Never: the defaults are in order, which a test of the builder holds.
    ///
    /// Opens nothing; it must be used within a tokio runtime, with its drivers on (`enable_all`).
    pub fn new() -> Self {
        Self::builder().build().expect("the defaults are in order")
    }

    /// A client to be set up.
    pub fn builder() -> ClientBuilder {
        ClientBuilder::new()
    }

    pub(super) fn over(pool: Arc<Pool>, policy: RetryPolicy) -> Self {
        Self {
            service: Replay::new(Pooled::new(pool), policy),
        }
    }

    /// Sends a GET.
    pub async fn get<U>(&self, uri: U) -> Result<Response<ResponseBody>, Error>
    where
        U: TryInto<Uri>,
        U::Error: Into<http::Error>,
    {
        let request = Request::get(uri).body(String::new());
        match request {
            Ok(request) => self.request(request).await,
            Err(error) => Err(Error::invalid_request(error)),
        }
    }

    /// Sends a request.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future drops the attempt that is under way: its connection is closed if the request may have been
    /// written, and nothing is sent again.
    pub fn request<B>(&self, request: Request<B>) -> ResponseFuture<B>
    where
        B: Body + Send + 'static,
        B::Error: Into<Box<dyn StdError + Send + Sync>>,
    {
        self.service.send(request)
    }

    /// The connections there are now, like `netstat`. Prints as a table.
    pub fn connections(&self) -> Connections {
        self.pool().connections()
    }

    /// What was done with connections so far. Prints as a table.
    pub fn counters(&self) -> Counters {
        self.pool().counters()
    }

    /// Closes the client and all of its clones: no request is taken any more, those under way go on; ready when the last
    /// connection is closed.
    ///
    /// # Cancel safety
    ///
    /// The client is closed by the first poll; dropped after that, nobody waits.
    pub async fn close(&self) {
        self.pool().close().await;
    }

    fn pool(&self) -> &Arc<Pool> {
        self.service.inner().pool()
    }
}

impl Default for Client {
    fn default() -> Self {
        Self::new()
    }
}

impl<B> Service<Request<B>> for Client
where
    B: Body + Send + 'static,
    B::Error: Into<Box<dyn StdError + Send + Sync>>,
{
    type Response = Response<ResponseBody>;
    type Error = Error;
    type Future = ResponseFuture<B>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        self.request(request)
    }
}

impl<B> Service<Request<B>> for &Client
where
    B: Body + Send + 'static,
    B::Error: Into<Box<dyn StdError + Send + Sync>>,
{
    type Response = Response<ResponseBody>;
    type Error = Error;
    type Future = ResponseFuture<B>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        self.request(request)
    }
}
