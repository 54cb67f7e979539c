//! What a pool files connections under: scheme and authority.
//!
//! The way to an origin (which proxy, if any) follows from these two for the life of a client, so it is no part of the
//! key; it is found out once and kept with the host ([`Route`](super::Route)).
//!
//! Invariant: two keys are equal exactly if their origins are (RFC 6454 section 4): the host in lower case, without user
//! information, without the port that the scheme has by itself.

use std::hash::{Hash, Hasher};

use http::Uri;
use http::uri::{Authority, Scheme};

/// An origin.
#[derive(Clone, Debug)]
pub(crate) struct Key {
    scheme: Scheme,
    authority: Authority,
}

impl Key {
    /// The origin of this URI; `None` if it names no host. A URI without a scheme is CONNECT's, and `http`.
    pub(crate) fn of(uri: &Uri) -> Option<Self> {
        let scheme = uri.scheme().cloned().unwrap_or(Scheme::HTTP);
        let authority = uri.authority().filter(|it| !it.host().is_empty())?;
        let authority = if is_normal(authority.as_str(), &scheme) {
            authority.clone()
        } else {
            normalised(authority.as_str(), &scheme)?
        };
        Some(Self { scheme, authority })
    }

    /// Whether this is the origin of that URI, spelt as origins are spelt. If not it may be all the same.
    #[inline]
    pub(super) fn is_plainly(&self, uri: &Uri) -> bool {
        let same_authority = uri
            .authority()
            .is_some_and(|authority| authority.as_str() == self.authority.as_str());
        same_authority && uri.scheme() == Some(&self.scheme)
    }

    pub(crate) fn scheme(&self) -> &Scheme {
        &self.scheme
    }

    pub(crate) fn authority(&self) -> &Authority {
        &self.authority
    }

    pub(crate) fn is_https(&self) -> bool {
        self.scheme == Scheme::HTTPS
    }
}

// By hand: `Authority` hashes and compares byte by byte, folding case, which is no longer needed here.
impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.authority.as_str() == other.authority.as_str() && self.scheme == other.scheme
    }
}

impl Eq for Key {}

impl Hash for Key {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        hasher.write(self.authority.as_str().as_bytes());
        hasher.write_u8(u8::from(self.is_https()));
    }
}

fn default_port(scheme: &Scheme) -> &'static str {
    match scheme.as_str() {
        "http" => ":80",
        "https" => ":443",
        // No port ends like this.
        _ => ":",
    }
}

fn is_normal(authority: &str, scheme: &Scheme) -> bool {
    !authority
        .bytes()
        .any(|byte| byte.is_ascii_uppercase() || byte == b'@')
        && !authority.ends_with(default_port(scheme))
        && !authority.ends_with(':')
}

fn normalised(authority: &str, scheme: &Scheme) -> Option<Authority> {
    let host = authority
        .rsplit_once('@')
        .map_or(authority, |(_, host)| host);
    let host = host.strip_suffix(default_port(scheme)).unwrap_or(host);
    let host = host.strip_suffix(':').unwrap_or(host);
    host.to_ascii_lowercase().parse().ok()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn key(uri: &'static str) -> Key {
        Key::of(&Uri::from_static(uri)).unwrap()
    }

    #[test]
    fn one_origin_has_one_key_however_it_is_spelt() {
        for (one, other) in [
            ("http://a/x", "http://A/y?z"),
            ("http://a:80/", "http://a/"),
            ("https://a:443/", "https://a/"),
            ("http://user:pass@a/", "http://a/"),
            ("http://u@[::1]:80/", "http://[::1]/"),
        ] {
            assert_eq!(key(one), key(other), "{one} {other}");
            let hosts = HashSet::from([key(one)]);
            assert!(hosts.contains(&key(other)), "{one} {other}");
        }
    }

    #[test]
    fn different_origins_have_different_keys() {
        for (one, other) in [
            ("http://a/", "https://a/"),
            ("http://a/", "http://b/"),
            ("http://a:443/", "http://a/"),
            ("http://a:8080/", "http://a/"),
            ("http://a:180/", "http://a:1/"),
        ] {
            assert_ne!(key(one), key(other), "{one} {other}");
        }
    }

    #[test]
    fn a_uri_without_a_host_has_no_key() {
        assert!(Key::of(&Uri::from_static("/path")).is_none());
    }
}
