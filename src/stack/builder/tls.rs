//! TLS, by rustls with the provider ring. Early data (0-RTT) is never sent: it can be replayed by anybody.

use rustls::ClientConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::ClientBuilder;

impl ClientBuilder {
    /// Trusts this certificate, beside those that the platform trusts.
    #[must_use]
    pub fn add_root_certificate(mut self, certificate: CertificateDer<'static>) -> Self {
        self.tls.roots.push(certificate);
        self
    }

    /// Whether what the platform trusts is trusted. Default: true. Without it only certificates that were
    /// [added](Self::add_root_certificate) are.
    #[must_use]
    pub fn tls_platform_roots(mut self, trusted: bool) -> Self {
        self.tls.platform_roots = trusted;
        self
    }

    /// The certificate that this client shows to servers that ask for one: the chain, its own first, and its key. Default:
    /// none.
    #[must_use]
    pub fn tls_client_certificate(
        mut self,
        chain: Vec<CertificateDer<'static>>,
        key: PrivateKeyDer<'static>,
    ) -> Self {
        self.tls.identity = Some((chain, std::sync::Arc::new(key)));
        self
    }

    /// A configuration of your own, instead of all other settings of TLS. Of it ALPN is set according to what this client
    /// speaks, and early data is switched off.
    #[must_use]
    pub fn tls_config(mut self, config: ClientConfig) -> Self {
        self.tls.config = Some(config);
        self
    }
}
