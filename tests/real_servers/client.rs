//! The clients under load: the one of this crate, and hyper-util's own for comparison.
//!
//! Each value has a pool of its own.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;
use rustls::{ClientConfig, RootCertStore, pki_types::CertificateDer};
use tokio::time::timeout;
use tower::ServiceExt;
use tower::util::BoxCloneService;
use unstale::evidence::{Delivery, Evidence};
use unstale::verdict::Attempt;
use unstale::{Attempts, Error, RetryPolicy, stack};

use super::server::Scheme;

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
    Body(hyper::Error),
    Hangs,
}

impl Failure {
    pub(crate) fn evidence(&self) -> Option<&Evidence> {
        match self {
            Self::Request(error) => error.evidence(),
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

/// The client under test, with the taps on its connections.
///
/// Its budget is off: what it refuses is an allowed error, and here every error counts.
#[derive(Clone, Debug)]
pub(crate) struct UnstaleClient(BoxCloneService<Request<Full<Bytes>>, Response<Incoming>, Error>);

impl UnstaleClient {
    pub(crate) fn trusting(certificate: CertificateDer<'static>, scheme: Scheme) -> Self {
        let policy = RetryPolicy::builder()
            .no_budget()
            .build()
            .expect("nothing in it contradicts itself");
        let builder = Client::builder(TokioExecutor::new());
        Self(match scheme {
            Scheme::Cleartext => {
                BoxCloneService::new(stack::over_http(&builder, HttpConnector::new(), policy))
            }
            Scheme::Tls => {
                let tls = |tracked| tls(certificate, tracked);
                BoxCloneService::new(stack::over_tls(&builder, tcp(), tls, policy))
            }
        })
    }

    pub(crate) async fn send(self, request: Request<Full<Bytes>>) -> Result<Answer, Failure> {
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

/// hyper-util's own client.
#[derive(Clone, Debug)]
pub(crate) struct PlainClient(Client<HttpsConnector<HttpConnector>, Full<Bytes>>);

impl PlainClient {
    pub(crate) fn trusting(certificate: CertificateDer<'static>) -> Self {
        let connector = tls(certificate, tcp());
        Self(Client::builder(TokioExecutor::new()).build(connector))
    }

    pub(crate) async fn send(
        self,
        request: Request<Full<Bytes>>,
    ) -> Result<(), Box<dyn StdError + Send + Sync>> {
        let exchange = async { Ok(read(self.0.request(request).await?).await?) };
        timeout(PATIENCE, exchange).await?
    }
}

/// Reads a response to its end, so that the connection goes back to the pool.
async fn read(response: Response<Incoming>) -> hyper::Result<()> {
    response.into_body().collect().await.map(drop)
}

fn tcp() -> HttpConnector {
    let mut connector = HttpConnector::new();
    connector.enforce_http(false);
    connector
}

fn tls<C>(certificate: CertificateDer<'static>, connector: C) -> HttpsConnector<C> {
    let mut roots = RootCertStore::empty();
    roots
        .add(certificate)
        .expect("a certificate made by rcgen can be trusted");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("ring knows the default versions of TLS")
        .with_root_certificates(roots)
        .with_no_client_auth();
    HttpsConnectorBuilder::new()
        .with_tls_config(config)
        .https_or_http()
        .enable_http1()
        .wrap_connector(connector)
}
