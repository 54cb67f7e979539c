//! Everything of this crate around hyper-util's client, in one call.
//!
//! ```
//! use hyper_util::client::legacy::{Client, connect::HttpConnector};
//! use hyper_util::rt::TokioExecutor;
//! use unstale::{RetryPolicy, stack};
//! # type Body = http_body_util::Full<bytes::Bytes>;
//!
//! let builder = Client::builder(TokioExecutor::new());
//! let client = stack::over_http(&builder, HttpConnector::new(), RetryPolicy::default());
//! # fn sends<S: tower_service::Service<http::Request<Body>>>(_: S) {}
//! # sends(client);
//! ```

use std::error::Error as StdError;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use http::{Request, Response};
use http_body::Body;
use hyper::body::Incoming;
use hyper_util::client::legacy::connect::{Connect, HttpConnector};
use hyper_util::client::legacy::{Builder, Client};
use tower_layer::Layer;
use tower_service::Service;

use crate::body::ReplayBody;
use crate::client::hyper_util::Attest;
use crate::conn::{AboveTls, Track, TrackLayer};
use crate::error::Error;
use crate::policy::RetryPolicy;
use crate::replay::Call;

type BoxError = Box<dyn StdError + Send + Sync>;

/// hyper-util's client over the connector `C`, with everything of this crate around it.
///
/// Does what [`ReplayLayer`](crate::ReplayLayer) around an [`Attest`] does. As there is nothing between the two, a request costs a
/// little less.
///
/// # Errors
///
/// [`Error`], with the evidence on every attempt.
///
/// # Cancel safety
///
/// A call begins when its future is first polled; dropped before that, nothing was sent. Dropping the future drops the attempt
/// that is under way, as hyper-util does, and leaves nothing behind.
pub struct ReplayClient<C, B> {
    client: Attest<Client<C, ReplayBody<B>>>,
    policy: RetryPolicy,
}

impl<C, B> ReplayClient<C, B> {
    /// The client within.
    pub fn inner(&self) -> &Client<C, ReplayBody<B>> {
        self.client.inner()
    }
}

impl<C, B> Clone for ReplayClient<C, B> {
    fn clone(&self) -> Self {
        Self {
            client: self.client.clone(),
            policy: self.policy.clone(),
        }
    }
}

impl<C, B> fmt::Debug for ReplayClient<C, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReplayClient")
            .field("policy", &self.policy)
            .finish_non_exhaustive()
    }
}

impl<C, B> Service<Request<B>> for ReplayClient<C, B>
where
    C: Connect + Clone + Send + Sync + 'static,
    B: Body + Send + Unpin + 'static,
    B::Error: Into<BoxError>,
{
    type Response = Response<Incoming>;
    type Error = Error;
    type Future = ReplayFuture;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        // hyper-util's client always is.
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        ReplayFuture {
            call: Call::boxed(&self.policy, self.client.clone(), request),
        }
    }
}

/// The future of [`ReplayClient`].
pub struct ReplayFuture {
    call: Pin<Box<dyn Future<Output = Result<Response<Incoming>, Error>> + Send>>,
}

impl Future for ReplayFuture {
    type Output = Result<Response<Incoming>, Error>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.call.as_mut().poll(cx)
    }
}

impl fmt::Debug for ReplayFuture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReplayFuture").finish_non_exhaustive()
    }
}

/// A client in cleartext: `builder` as the caller has set it up, over `connector`, with the taps on its connections.
///
/// With [`Prevention`](crate::Prevention) as it is by default; for another, and to have black holes watched for, put the
/// parts together: [`TrackLayer::prevention`], [`Attest::watching`].
pub fn over_http<B>(
    builder: &Builder,
    connector: HttpConnector,
    policy: RetryPolicy,
) -> ReplayClient<Track<HttpConnector>, B>
where
    B: Body + Send,
    ReplayBody<B>: Body<Data: Send>,
{
    over(builder, TrackLayer::new().layer(connector), policy)
}

/// A client over TLS: `tls` puts the TLS connector on top of the one that opens sockets, and the taps go on both sides.
///
/// `connector` must let `https` through: `connector.enforce_http(false)`.
///
/// ```
/// use hyper_util::client::legacy::{Client, connect::HttpConnector};
/// use hyper_util::rt::TokioExecutor;
/// use unstale::{RetryPolicy, stack};
/// # type Body = http_body_util::Full<bytes::Bytes>;
/// # fn build(config: rustls::ClientConfig) {
///
/// let mut connector = HttpConnector::new();
/// connector.enforce_http(false);
/// let builder = Client::builder(TokioExecutor::new());
/// let client = stack::over_tls(
///     &builder,
///     connector,
///     |tracked| {
///         hyper_rustls::HttpsConnectorBuilder::new()
///             .with_tls_config(config)
///             .https_or_http()
///             .enable_http1()
///             .wrap_connector(tracked)
///     },
///     RetryPolicy::default(),
/// );
/// # fn sends<S: tower_service::Service<http::Request<Body>>>(_: S) {}
/// # sends(client);
/// # }
/// ```
pub fn over_tls<C, B>(
    builder: &Builder,
    connector: HttpConnector,
    tls: impl FnOnce(Track<HttpConnector>) -> C,
    policy: RetryPolicy,
) -> ReplayClient<Track<C, AboveTls>, B>
where
    Track<C, AboveTls>: Connect + Clone,
    B: Body + Send,
    ReplayBody<B>: Body<Data: Send>,
{
    let tracked = TrackLayer::new().layer(connector);
    over(builder, TrackLayer::above_tls().layer(tls(tracked)), policy)
}

fn over<C, B>(builder: &Builder, connector: C, policy: RetryPolicy) -> ReplayClient<C, B>
where
    C: Connect + Clone,
    B: Body + Send,
    ReplayBody<B>: Body<Data: Send>,
{
    let client = Attest::build(builder, connector);
    ReplayClient { client, policy }
}
