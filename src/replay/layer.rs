//! The layer.

use tower_layer::Layer;

use super::Replay;
use crate::policy::RetryPolicy;

/// Sends requests again that died of a stale connection, as far as a policy allows.
///
/// Goes directly around the client, inside of whatever sends more than one request for a call (redirects,
/// authentication, other retries):
///
#[cfg_attr(feature = "hyper-util", doc = "```")]
#[cfg_attr(not(feature = "hyper-util"), doc = "```ignore")]
/// use hyper_util::client::legacy::{Client, connect::HttpConnector};
/// use hyper_util::rt::TokioExecutor;
/// use tower_layer::Layer;
/// use unstale::client::hyper_util::Attest;
/// use unstale::{ReplayBody, ReplayLayer, RetryPolicy, TrackLayer};
/// # type Body = http_body_util::Full<bytes::Bytes>;
///
/// let connector = TrackLayer::new().layer(HttpConnector::new());
/// let client = Attest::build(&Client::builder(TokioExecutor::new()), connector);
/// let client = ReplayLayer::new(RetryPolicy::default()).layer(client);
/// # fn sends<S: tower_service::Service<http::Request<Body>>>(_: S) {}
/// # sends(client);
/// ```
#[derive(Clone, Debug, Default)]
pub struct ReplayLayer {
    policy: RetryPolicy,
}

impl ReplayLayer {
    /// A layer that acts by this policy. Everything it makes shares the policy's budget.
    pub fn new(policy: RetryPolicy) -> Self {
        Self { policy }
    }
}

impl<S> Layer<S> for ReplayLayer {
    type Service = Replay<S>;

    fn layer(&self, service: S) -> Self::Service {
        Replay::new(service, self.policy.clone())
    }
}
