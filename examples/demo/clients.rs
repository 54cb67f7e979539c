//! The clients that are compared, as services of one type.

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;
use tower::util::BoxCloneService;
use tower::{Layer, ServiceExt};
use unstale::client::hyper_util::Attest;
use unstale::{ReplayLayer, RetryPolicy, TrackLayer, stack};

use crate::link::Link;

pub(crate) type BoxError = Box<dyn std::error::Error + Send + Sync>;
pub(crate) type AnyClient = BoxCloneService<Request<Full<Bytes>>, Response<Answer>, BoxError>;
/// The body of a response, whichever client it came from.
pub(crate) type Answer = UnsyncBoxBody<Bytes, BoxError>;

/// Which client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// hyper-util's own, as it is.
    HyperUtil,
    /// The same with this crate around it, under the default policy.
    Layered,
    /// This crate's own, with every default.
    Client,
}

impl Kind {
    pub(crate) const ALL: [Self; 3] = [Self::HyperUtil, Self::Layered, Self::Client];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::HyperUtil => "hyper-util",
            Self::Layered => "ReplayLayer",
            Self::Client => "Client",
        }
    }

    /// Whether the rule must hold for it.
    pub(crate) fn is_ours(self) -> bool {
        self != Self::HyperUtil
    }

    /// A client as a user would build it.
    pub(crate) fn client(self) -> AnyClient {
        let builder = Client::builder(TokioExecutor::new());
        match self {
            Self::HyperUtil => boxed(builder.build(HttpConnector::new())),
            Self::Layered => boxed(stack::over_http(
                &builder,
                HttpConnector::new(),
                RetryPolicy::default(),
            )),
            Self::Client => boxed(unstale::Client::new()),
        }
    }

    /// A client over a connector of one's own: what [`stack`] does, done by hand.
    pub(crate) fn client_over(self, link: Link) -> Result<AnyClient, BoxError> {
        let builder = Client::builder(TokioExecutor::new());
        Ok(match self {
            Self::HyperUtil => boxed(builder.build(link)),
            Self::Layered => {
                let client = Attest::build(&builder, TrackLayer::new().layer(link));
                boxed(ReplayLayer::new(RetryPolicy::default()).layer(client))
            }
            Self::Client => {
                let tracked = TrackLayer::new().layer(link);
                boxed(unstale::Client::builder().connector(tracked).build()?)
            }
        })
    }
}

fn boxed<S, R>(service: S) -> AnyClient
where
    S: tower::Service<Request<Full<Bytes>>, Response = Response<R>>,
    S: Clone + Send + 'static,
    S::Future: Send,
    S::Error: Into<BoxError>,
    R: Body<Data = Bytes> + Send + 'static,
    R::Error: Into<BoxError>,
{
    let erase =
        |response: Response<R>| response.map(|body| body.map_err(Into::into).boxed_unsync());
    BoxCloneService::new(service.map_response(erase).map_err(Into::into))
}
