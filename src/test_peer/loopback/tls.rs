//! The peer's TLS settings and its certificate.
//!
//! Apart from the wire because the test needs the client's half of it. Invariant: one self-signed certificate a process and
//! address, for `localhost` and the address, so that one client can speak with several peers.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, Mutex, PoisonError};

use rustls::crypto::ring::default_provider;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ClientConfig, RootCertStore, ServerConfig};

/// Whether the peer speaks TLS, and whether it says good-bye.
///
/// `close_notify` governs every orderly end of a TLS connection: `Fin`, `Close` and the end of a script. `Rst` never sends an
/// alert, `CloseNotify` always does. Over TLS the client is to trust [`Peer::root`](crate::test_peer::Peer::root), or to take
/// [`Peer::client_config`](crate::test_peer::Peer::client_config).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Tls {
    /// Cleartext.
    Off,
    /// TLS 1.2.
    V12 {
        /// Whether an orderly end is said by an alert.
        close_notify: bool,
    },
    /// TLS 1.3.
    V13 {
        /// Whether an orderly end is said by an alert.
        close_notify: bool,
    },
}

impl Tls {
    /// The scheme of a URL.
    pub fn scheme(self) -> &'static str {
        match self {
            Self::Off => "http",
            Self::V12 { .. } | Self::V13 { .. } => "https",
        }
    }

    /// What a connection needs to speak it: the configuration and the `close_notify` setting.
    #[doc(hidden)]
    pub fn server_config(self) -> Option<(Arc<ServerConfig>, bool)> {
        self.server_config_at(Ipv4Addr::LOCALHOST.into())
    }

    /// The same for a peer at another address.
    #[doc(hidden)]
    pub fn server_config_at(self, address: IpAddr) -> Option<(Arc<ServerConfig>, bool)> {
        let (version, close_notify) = match self {
            Self::Off => return None,
            Self::V12 { close_notify } => (&rustls::version::TLS12, close_notify),
            Self::V13 { close_notify } => (&rustls::version::TLS13, close_notify),
        };
        let identity = identity(address);
        let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_protocol_versions(&[version])
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![identity.certificate.clone()], identity.key.clone_key())
            .unwrap();
        Some((Arc::new(config), close_notify))
    }

    /// As [`server_config`](Self::server_config), by ALPN for this protocol and no other.
    #[doc(hidden)]
    pub fn server_config_for(self, protocol: &str) -> Option<(Arc<ServerConfig>, bool)> {
        let (config, close_notify) = self.server_config()?;
        let mut config = Arc::unwrap_or_clone(config);
        config.alpn_protocols = vec![protocol.into()];
        Some((Arc::new(config), close_notify))
    }
}

/// A server's configuration with the peer's certificate, for a server that is none of the scripted ones.
pub fn server_config() -> ServerConfig {
    let (config, _) = Tls::V13 { close_notify: true }.server_config().unwrap();
    Arc::unwrap_or_clone(config)
}

pub fn root() -> CertificateDer<'static> {
    root_at(Ipv4Addr::LOCALHOST.into())
}

/// The certificate of the peers at another address.
pub fn root_at(address: IpAddr) -> CertificateDer<'static> {
    identity(address).certificate.clone()
}

pub fn client_config(root: CertificateDer<'static>) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    roots.add(root).unwrap();
    ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth()
}

#[derive(Debug)]
struct Identity {
    certificate: CertificateDer<'static>,
    key: PrivateKeyDer<'static>,
}

fn identity(address: IpAddr) -> Arc<Identity> {
    static IDENTITIES: Mutex<Option<HashMap<IpAddr, Arc<Identity>>>> = Mutex::new(None);
    let mut identities = IDENTITIES.lock().unwrap_or_else(PoisonError::into_inner);
    let made = identities.get_or_insert_default().entry(address);
    Arc::clone(made.or_insert_with(|| Arc::new(Identity::make(address))))
}

impl Identity {
    fn make(address: IpAddr) -> Self {
        let names = ["localhost".to_owned(), address.to_string()];
        let made = rcgen::generate_simple_self_signed(names).unwrap();
        Self {
            certificate: made.cert.der().clone(),
            key: PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()).into(),
        }
    }
}
