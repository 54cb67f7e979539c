//! The profile of a request: everything the verdict wants to know of it.

use http::header::{CONNECTION, HeaderName, IF_MATCH, IF_NONE_MATCH, IF_UNMODIFIED_SINCE, UPGRADE};
use http::request::Parts;
use http::{Extensions, HeaderMap, Method, Request};

use super::{Permission, RequestOptions};

/// The header by which a server recognises a repetition (draft-ietf-httpapi-idempotency-key-header).
pub(crate) const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// What a request's method and headers say about sending it twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Semantics {
    /// GET, HEAD, OPTIONS, TRACE (RFC 9110 section 9.2.1).
    Safe,
    /// PUT, DELETE (RFC 9110 section 9.2.2).
    Idempotent,
    /// PUT or DELETE with a precondition: sent twice, a success would come back as 412.
    Conditional,
    /// Any other method, with an `Idempotency-Key` that the origin is trusted to honour.
    Keyed,
    /// Any other method: POST, PATCH, and all that is not known.
    NonIdempotent,
    /// CONNECT, or a request to upgrade: what it opens is not a response.
    Tunnel,
}

/// What the verdict wants to know of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestProfile {
    semantics: Semantics,
    permission: Permission,
}

impl RequestProfile {
    /// A profile made of its parts.
    pub fn new(semantics: Semantics, permission: Permission) -> Self {
        Self {
            semantics,
            permission,
        }
    }

    /// Reads the profile off a request. `honour_key`: whether an `Idempotency-Key` counts (exactly one, not empty).
    pub fn of<B>(request: &Request<B>, honour_key: bool) -> Self {
        let (method, headers) = (request.method(), request.headers());
        Self::read(method, headers, request.extensions(), honour_key)
    }

    /// Reads it off the head of one.
    pub(crate) fn of_head(head: &Parts, honour_key: bool) -> Self {
        Self::read(&head.method, &head.headers, &head.extensions, honour_key)
    }

    fn read(
        method: &Method,
        headers: &HeaderMap,
        extensions: &Extensions,
        honour_key: bool,
    ) -> Self {
        let permission = extensions
            .get::<RequestOptions>()
            .map_or(Permission::ByMethod, RequestOptions::permission);
        Self::new(semantics(method, headers, honour_key), permission)
    }

    /// Whether it does no harm if it is executed twice.
    pub(crate) fn is_harmless(self) -> bool {
        match self.semantics {
            Semantics::Safe | Semantics::Idempotent | Semantics::Keyed => true,
            Semantics::Conditional | Semantics::NonIdempotent => {
                self.permission == Permission::MayRepeat
            }
            Semantics::Tunnel => false,
        }
    }

    /// What method and headers say.
    pub fn semantics(&self) -> Semantics {
        self.semantics
    }

    /// What the caller said.
    pub fn permission(&self) -> Permission {
        self.permission
    }
}

#[inline]
fn semantics(method: &Method, headers: &HeaderMap, honour_key: bool) -> Semantics {
    if asks_for_upgrade(headers) {
        return Semantics::Tunnel;
    }
    match *method {
        Method::CONNECT => Semantics::Tunnel,
        _ if method.is_safe() => Semantics::Safe,
        _ if method.is_idempotent() && is_conditional(headers) => Semantics::Conditional,
        _ if method.is_idempotent() => Semantics::Idempotent,
        _ if honour_key && carries_key(headers) => Semantics::Keyed,
        _ => Semantics::NonIdempotent,
    }
}

fn carries_key(headers: &HeaderMap) -> bool {
    // Two keys, or an empty one, name no single operation: what a server makes of them cannot be known.
    let mut keys = headers.get_all(IDEMPOTENCY_KEY).iter();
    matches!((keys.next(), keys.next()), (Some(key), None) if !key.is_empty())
}

#[inline]
fn asks_for_upgrade(headers: &HeaderMap) -> bool {
    // RFC 9110 section 7.8: `Upgrade` counts only when `Connection` names it; a lone `Upgrade` is taken for one as
    // well, since a peer that ignores the rule would switch protocols all the same.
    !headers.is_empty() && (headers.contains_key(UPGRADE) || is_option(headers, "upgrade"))
}

/// Whether `Connection` names it.
fn is_option(headers: &HeaderMap, name: &str) -> bool {
    headers.get_all(CONNECTION).iter().any(|value| {
        value.to_str().is_ok_and(|options| {
            let mut options = options.split(',');
            options.any(|option| option.trim().eq_ignore_ascii_case(name))
        })
    })
}

fn is_conditional(headers: &HeaderMap) -> bool {
    [IF_MATCH, IF_NONE_MATCH, IF_UNMODIFIED_SINCE]
        .iter()
        .any(|name| headers.contains_key(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(method: &str, headers: &[(&str, &str)], honour_key: bool) -> Semantics {
        let mut request = Request::builder().method(method);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        RequestProfile::of(&request.body(()).unwrap(), honour_key).semantics()
    }

    #[test]
    fn a_method_has_the_semantics_that_rfc_9110_gives_it() {
        for (methods, expected) in [
            (&["GET", "HEAD", "OPTIONS", "TRACE"][..], Semantics::Safe),
            (&["PUT", "DELETE"], Semantics::Idempotent),
            (
                &["POST", "PATCH", "get", "PROPFIND"],
                Semantics::NonIdempotent,
            ),
            (&["CONNECT"], Semantics::Tunnel),
        ] {
            for method in methods {
                assert_eq!(read(method, &[], true), expected, "{method}");
            }
        }
    }

    #[test]
    fn a_precondition_makes_put_and_delete_conditional_but_not_get() {
        for name in ["if-match", "if-none-match", "if-unmodified-since"] {
            assert_eq!(read("PUT", &[(name, "x")], true), Semantics::Conditional);
            assert_eq!(read("DELETE", &[(name, "x")], true), Semantics::Conditional);
            assert_eq!(read("GET", &[(name, "x")], true), Semantics::Safe);
            assert_eq!(read("POST", &[(name, "x")], true), Semantics::NonIdempotent);
        }
    }

    #[test]
    fn a_request_to_upgrade_is_a_tunnel() {
        assert_eq!(
            read("GET", &[("upgrade", "websocket")], true),
            Semantics::Tunnel
        );
        let connection = [("connection", "keep-alive, Upgrade")];
        assert_eq!(read("GET", &connection, true), Semantics::Tunnel);
        assert_eq!(
            read("GET", &[("connection", "close")], true),
            Semantics::Safe
        );
    }

    #[test]
    fn one_key_that_is_honoured_makes_a_post_keyed() {
        let key = ("idempotency-key", "7");
        assert_eq!(read("POST", &[key], true), Semantics::Keyed);
        assert_eq!(read("POST", &[key], false), Semantics::NonIdempotent);
        assert_eq!(read("PUT", &[key], true), Semantics::Idempotent);
    }

    #[test]
    fn an_empty_key_or_two_of_them_name_no_operation() {
        let (key, other, empty) = (
            ("idempotency-key", "7"),
            ("idempotency-key", "8"),
            ("idempotency-key", ""),
        );
        for headers in [&[key, other][..], &[key, key], &[empty], &[empty, key]] {
            let semantics = read("POST", headers, true);
            assert_eq!(semantics, Semantics::NonIdempotent, "{headers:?}");
        }
    }

    #[test]
    fn the_word_of_the_caller_is_read_from_the_extensions() {
        let request = Request::post("/")
            .extension(RequestOptions::new().may_repeat())
            .body(())
            .unwrap();
        let profile = RequestProfile::of(&request, true);
        assert_eq!(profile.permission(), Permission::MayRepeat);
    }
}
