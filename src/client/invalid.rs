//! Requests that cannot be sent as they are.

use http::uri::Authority;
use http::{Method, Request, Uri, Version};

/// A request that cannot be sent as it is.
#[derive(Clone, Copy, Debug, thiserror::Error)]
pub(super) enum InvalidRequest {
    #[error(
        "the address of the request names no server; it must be absolute, like http://host/path"
    )]
    NoAuthority,
    #[error("the address of the request names no scheme; it must begin with http:// or https://")]
    NoScheme,
    #[error("the HTTP version of the request cannot be spoken; use HTTP/1.1")]
    Version,
}

impl InvalidRequest {
    pub(super) fn in_request<B>(request: &Request<B>) -> Option<Self> {
        let authority = request.uri().authority();
        if authority.is_some_and(|authority| !names_host(authority)) {
            return Some(Self::NoAuthority);
        }
        Self::in_form(request.method(), request.uri(), request.version())
    }

    /// What can be seen without a look at the host.
    #[inline]
    pub(super) fn in_form(method: &Method, uri: &Uri, version: Version) -> Option<Self> {
        if ![Version::HTTP_10, Version::HTTP_11, Version::HTTP_2].contains(&version) {
            return Some(Self::Version);
        }
        if uri.authority().is_none() {
            return Some(Self::NoAuthority);
        }
        if uri.scheme().is_none() && *method != Method::CONNECT {
            return Some(Self::NoScheme);
        }
        None
    }
}

#[inline]
fn names_host(authority: &Authority) -> bool {
    match authority.as_str().as_bytes() {
        [] | [b':', ..] => false,
        // A name before the host.
        bytes if bytes.contains(&b'@') => !authority.host().is_empty(),
        _ => true,
    }
}
