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

use http_body::Body;
use hyper_util::client::legacy::connect::{Connect, HttpConnector};
use hyper_util::client::legacy::{Builder, Client};
use tower_layer::Layer;

use crate::body::ReplayBody;
use crate::client::hyper_util::Attest;
use crate::conn::{AboveTls, Track, TrackLayer};
use crate::policy::RetryPolicy;
use crate::replay::{Replay, ReplayLayer};

/// hyper-util's client over the connector `C`, with everything of this crate around it.
pub type ReplayClient<C, B> = Replay<Attest<Client<C, ReplayBody<B>>>>;

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
    ReplayLayer::new(policy).layer(Attest::new(builder.build(connector)))
}
