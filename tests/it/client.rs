//! The client under test: hyper-util's, with everything of the library around it.
//!
//! In cleartext one tap is on the socket, over TLS there are two. Boxed, so that a test is written once for both.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response};
use http_body::Frame;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Empty, Full};
use hyper::body::Incoming;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tokio::sync::mpsc;
use tower::util::BoxCloneSyncService;
use unstale::{RetryPolicy, stack};

use crate::peer::{Peer, Tls};

pub type Body = UnsyncBoxBody<Bytes, Infallible>;
pub type Client = BoxCloneSyncService<Request<Body>, Response<Incoming>, unstale::Error>;

/// A client of this peer by the default policy, with the budget off.
pub fn client(peer: &Peer, tls: Tls) -> Client {
    let builder = hyper_util::client::legacy::Client::builder(TokioExecutor::new());
    let policy = RetryPolicy::builder().no_budget().build().unwrap();
    let mut connector = HttpConnector::new();
    if tls == Tls::Off {
        return BoxCloneSyncService::new(stack::over_http(&builder, connector, policy));
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
    BoxCloneSyncService::new(stack::over_tls(&builder, connector, over_tls, policy))
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

struct Stream(mpsc::UnboundedReceiver<Bytes>);

impl http_body::Body for Stream {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let frame = self.0.poll_recv(cx);
        frame.map(|data| data.map(|data| Ok(Frame::data(data))))
    }
}
