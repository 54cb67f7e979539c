//! Which proxy leads to which origin, by the rules that curl made.

use http::Uri;
use hyper_util::client::proxy::matcher::Matcher;

use super::NoWay;
use crate::pool::Proxy;

/// The proxies that a client goes by.
#[derive(Debug)]
pub(crate) struct Proxies(Option<Matcher>);

/// What the environment says.
impl Default for Proxies {
    fn default() -> Self {
        Self(Some(Matcher::from_env()))
    }
}

impl Proxies {
    pub(crate) fn none() -> Self {
        Self(None)
    }

    /// This one to every origin; `None` if it is no URL of a proxy that can be spoken to.
    pub(crate) fn all(url: &str) -> Option<Self> {
        let uri: Uri = url.parse().ok()?;
        if uri.scheme_str() != Some("http") {
            return None;
        }
        let matcher = Matcher::builder().all(url).build();
        let known = matcher.intercept(&Uri::from_static("http://unstale.invalid/"));
        known.is_some().then_some(Self(Some(matcher)))
    }

    /// The proxy to this origin, if one leads there.
    pub(super) fn way_to(&self, origin: &Uri) -> Result<Option<Proxy>, NoWay> {
        let Some(found) = self.0.as_ref().and_then(|known| known.intercept(origin)) else {
            return Ok(None);
        };
        if found.uri().scheme_str() != Some("http") {
            return Err(NoWay::Proxy(found.uri().clone()));
        }
        Ok(Some(Proxy {
            uri: found.uri().clone(),
            authorization: found.basic_auth().cloned(),
            reads_requests: origin.scheme_str() == Some("http"),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_reads_what_goes_to_http_and_tunnels_what_goes_to_https() {
        let proxies = Proxies::all("http://user:pass@proxy:3128").unwrap();
        for (origin, reads) in [("http://a/", true), ("https://a/", false)] {
            let proxy = proxies.way_to(&Uri::from_static(origin)).unwrap().unwrap();
            assert_eq!(proxy.reads_requests, reads);
            assert_eq!(proxy.uri.host(), Some("proxy"));
            assert_eq!(proxy.authorization.unwrap(), "Basic dXNlcjpwYXNz");
        }
    }

    #[test]
    fn a_proxy_of_another_kind_is_refused_by_name() {
        // As the environment may name it.
        let proxies = Proxies(Some(Matcher::builder().all("socks5://proxy:1080").build()));
        let refused = proxies.way_to(&Uri::from_static("http://a/")).unwrap_err();
        assert!(
            refused.to_string().contains("socks5://proxy:1080"),
            "{refused}"
        );
    }

    #[test]
    fn no_proxy_leads_nowhere() {
        let way = Proxies::none().way_to(&Uri::from_static("http://a/"));
        assert!(way.unwrap().is_none());
    }
}
