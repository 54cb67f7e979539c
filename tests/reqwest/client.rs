//! The clients under test, with the face that the scenarios know: a service of `http`'s types.

#[path = "../it/stream.rs"]
mod stream;

use std::convert::Infallible;
use std::error::Error as StdError;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::combinators::{BoxBody, UnsyncBoxBody};
use http_body_util::{BodyExt, Empty, Full};
use tokio::sync::mpsc;
use tower::ServiceExt;
use tower::util::BoxCloneSyncService;
use unstale::RetryPolicy;
use unstale::reqwest::ClientBuilder;

use crate::peer::{Peer, Tls};

use self::stream::Stream;

/// What reqwest takes is `Sync`.
pub type Body = BoxBody<Bytes, Infallible>;
pub type Answer = UnsyncBoxBody<Bytes, Box<dyn StdError + Send + Sync>>;
pub type Client = BoxCloneSyncService<Request<Body>, Response<Answer>, unstale::Error>;

/// Which evidence the client has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stack {
    /// All that can be had.
    Asking,
    /// The kernel is not asked, as on another system than Linux.
    Blind,
}

impl Stack {
    pub const BOTH: [Self; 2] = [Self::Asking, Self::Blind];

    /// How many attempts have to fail where so many idle connections are dead, and only the kernel knows.
    pub fn attempts_at_the_gate(self, dead: usize) -> usize {
        dead
    }

    /// tokio tasks that a client has while it has connections, besides one for each.
    pub fn tasks(self) -> usize {
        // What closes idle connections in hyper-util's pool.
        1
    }
}

/// reqwest's builder, set up for this peer.
pub fn configured(
    peer: &Peer,
) -> impl FnMut(reqwest::ClientBuilder) -> reqwest::ClientBuilder + use<> {
    let config = peer.client_config();
    move |builder| {
        builder
            .no_proxy()
            .tls_backend_preconfigured(config.clone())
            .http1_only()
    }
}

/// A policy with the budget off.
pub fn policy() -> RetryPolicy {
    RetryPolicy::builder().no_budget().build().unwrap()
}

/// The client of this peer, to be set up further.
pub fn builder(stack: Stack, peer: &Peer) -> ClientBuilder {
    let client = unstale::reqwest::Client::builder(configured(peer));
    client
        .retry_policy(policy())
        .ask_kernel(stack == Stack::Asking)
}

/// The client of this peer.
pub fn ours(peer: &Peer) -> unstale::reqwest::Client {
    builder(Stack::Asking, peer).build().unwrap()
}

/// A client of reqwest's as somebody has made it, with its redirects on.
pub fn given(peer: &Peer) -> unstale::reqwest::Client {
    let client = configured(peer)(reqwest::Client::builder());
    unstale::reqwest::Client::around(client.build().unwrap(), policy())
}

pub fn client(stack: Stack, peer: &Peer, _: Tls) -> Client {
    let client = builder(stack, peer).build().unwrap();
    let send = move |request: Request<Body>| {
        let request = reqwest::Request::try_from(request.map(reqwest::Body::wrap)).unwrap();
        let response = client.execute(request);
        async { response.await.map(answer) }
    };
    BoxCloneSyncService::new(tower::service_fn(send))
}

fn answer(response: reqwest::Response) -> Response<Answer> {
    let response: Response<reqwest::Body> = response.into();
    response.map(|body| body.map_err(Into::into).boxed_unsync())
}

/// The URL of a path by the peer's address: a client that resolved a name might open more than one socket.
pub fn url(peer: &Peer, tls: Tls, path: &str) -> String {
    let scheme = if tls == Tls::Off { "http" } else { "https" };
    format!("{scheme}://{}{path}", peer.addr())
}

pub fn empty() -> Body {
    Empty::new().boxed()
}

pub fn full(bytes: impl Into<Bytes>) -> Body {
    Full::new(bytes.into()).boxed()
}

/// A body of unknown length that yields what is sent into it.
pub fn stream() -> (mpsc::UnboundedSender<Bytes>, Body) {
    let (sender, receiver) = mpsc::unbounded_channel();
    (sender, Stream(receiver).boxed())
}
