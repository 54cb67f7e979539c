//! The clients of the plays, and a request whose client would write more after the peer's end.
//!
//! Over TLS that is a `close_notify`, which hyper writes when it has seen the end. In cleartext it is the rest of a body, which
//! falls due while the fate of the first piece is looked at.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body::{Frame, SizeHint};
use http_body_util::BodyExt;
use http_body_util::combinators::UnsyncBoxBody;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use rustls::ClientConfig;
use tokio::time::{Sleep, sleep};
use unstale::{Client, RetryPolicy, stack};

use super::case::{BODY, FIRST_PIECE, RECORD};
use crate::client::tls_config;
use crate::stacks::{self, Stack};

/// Who sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sender {
    Ours(Stack),
    /// reqwest, whose connections nobody can freeze.
    AroundReqwest,
}

/// A client of the default settings, for one play: its pool has one connection at most.
pub fn client(
    sender: Sender,
    certificate: rustls::pki_types::CertificateDer<'static>,
    policy: RetryPolicy,
) -> stacks::Client {
    let mut config = tls_config(certificate);
    config.max_fragment_size = Some(RECORD);
    match sender {
        Sender::AroundReqwest => around_reqwest(&config, policy),
        Sender::Ours(Stack::Layered) => layered(config, policy),
        Sender::Ours(Stack::Pooled) => {
            let builder = Client::builder().retry_policy(policy).no_proxy();
            stacks::boxed(builder.tls_config(config).http1_only().build().unwrap())
        }
    }
}

fn around_reqwest(config: &ClientConfig, policy: RetryPolicy) -> stacks::Client {
    let client = unstale::reqwest::Client::builder(|builder| {
        let builder = builder.no_proxy().http1_only();
        builder.tls_backend_preconfigured(config.clone())
    });
    let client = client.retry_policy(policy).build().unwrap();
    let send = move |request: Request<stacks::Body>| {
        let client = client.clone();
        async move {
            let (head, body) = request.into_parts();
            // Whole: in pieces nothing is to be proved of it.
            let body = body.collect().await.unwrap().to_bytes();
            let request = Request::from_parts(head, body).try_into().unwrap();
            let response: Response<reqwest::Body> = client.execute(request).await?.into();
            Ok(response.map(|body| body.map_err(Into::into).boxed_unsync()))
        }
    };
    stacks::Client::new(tower::service_fn(send))
}

fn layered(config: ClientConfig, policy: RetryPolicy) -> stacks::Client {
    let builder = hyper_util::client::legacy::Client::builder(TokioExecutor::new());
    let mut connector = HttpConnector::new();
    connector.enforce_http(false);
    connector.set_nodelay(true);
    let over_tls = |tracked| {
        hyper_rustls::HttpsConnectorBuilder::new()
            .with_tls_config(config)
            .https_or_http()
            .enable_http1()
            .wrap_connector(tracked)
    };
    stacks::boxed(stack::over_tls(&builder, connector, over_tls, policy))
}

/// A POST whose body is there at once, or the first piece of it, and the rest after so long.
pub fn post(url: &str, rest_after: Option<Duration>) -> Request<stacks::Body> {
    let body = rest_after.map_or_else(
        || stacks::full(vec![b'x'; BODY]),
        |time| InTwoPieces::new(time).boxed_unsync(),
    );
    Request::post(url).body(body).unwrap()
}

/// Its length is known, so it needs no room of unknown size to be kept for a replay.
struct InTwoPieces {
    rest_due: Pin<Box<Sleep>>,
    left: usize,
}

impl InTwoPieces {
    fn new(rest_after: Duration) -> Self {
        Self {
            rest_due: Box::pin(sleep(rest_after)),
            left: BODY,
        }
    }
}

impl http_body::Body for InTwoPieces {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let piece = match self.left {
            0 => return Poll::Ready(None),
            BODY => FIRST_PIECE,
            left => {
                std::task::ready!(self.rest_due.as_mut().poll(cx));
                left
            }
        };
        self.left -= piece;
        Poll::Ready(Some(Ok(Frame::data(vec![b'x'; piece].into()))))
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left as u64)
    }
}
