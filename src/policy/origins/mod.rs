//! The origins that a statement of the user's is about.
//!
//! Some words are true of one server only: that it honours idempotency keys, that it discards what arrives after its
//! FIN.
//!
//! Invariant: what cannot be compared is not covered.

use std::fmt;
use std::sync::Arc;

use http::Uri;
use http::uri::Authority;

use super::given::Given;

/// Some origins, listed or told by a closure. Default: none.
///
/// A listed origin is `https://example.com`, or `example.com:8443` for both schemes. Scheme and host are compared
/// without case; a port that is left out is the scheme's own (80, 443). A request whose URI has no authority is covered
/// by no list.
///
/// ```
/// use unstale::policy::{Origins, RetryPolicy};
///
/// let policy = RetryPolicy::builder()
///     .origins_honouring_keys(["https://api.example.com", "payments.example.com"])
///     .danger_trust_half_close(Origins::matching(|uri| uri.host() == Some("10.0.0.7")))
///     .build()?;
/// # Ok::<(), unstale::policy::PolicyError>(())
/// ```
#[derive(Clone, Default)]
pub struct Origins {
    known: Known,
}

#[derive(Clone)]
enum Known {
    Listed(Vec<Result<Origin, String>>),
    Matching(Given<dyn Fn(&Uri) -> bool + Send + Sync>),
}

impl Origins {
    /// No origin.
    pub fn none() -> Self {
        Self::default()
    }

    /// The origins of a list. One that is wrong makes the policy's `build` fail.
    pub fn listed<T: AsRef<str>>(origins: impl IntoIterator<Item = T>) -> Self {
        let listed = origins
            .into_iter()
            .map(|text| Origin::parse(text.as_ref()).ok_or_else(|| text.as_ref().to_owned()))
            .collect();
        Self {
            known: Known::Listed(listed),
        }
    }

    /// The origins for whose URIs the closure says `true`.
    pub fn matching(covers: impl Fn(&Uri) -> bool + Send + Sync + 'static) -> Self {
        Self {
            known: Known::Matching(Given(Arc::new(covers))),
        }
    }

    /// Whether the origin of `uri` is among them.
    pub fn covers(&self, uri: &Uri) -> bool {
        match &self.known {
            Known::Listed(origins) => origins.iter().flatten().any(|origin| origin.is_of(uri)),
            Known::Matching(covers) => covers(uri),
        }
    }

    /// The first that is no origin.
    pub(super) fn wrong(&self) -> Option<&str> {
        match &self.known {
            Known::Listed(origins) => origins
                .iter()
                .find_map(|origin| origin.as_ref().err().map(String::as_str)),
            Known::Matching(_) => None,
        }
    }

    /// Whether the list is empty.
    pub(super) fn is_none(&self) -> bool {
        matches!(&self.known, Known::Listed(origins) if origins.is_empty())
    }
}

impl Default for Known {
    fn default() -> Self {
        Self::Listed(Vec::new())
    }
}

impl fmt::Debug for Origins {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.known {
            Known::Listed(origins) => f.debug_list().entries(origins.iter().flatten()).finish(),
            Known::Matching(covers) => f.debug_tuple("Matching").field(covers).finish(),
        }
    }
}

impl From<&str> for Origins {
    fn from(origin: &str) -> Self {
        Self::listed([origin])
    }
}

impl From<String> for Origins {
    fn from(origin: String) -> Self {
        Self::listed([origin])
    }
}

impl<T: AsRef<str>, const N: usize> From<[T; N]> for Origins {
    fn from(origins: [T; N]) -> Self {
        Self::listed(origins)
    }
}

impl<T: AsRef<str>> From<Vec<T>> for Origins {
    fn from(origins: Vec<T>) -> Self {
        Self::listed(origins)
    }
}

/// One listed origin; without a scheme it is both.
#[derive(Clone, Debug)]
struct Origin {
    scheme: Option<String>,
    authority: Authority,
}

impl Origin {
    fn parse(text: &str) -> Option<Self> {
        let uri: Uri = text.parse().ok()?;
        let scheme = uri.scheme_str();
        let authority = uri.authority()?;
        let is_bare = matches!(uri.path(), "" | "/") && !text.contains(['?', '#', '@']);
        let is_known = scheme.is_none_or(|scheme| default_port(scheme).is_some());
        let is_whole = !authority.host().is_empty() && port(authority, 0).is_some();
        (is_bare && is_known && is_whole).then(|| Self {
            scheme: scheme.map(str::to_owned),
            authority: authority.clone(),
        })
    }

    fn is_of(&self, uri: &Uri) -> bool {
        let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
            return false;
        };
        let Some(own_port) = default_port(scheme) else {
            return false;
        };
        let same_scheme = match &self.scheme {
            Some(listed) => listed.eq_ignore_ascii_case(scheme),
            None => true,
        };
        let asked_for = port(authority, own_port);
        same_scheme
            && self.authority.host().eq_ignore_ascii_case(authority.host())
            && asked_for.is_some()
            && asked_for == port(&self.authority, own_port)
    }
}

fn default_port(scheme: &str) -> Option<u16> {
    match scheme {
        _ if scheme.eq_ignore_ascii_case("http") => Some(80),
        _ if scheme.eq_ignore_ascii_case("https") => Some(443),
        _ => None,
    }
}

/// The port, `own` if none is written; `None` where what is written is no port (`http` lets `:99999` pass).
fn port(authority: &Authority, own: u16) -> Option<u16> {
    let text = authority.as_str();
    let host_and_port = text.rsplit_once('@').map_or(text, |(_, after)| after);
    match host_and_port.strip_prefix(authority.host())? {
        "" | ":" => Some(own),
        _ => authority.port_u16(),
    }
}

#[cfg(test)]
mod tests;
