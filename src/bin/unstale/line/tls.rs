//! TLS by rustls: what is trusted, and which protocols are offered.
//!
//! Apart because a probe in cleartext has no use for it: what the platform trusts is read with the first handshake.
//! Invariant: no certificate is accepted that would not be by a client.

use std::path::Path;
use std::sync::{Arc, OnceLock};

use rustls::ClientConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::connection::Protocol;
use crate::failure::Failure;

/// What is trusted.
#[derive(Debug)]
pub(crate) struct Roots {
    extra: Vec<CertificateDer<'static>>,
    config: OnceLock<ClientConfig>,
}

impl Roots {
    /// What the platform trusts, and the certificates of a PEM file.
    pub(crate) fn with(file: Option<&Path>) -> Result<Self, Failure> {
        let mut extra = Vec::new();
        if let Some(path) = file {
            let unreadable = |why: String| Failure::File {
                act: "read certificates from",
                path: path.to_owned(),
                why,
            };
            let read = CertificateDer::pem_file_iter(path).and_then(Iterator::collect);
            extra = read.map_err(|error| unreadable(error.to_string()))?;
            if extra.is_empty() {
                return Err(unreadable("there is none in it".to_owned()));
            }
        }
        Ok(Self {
            extra,
            config: OnceLock::new(),
        })
    }

    /// Speaks TLS on a connection; and which of the offered protocols the server took.
    pub(super) async fn handshake(
        &self,
        host: &str,
        tcp: TcpStream,
        offer: &[Protocol],
    ) -> Result<(TlsStream<TcpStream>, Option<Protocol>), String> {
        let name = ServerName::try_from(host.to_owned()).map_err(|error| error.to_string())?;
        let mut config = if let Some(config) = self.config.get() {
            config.clone()
        } else {
            let made = self.make().map_err(|error| error.to_string())?;
            self.config.get_or_init(|| made).clone()
        };
        let named = offer.iter().map(|protocol| protocol.alpn().to_vec());
        config.alpn_protocols = named.collect();
        // Every handshake in full: what is resumed may be another process's ticket, and no trial depends on another.
        config.resumption = rustls::client::Resumption::disabled();
        let connecting = TlsConnector::from(Arc::new(config)).connect(name, tcp);
        let stream = connecting.await.map_err(|error| error.to_string())?;
        let chosen = stream.get_ref().1.alpn_protocol();
        let chosen = offer
            .iter()
            .find(|protocol| Some(protocol.alpn()) == chosen);
        let chosen = chosen.copied();
        Ok((stream, chosen))
    }

    fn make(&self) -> Result<ClientConfig, rustls::Error> {
        // Named, so that it does not depend on what the process has for a default.
        let provider = Arc::new(ring::default_provider());
        let verifier = rustls_platform_verifier::Verifier::new_with_extra_roots(
            self.extra.iter().cloned(),
            Arc::clone(&provider),
        )?;
        let config = ClientConfig::builder_with_provider(provider);
        let config = config.with_safe_default_protocol_versions()?;
        let config = config
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier));
        Ok(config.with_no_client_auth())
    }
}
