//! The two clients that are compared, as services of one type.

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;
use tower::util::BoxCloneService;
use tower::{Layer, ServiceExt};
use unstale::client::hyper_util::Attest;
use unstale::{ReplayLayer, RetryPolicy, TrackLayer, stack};

use crate::link::Link;

pub(crate) type BoxError = Box<dyn std::error::Error + Send + Sync>;
pub(crate) type AnyClient = BoxCloneService<Request<Full<Bytes>>, Response<Incoming>, BoxError>;

/// Which client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// hyper-util's own, as it is.
    HyperUtil,
    /// The same with this crate around it, under the default policy.
    Unstale,
}

impl Kind {
    pub(crate) const ALL: [Self; 2] = [Self::HyperUtil, Self::Unstale];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::HyperUtil => "hyper-util",
            Self::Unstale => "unstale",
        }
    }

    /// A client as a user would build it.
    pub(crate) fn client(self) -> AnyClient {
        let builder = Client::builder(TokioExecutor::new());
        match self {
            Self::HyperUtil => boxed(builder.build(HttpConnector::new())),
            Self::Unstale => boxed(stack::over_http(
                &builder,
                HttpConnector::new(),
                RetryPolicy::default(),
            )),
        }
    }

    /// A client over a connector of one's own: what [`stack`] does, done by hand.
    pub(crate) fn client_over(self, link: Link) -> AnyClient {
        let builder = Client::builder(TokioExecutor::new());
        match self {
            Self::HyperUtil => boxed(builder.build(link)),
            Self::Unstale => {
                let client = builder.build(TrackLayer::new().layer(link));
                boxed(ReplayLayer::new(RetryPolicy::default()).layer(Attest::new(client)))
            }
        }
    }
}

fn boxed<S>(service: S) -> AnyClient
where
    S: tower::Service<Request<Full<Bytes>>, Response = Response<Incoming>>,
    S: Clone + Send + 'static,
    S::Future: Send,
    S::Error: Into<BoxError>,
{
    BoxCloneService::new(service.map_err(Into::into))
}
