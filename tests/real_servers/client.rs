//! The clients under load: those of this crate, and hyper-util's own for comparison.
//!
//! Each value has a pool of its own.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::{self, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;
use rustls::{ClientConfig, RootCertStore, pki_types::CertificateDer};
use tokio::time::timeout;
use tower::util::BoxCloneService;
use tower::{Layer, Service, ServiceExt};
use unstale::client::hyper_util::Attest;
use unstale::evidence::{Delivery, Evidence};
use unstale::verdict::{Attempt, Refusal};
use unstale::{
    Attempts, Client, ClientBuilder, Error, Prevention, ReplayLayer, RetryPolicy, TrackLayer,
};

use super::server::Scheme;

type BoxError = Box<dyn StdError + Send + Sync>;

/// The body of a request.
pub(crate) type Body = Full<Bytes>;

type AnswerBody = UnsyncBoxBody<Bytes, BoxError>;

/// How long a request may take before the client is thought to hang.
const PATIENCE: Duration = Duration::from_secs(10);

/// An answer: its status, and the attempts that failed before it.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) attempts: Vec<Attempt>,
}

/// A request that failed.
#[derive(Debug)]
pub(crate) enum Failure {
    Request(Error),
    Body(BoxError),
    Hangs,
}

impl Failure {
    pub(crate) fn evidence(&self) -> Option<&Evidence> {
        match self {
            Self::Request(error) => error.evidence(),
            Self::Body(_) | Self::Hangs => None,
        }
    }

    pub(crate) fn refusal(&self) -> Option<Refusal> {
        match self {
            Self::Request(error) => Some(error.refusal()),
            Self::Body(_) | Self::Hangs => None,
        }
    }

    pub(crate) fn delivery(&self) -> Option<Delivery> {
        self.evidence().map(Evidence::delivery)
    }

    pub(crate) fn attempts(&self) -> &[Attempt] {
        match self {
            Self::Request(error) => error.attempts(),
            Self::Body(_) | Self::Hangs => &[],
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Request(error) => write!(f, "{error}"),
            Self::Body(error) => write!(f, "the response's body failed: {error}"),
            Self::Hangs => write!(f, "no answer for {PATIENCE:?}"),
        }
    }
}

/// A client under test: hyper-util's with the taps and the layer, or this crate's own.
///
/// Its budget is off: what it refuses is an allowed error, and here every error counts.
#[derive(Debug)]
pub(crate) struct UnstaleClient<B = Body>(BoxCloneService<Request<B>, Response<AnswerBody>, Error>);

impl<B> Clone for UnstaleClient<B> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<B> UnstaleClient<B>
where
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    /// hyper-util's. It speaks HTTP/1 alone.
    pub(crate) fn layered(
        certificate: CertificateDer<'static>,
        scheme: Scheme,
        prevention: &Prevention,
    ) -> Self {
        let builder = legacy::Client::builder(TokioExecutor::new());
        let replays = ReplayLayer::new(policy());
        let tracked = TrackLayer::new().prevention(prevention).layer(tcp());
        if scheme.is_tls() {
            let above = TrackLayer::above_tls().prevention(prevention);
            let client = builder.build(above.layer(tls(certificate, tracked)));
            Self::erased(replays.layer(Attest::new(client)))
        } else {
            Self::erased(replays.layer(Attest::new(builder.build(tracked))))
        }
    }

    /// Any.
    pub(crate) fn of(client: Client) -> Self {
        Self::erased(client)
    }

    fn erased<S, A>(client: S) -> Self
    where
        S: Service<Request<B>, Response = Response<A>, Error = Error> + Clone + Send + 'static,
        S::Future: Send + 'static,
        A: http_body::Body<Data = Bytes> + Send + 'static,
        A::Error: Into<BoxError>,
    {
        let erase =
            |response: Response<A>| response.map(|body| body.map_err(Into::into).boxed_unsync());
        Self(BoxCloneService::new(client.map_response(erase)))
    }

    pub(crate) async fn send(self, request: Request<B>) -> Result<Answer, Failure> {
        let exchange = async {
            let response = self.0.oneshot(request).await.map_err(Failure::Request)?;
            let status = response.status();
            let attempts = Attempts::of(&response).to_vec();
            read(response).await.map_err(Failure::Body)?;
            Ok(Answer { status, attempts })
        };
        let answer = timeout(PATIENCE, exchange).await;
        answer.unwrap_or(Err(Failure::Hangs))
    }
}

/// This crate's own client, for one way into a server.
pub(crate) fn pooled(certificate: CertificateDer<'static>, scheme: Scheme) -> Client {
    pooled_with(certificate, scheme, Prevention::default())
}

/// The same, with this prevention.
pub(crate) fn pooled_with(
    certificate: CertificateDer<'static>,
    scheme: Scheme,
    prevention: Prevention,
) -> Client {
    let client = pooled_builder(certificate, scheme).prevention(prevention);
    client.build().expect("nothing in it contradicts itself")
}

/// The same, to be set up further.
pub(crate) fn pooled_builder(
    certificate: CertificateDer<'static>,
    scheme: Scheme,
) -> ClientBuilder {
    let builder = Client::builder()
        .retry_policy(policy())
        .tls_config(tls_config(certificate))
        .no_proxy();
    match scheme {
        Scheme::Tls => builder.http1_only(),
        Scheme::Http2 => builder.http2_prior_knowledge(),
        // By ALPN the second: the server offers nothing but HTTP/2 there.
        Scheme::Cleartext | Scheme::Http2Tls => builder,
    }
}

fn policy() -> RetryPolicy {
    let policy = RetryPolicy::builder().no_budget();
    policy.build().expect("nothing in it contradicts itself")
}

/// hyper-util's own client.
#[derive(Clone, Debug)]
pub(crate) struct PlainClient(legacy::Client<HttpsConnector<HttpConnector>, Body>);

impl PlainClient {
    pub(crate) fn trusting(certificate: CertificateDer<'static>) -> Self {
        let connector = tls(certificate, tcp());
        Self(legacy::Client::builder(TokioExecutor::new()).build(connector))
    }

    pub(crate) async fn send(self, request: Request<Body>) -> Result<(), BoxError> {
        let exchange = async { Ok(read(self.0.request(request).await?).await?) };
        timeout(PATIENCE, exchange).await?
    }
}

/// Reads a response to its end, so that the connection goes back to the pool.
async fn read<B: http_body::Body>(response: Response<B>) -> Result<(), B::Error> {
    response.into_body().collect().await.map(drop)
}

fn tcp() -> HttpConnector {
    let mut connector = HttpConnector::new();
    connector.enforce_http(false);
    connector.set_nodelay(true);
    connector
}

fn tls<C>(certificate: CertificateDer<'static>, connector: C) -> HttpsConnector<C> {
    let config = tls_config(certificate);
    HttpsConnectorBuilder::new()
        .with_tls_config(config)
        .https_or_http()
        .enable_http1()
        .wrap_connector(connector)
}

/// Trusts one certificate; offers no ALPN yet.
pub(crate) fn tls_config(certificate: CertificateDer<'static>) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    roots
        .add(certificate)
        .expect("a certificate made by rcgen can be trusted");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("ring knows the default versions of TLS")
        .with_root_certificates(roots)
        .with_no_client_auth()
}
