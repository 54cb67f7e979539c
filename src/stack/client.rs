//! The client: what a new user takes.

use std::error::Error as StdError;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::{Request, Response, Uri};
use http_body::Body;
use tower_service::Service;

use super::builder::ClientBuilder;
use crate::client::pooled::{self, ResponseBody};
use crate::error::Error;
use crate::policy::RetryPolicy;
use crate::pool::{Connections, Counters, Pool};
use crate::replay::Call;

/// An HTTP client whose caller never sees a stale connection.
///
/// Cheap to clone; all clones share the connections, which are closed when the last of them and of the responses under way
/// is gone. Make one and keep it: a client for each request reuses nothing.
///
/// It is a tower service, always ready: a request waits for its connection by itself. Redirects are not followed, nor
/// cookies kept, nor bodies decompressed; layers around it do that, such as tower-http's.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let shop = "https://shop.example";
/// # use unstale::test_peer::{Peer, Script, Tls};
/// # let peer = Peer::start(Tls::Off, |_| Script::serve_forever());
/// # let shop = format!("http://{}", peer.addr());
/// let client = unstale::Client::new();
/// # let client = unstale::Client::builder().no_proxy().build()?;
/// let response = client.get(format!("{shop}/menu")).await?;
/// println!("{}", response.status());
/// let body = response.into_body().bytes().await?;
/// # assert_eq!(body, "ok");
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Client {
    pool: Arc<Pool>,
    policy: RetryPolicy,
}

/// The future of a request that a [`Client`] sends.
pub struct ResponseFuture {
    // In one box lies all that becomes of the request, so that it is nowhere moved. Of hyper's future, which is part of it, the
    // type has no name.
    call: Pin<Box<dyn Future<Output = Result<Response<ResponseBody>, Error>> + Send>>,
}

impl Client {
    /// A client with every default. Opens nothing, and reads what the environment says of proxies.
    ///
    /// Its requests must be polled within a tokio runtime with its drivers on (`enable_all`, or `#[tokio::main]`).
    ///
    /// # Panics
    ///
    /// Never: the defaults are in order, which a test of the builder holds.
    pub fn new() -> Self {
        Self::builder().build().expect("the defaults are in order")
    }

    /// A client to be set up; `build` makes it.
    pub fn builder() -> ClientBuilder {
        ClientBuilder::new()
    }

    pub(super) fn over(pool: Arc<Pool>, policy: RetryPolicy) -> Self {
        Self { pool, policy }
    }

    /// Sends a GET to an address like `https://example.com/path`: a `&str`, `String` or [`Uri`].
    ///
    /// A status such as 404 is no error.
    ///
    /// # Errors
    ///
    /// If the address is none, or as [`request`](Self::request).
    ///
    /// # Cancel safety
    ///
    /// As [`request`](Self::request); the request is begun by the first poll.
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

    /// Sends a request, and gives the response when its head is there. Its address must be absolute; `Host`, and the framing
    /// of the body, are set if they are not.
    ///
    /// Take a body whose size is known where there is one (`String`, `Vec<u8>` in a `Full`): only what fits the policy's
    /// `replay_limit` (64 KiB) can be sent again.
    ///
    /// Over HTTP/1 the future sends the request and waits for the answer by itself, and no task does it for it: poll it as long
    /// as it is wanted, or drop it. What comes after the head, the response's body and the rest of an upload, flows by itself.
    ///
    /// # Errors
    ///
    /// If no connection could be opened, or the request was lost and is not to be sent again; [`Error`] says what happened to
    /// it, why it was not sent again, and what can be done. A status such as 404 is no error.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future drops the attempt that is under way: its connection is closed if the request may have been
    /// written, and nothing is sent again.
    pub fn request<B>(&self, request: Request<B>) -> ResponseFuture
    where
        B: Body + Send + 'static,
        B::Error: Into<Box<dyn StdError + Send + Sync>>,
    {
        ResponseFuture {
            call: Call::boxed(&self.policy, pooled::over(&self.pool), request),
        }
    }

    /// The connections there are now, like `netstat`: one look at the kernel for each. Prints as a table.
    pub fn connections(&self) -> Connections {
        self.pool.connections()
    }

    /// What was done with connections since the client was made. Prints as a table.
    pub fn counters(&self) -> Counters {
        self.pool.counters()
    }

    /// Closes the client and all of its clones: no request is taken any more, those under way go on; ready when the last
    /// connection is closed. An upload that goes on after its response was read has half a second. What was upgraded, or is a
    /// tunnel, belongs to its holder and is not waited for.
    ///
    /// # Cancel safety
    ///
    /// The client is closed by the first poll; dropped after that, nobody waits.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}

impl Default for Client {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Client {
    // What there is to see of it, `connections` and `counters` show.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counters = self.counters();
        f.debug_struct("Client")
            .field("opened", &counters.opened())
            .field("reused", &counters.reused())
            .finish_non_exhaustive()
    }
}

impl Future for ResponseFuture {
    type Output = Result<Response<ResponseBody>, Error>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.call.as_mut().poll(cx)
    }
}

impl fmt::Debug for ResponseFuture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").finish_non_exhaustive()
    }
}

impl<B> Service<Request<B>> for Client
where
    B: Body + Send + 'static,
    B::Error: Into<Box<dyn StdError + Send + Sync>>,
{
    type Response = Response<ResponseBody>;
    type Error = Error;
    type Future = ResponseFuture;

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
    type Future = ResponseFuture;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        self.request(request)
    }
}
