//! TLS by rustls: the taps go on both sides of it.
//!
//! The configuration is made when the first connection wants it: reading what the platform trusts takes a while, and who
//! speaks cleartext alone need not have it.

use std::sync::{Arc, OnceLock};

use http::Uri;
use hyper::rt::{Read, Write};
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::connect::proxy::Tunnel;
use hyper_util::client::legacy::connect::{Connection, HttpConnector};
use rustls::client::WantsClientCert;
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, ConfigBuilder, RootCertStore};
use tower_layer::Layer;
use tower_service::Service;

use super::stage::Stage;
use super::{BoxError, connect};
use crate::client::pooled::{Handshake, Unconnected};
use crate::conn::{Track, TrackLayer};
use crate::evidence::ConnectFailure;
use crate::keepalive::Prevention;
use crate::pool::{Dialed, Route, Speaks};

type Identity = (Vec<CertificateDer<'static>>, Arc<PrivateKeyDer<'static>>);

/// What is trusted, and what is shown.
#[derive(Clone, Debug)]
pub(crate) struct TlsSettings {
    pub(crate) platform_roots: bool,
    pub(crate) roots: Vec<CertificateDer<'static>>,
    pub(crate) identity: Option<Identity>,
    /// The caller's own, instead of the others.
    pub(crate) config: Option<ClientConfig>,
}

impl Default for TlsSettings {
    fn default() -> Self {
        Self {
            platform_roots: true,
            roots: Vec::new(),
            identity: None,
            config: None,
        }
    }
}

/// TLS for connections.
#[derive(Debug)]
pub(super) struct Tls {
    settings: TlsSettings,
    speaks: Speaks,
    config: OnceLock<Arc<ClientConfig>>,
}

impl Tls {
    pub(super) fn new(settings: TlsSettings, speaks: Speaks) -> Self {
        Self {
            settings,
            speaks,
            config: OnceLock::new(),
        }
    }

    /// Opens a connection to the origin of `route`, by its proxy if there is one.
    pub(super) async fn open(
        &self,
        tcp: Track<HttpConnector>,
        route: &Route,
        handshake: Handshake<'_>,
    ) -> Result<Dialed, BoxError> {
        let config = self.config()?;
        let uri = route.uri.clone();
        let Some(proxy) = &route.by_proxy else {
            return over(Stage::new(tcp, Unconnected::by_tcp), config, uri, handshake).await;
        };
        let mut tunnel = Tunnel::new(proxy.uri.clone(), tcp);
        if let Some(authorization) = &proxy.authorization {
            tunnel = tunnel.with_auth(authorization.clone());
        }
        let no_tunnel = |error| Unconnected::new(ConnectFailure::Proxy, error).into();
        over(Stage::new(tunnel, no_tunnel), config, uri, handshake).await
    }

    fn config(&self) -> Result<Arc<ClientConfig>, BoxError> {
        if let Some(config) = self.config.get() {
            return Ok(Arc::clone(config));
        }
        let mut config = match &self.settings.config {
            Some(config) => config.clone(),
            None => self.settings.make()?,
        };
        config.enable_early_data = false;
        config.alpn_protocols = match self.speaks {
            Speaks::Http1 => vec![b"http/1.1".to_vec()],
            #[cfg(feature = "http2")]
            Speaks::Http2 => vec![b"h2".to_vec()],
            #[cfg(feature = "http2")]
            Speaks::Negotiated => vec![b"h2".to_vec(), b"http/1.1".to_vec()],
        };
        // Whoever came first; they are the same.
        Ok(Arc::clone(self.config.get_or_init(|| Arc::new(config))))
    }
}

/// Speaks TLS on what `below` connects, and the protocol's preface on top.
async fn over<C>(
    below: Stage<C>,
    config: Arc<ClientConfig>,
    uri: Uri,
    handshake: Handshake<'_>,
) -> Result<Dialed, BoxError>
where
    C: Service<Uri, Error: Into<BoxError>, Future: Send + 'static> + Send,
    C::Response: Connection + Read + Write + Unpin + Send + 'static,
{
    let tap = TrackLayer::above_tls().prevention(&Prevention::off());
    let mut connector = tap.layer(HttpsConnector::from((below, config)));
    let io = connect(&mut connector, uri).await.map_err(by_tls)?;
    handshake.on(io).await
}

/// What did not fail below TLS failed in it.
fn by_tls(error: BoxError) -> BoxError {
    if error.is::<Unconnected>() {
        return error;
    }
    Unconnected::new(ConnectFailure::Tls, error).into()
}

impl TlsSettings {
    fn make(&self) -> Result<ClientConfig, BoxError> {
        let config = self.trusting()?;
        Ok(match &self.identity {
            Some((chain, key)) => config.with_client_auth_cert(chain.clone(), key.clone_key())?,
            None => config.with_no_client_auth(),
        })
    }

    fn trusting(&self) -> Result<ConfigBuilder<ClientConfig, WantsClientCert>, BoxError> {
        // Named, so that it does not depend on what the process has for a default.
        let provider = Arc::new(ring::default_provider());
        let config = ClientConfig::builder_with_provider(Arc::clone(&provider));
        let config = config.with_safe_default_protocol_versions()?;
        if self.platform_roots {
            let roots = self.roots.iter().cloned();
            let verifier =
                rustls_platform_verifier::Verifier::new_with_extra_roots(roots, provider)?;
            let config = config.dangerous();
            return Ok(config.with_custom_certificate_verifier(Arc::new(verifier)));
        }
        let mut roots = RootCertStore::empty();
        for root in &self.roots {
            roots.add(root.clone())?;
        }
        Ok(config.with_root_certificates(roots))
    }
}
