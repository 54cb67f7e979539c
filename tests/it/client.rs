//! The clients under test: hyper-util's with everything of the library around it, and the library's own.
//!
//! In cleartext one tap is on the socket, over TLS there are two. Boxed, so that a test is written once for all.

#[path = "stream.rs"]
mod stream;

use std::convert::Infallible;
use std::error::Error as StdError;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Empty, Full};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tokio::sync::mpsc;
use tower::util::BoxCloneSyncService;
use tower::{Service, ServiceExt};
use unstale::policy::RetryPolicyBuilder;
use unstale::{RetryPolicy, stack};

use crate::peer::{Peer, Tls};

use self::stream::Stream;

pub type Body = UnsyncBoxBody<Bytes, Infallible>;
/// The body of a response, whichever client it came from.
pub type Answer = UnsyncBoxBody<Bytes, Box<dyn StdError + Send + Sync>>;
pub type Client = BoxCloneSyncService<Request<Body>, Response<Answer>, unstale::Error>;

/// Which client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stack {
    /// hyper-util's, with the taps and the layer around it.
    Layered,
    /// `unstale::Client`.
    Pooled,
}

impl Stack {
    pub const BOTH: [Self; 2] = [Self::Layered, Self::Pooled];

    /// How many attempts have to fail where so many idle connections are dead, and only the kernel knows.
    pub fn attempts_at_the_gate(self, dead: usize) -> usize {
        match self {
            Self::Layered => dead,
            Self::Pooled => 0,
        }
    }

    /// tokio tasks that a client has while it has connections, besides one for each.
    pub fn tasks(self) -> usize {
        match self {
            Self::Layered => 0,
            // The sweeper.
            Self::Pooled => 1,
        }
    }
}

/// A client of this peer by the default policy, with the budget off.
pub fn client(stack: Stack, peer: &Peer, tls: Tls) -> Client {
    client_by(RetryPolicy::builder(), stack, peer, tls)
}

/// A client of this peer by a policy, with the budget off.
pub fn client_by(policy: RetryPolicyBuilder, stack: Stack, peer: &Peer, tls: Tls) -> Client {
    let policy = policy.no_budget().build().unwrap();
    match stack {
        Stack::Layered => layered(peer, tls, policy),
        Stack::Pooled => boxed(pooled(peer).retry_policy(policy).build().unwrap()),
    }
}

/// The library's own client for this peer, to be set up further: HTTP/1, the default policy, the budget off.
pub fn pooled(peer: &Peer) -> unstale::ClientBuilder {
    let policy = RetryPolicy::builder().no_budget().build().unwrap();
    let client = unstale::Client::builder().retry_policy(policy);
    client.tls_config(peer.client_config()).http1_only()
}

/// Forgets what kind of client it is.
pub fn boxed<S, B>(client: S) -> Client
where
    S: Service<Request<Body>, Response = Response<B>, Error = unstale::Error>,
    S: Clone + Send + Sync + 'static,
    S::Future: Send + 'static,
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn StdError + Send + Sync>>,
{
    let erase =
        |response: Response<B>| response.map(|body| body.map_err(Into::into).boxed_unsync());
    BoxCloneSyncService::new(client.map_response(erase))
}

fn layered(peer: &Peer, tls: Tls, policy: RetryPolicy) -> Client {
    let builder = hyper_util::client::legacy::Client::builder(TokioExecutor::new());
    let mut connector = HttpConnector::new();
    if tls == Tls::Off {
        return boxed(stack::over_http(&builder, connector, policy));
    }
    connector.enforce_http(false);
    let config = peer.client_config();
    let over_tls = |tracked| {
        hyper_rustls::HttpsConnectorBuilder::new()
            .with_tls_config(config)
            .https_only()
            .enable_http1()
            .wrap_connector(tracked)
    };
    boxed(stack::over_tls(&builder, connector, over_tls, policy))
}

/// The URL of a path by the peer's address: a client that resolved a name might open more than one socket.
pub fn url(peer: &Peer, tls: Tls, path: &str) -> String {
    let scheme = if tls == Tls::Off { "http" } else { "https" };
    format!("{scheme}://{}{path}", peer.addr())
}

pub fn empty() -> Body {
    Empty::new().boxed_unsync()
}

pub fn full(bytes: impl Into<Bytes>) -> Body {
    Full::new(bytes.into()).boxed_unsync()
}

/// A body of unknown length that yields what is sent into it.
pub fn stream() -> (mpsc::UnboundedSender<Bytes>, Body) {
    let (sender, receiver) = mpsc::unbounded_channel();
    (sender, Stream(receiver).boxed_unsync())
}
