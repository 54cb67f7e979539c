//! What a connection is known by: its two addresses, and where requests on it go.

use std::net::SocketAddr;

use http::uri::{Authority, Scheme};
use http::{Extensions, Uri};
use hyper_util::client::legacy::connect::{Connected, HttpInfo};

/// The addresses of a connection: ours and the peer's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::client::reqwest) struct Pair {
    pub(super) local: SocketAddr,
    pub(super) remote: SocketAddr,
}

impl Pair {
    /// The pair that stands in a response's extensions; `None` of what is no TCP.
    pub(super) fn of(extensions: &Extensions) -> Option<Self> {
        extensions.get().map(|info: &HttpInfo| Self {
            local: info.local_addr(),
            remote: info.remote_addr(),
        })
    }

    /// The pair of a connection that hyper-util tells about.
    pub(in crate::client::reqwest) fn connected(connected: &Connected) -> Option<Self> {
        let mut extensions = Extensions::new();
        connected.get_extras(&mut extensions);
        Self::of(&extensions)
    }
}

/// Where requests go, as reqwest's pool tells it apart.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(in crate::client::reqwest) struct Origin {
    scheme: Scheme,
    authority: Authority,
}

impl Origin {
    pub(in crate::client::reqwest) fn of(uri: &Uri) -> Option<Self> {
        Some(Self {
            scheme: uri.scheme()?.clone(),
            authority: uri.authority()?.clone(),
        })
    }

    /// Whether what goes there is not encrypted.
    pub(in crate::client::reqwest) fn is_cleartext(&self) -> bool {
        self.scheme == Scheme::HTTP
    }
}
