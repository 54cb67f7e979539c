//! What is probed: a URL, taken apart.
//!
//! Apart so that a wrong one is found before anything is opened.

use http::Uri;
use http::uri::{Authority, PathAndQuery, Scheme};

use crate::failure::Failure;

/// A URL of the scheme http or https.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) is_tls: bool,
    pub(crate) authority: Authority,
    pub(crate) path: PathAndQuery,
}

impl Target {
    pub(crate) fn parse(url: &str) -> Result<Self, Failure> {
        let wrong = |why| Failure::Url {
            url: url.to_owned(),
            why,
        };
        let uri: Uri = url.parse().map_err(|_| wrong("it does not parse"))?;
        let parts = uri.into_parts();
        let is_tls = match parts.scheme {
            Some(scheme) if scheme == Scheme::HTTP => false,
            Some(scheme) if scheme == Scheme::HTTPS => true,
            _ => return Err(wrong("it must begin with http:// or https://")),
        };
        let authority = parts.authority.ok_or_else(|| wrong("it names no host"))?;
        if authority.as_str().contains('@') {
            return Err(wrong("credentials in it would end up in logs"));
        }
        let path = parts
            .path_and_query
            .filter(|path| path.as_str() != "")
            .unwrap_or_else(|| PathAndQuery::from_static("/"));
        Ok(Self {
            is_tls,
            authority,
            path,
        })
    }

    /// The host, of an IPv6 address without its brackets.
    pub(crate) fn host(&self) -> &str {
        self.authority.host().trim_matches(['[', ']'])
    }

    pub(crate) fn port(&self) -> u16 {
        let usual = if self.is_tls { 443 } else { 80 };
        self.authority.port_u16().unwrap_or(usual)
    }

    /// Absolute, as HTTP/2 wants it.
    pub(crate) fn uri(&self) -> Uri {
        let scheme = if self.is_tls {
            Scheme::HTTPS
        } else {
            Scheme::HTTP
        };
        let mut parts = http::uri::Parts::default();
        parts.scheme = Some(scheme);
        parts.authority = Some(self.authority.clone());
        parts.path_and_query = Some(self.path.clone());
        Uri::from_parts(parts).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_taken_apart() {
        let target = Target::parse("https://[::1]:8443/a?b=c").unwrap();
        assert!(target.is_tls);
        assert_eq!((target.host(), target.port()), ("::1", 8443));
        assert_eq!(target.uri(), "https://[::1]:8443/a?b=c");
    }

    #[test]
    fn ports_and_paths_have_their_defaults() {
        assert_eq!(Target::parse("http://a").unwrap().port(), 80);
        assert_eq!(Target::parse("https://a").unwrap().port(), 443);
        assert_eq!(Target::parse("http://a?b").unwrap().path.to_string(), "/?b");
    }

    #[test]
    fn what_cannot_be_probed_is_said_so() {
        let wrong = [
            "",
            "example.com",
            "ftp://a/",
            "http://",
            "/a",
            "http://u:p@a/",
            "http://a b/",
        ];
        for url in wrong {
            assert!(
                matches!(Target::parse(url), Err(Failure::Url { .. })),
                "{url}"
            );
        }
    }
}
