//! The head of a request as it goes on the wire.
//!
//! HTTP/1 wants the path alone and a `Host` (RFC 9112 section 3.2); HTTP/2 takes the URI as it is. What is taken out of the
//! request is kept, so that one which hyper hands back unsent can be sent over another connection.

use http::header::{CONNECTION, HOST, PROXY_AUTHORIZATION, UPGRADE};
use http::uri::PathAndQuery;
use http::{Method, Request, Uri, Version};

use crate::pool::{Protocol, Route};

/// Whether a request asks for something else than exchanges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tunnel {
    No,
    /// To be switched to by 101.
    Upgrade,
    /// CONNECT: open by any 2xx.
    Connect,
}

/// Whether the request asks for a tunnel, or for another protocol.
#[inline]
pub(super) fn tunnel<B>(request: &Request<B>) -> Tunnel {
    let headers = request.headers();
    if *request.method() == Method::CONNECT {
        Tunnel::Connect
    } else if headers.contains_key(UPGRADE) && headers.contains_key(CONNECTION) {
        Tunnel::Upgrade
    } else {
        Tunnel::No
    }
}

/// Makes the request what this connection speaks. Gives the URI that the request had.
pub(super) fn put_on<B>(request: &mut Request<B>, route: &Route, protocol: Protocol) -> Uri {
    match protocol {
        Protocol::Http2 => {
            *request.version_mut() = Version::HTTP_2;
            let uri = request.uri().clone();
            if names_a_user(&uri) {
                *request.uri_mut() = without_user(&uri, route);
            }
            uri
        }
        Protocol::Http1 => {
            if request.version() == Version::HTTP_2 {
                *request.version_mut() = Version::HTTP_11;
            }
            let headers = request.headers_mut();
            if !headers.contains_key(HOST) {
                headers.insert(HOST, route.host.clone());
            }
            let proxy = route.by_proxy.as_ref().filter(|proxy| proxy.reads_requests);
            if let Some(authorization) = proxy.and_then(|proxy| proxy.authorization.as_ref()) {
                headers
                    .entry(PROXY_AUTHORIZATION)
                    .or_insert_with(|| authorization.clone());
            }
            let is_connect = *request.method() == Method::CONNECT;
            let uri = std::mem::take(request.uri_mut());
            *request.uri_mut() = match (is_connect, proxy) {
                (true, _) => authority_of(&uri),
                (false, Some(_)) if names_a_user(&uri) => without_user(&uri, route),
                (false, Some(_)) => uri.clone(),
                (false, None) => path_of(&uri),
            };
            uri
        }
    }
}

/// Gives the request back the URI that it had.
pub(super) fn take_off<B>(request: &mut Request<B>, uri: Uri) {
    *request.uri_mut() = uri;
}

#[inline]
fn path_of(uri: &Uri) -> Uri {
    match uri.path_and_query() {
        Some(path) if path.as_str() != "/" => Uri::from(path.clone()),
        _ => Uri::from(PathAndQuery::from_static("/")),
    }
}

fn names_a_user(uri: &Uri) -> bool {
    let authority = uri.authority();
    authority.is_some_and(|authority| authority.as_str().contains('@'))
}

/// What stands before an `@` is not for the wire (RFC 9110 section 4.2.4, RFC 9113 section 8.3.1).
#[cold]
fn without_user(uri: &Uri, route: &Route) -> Uri {
    let mut parts = route.uri.clone().into_parts();
    if let Some(path) = uri.path_and_query() {
        parts.path_and_query = Some(path.clone());
    }
    Uri::from_parts(parts).unwrap_or_else(|_| route.uri.clone())
}

fn authority_of(uri: &Uri) -> Uri {
    uri.authority()
        .cloned()
        .map_or_else(Uri::default, Uri::from)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;
    use crate::pool::{Key, Speaks};

    fn sent(method: Method, uri: &'static str, protocol: Protocol) -> Request<()> {
        let mut request = Request::new(());
        *request.method_mut() = method;
        *request.uri_mut() = Uri::from_static(uri);
        let route = Route::direct(Key::of(request.uri()).unwrap(), Speaks::Http1).unwrap();
        let kept = put_on(&mut request, &route, protocol);
        assert_eq!(kept, Uri::from_static(uri));
        request
    }

    #[test]
    fn nobody_is_told_the_user_of_a_uri() {
        let request = sent(Method::GET, "https://user:pass@a/x?q", Protocol::Http2);
        assert_eq!(request.uri().to_string(), "https://a/x?q");

        let uri = Uri::from_static("http://user:pass@A:80/x?q");
        let mut request = Request::get(uri.clone()).body(()).unwrap();
        let mut route = Route::direct(Key::of(&uri).unwrap(), Speaks::Http1).unwrap();
        route.by_proxy = Some(crate::pool::Proxy {
            uri: Uri::from_static("http://proxy:3128"),
            authorization: None,
            reads_requests: true,
        });
        assert_eq!(put_on(&mut request, &route, Protocol::Http1), uri);
        assert_eq!(request.uri().to_string(), "http://a/x?q");
    }

    #[test]
    fn http1_gets_the_path_and_a_host() {
        for (uri, path, host) in [
            ("http://a/", "/", "a"),
            ("http://a", "/", "a"),
            ("http://a?q", "/?q", "a"),
            ("http://user@A:80/x?q=1", "/x?q=1", "a"),
            ("http://a:8080/x", "/x", "a:8080"),
            ("https://[::1]:443/x", "/x", "[::1]"),
        ] {
            let request = sent(Method::GET, uri, Protocol::Http1);
            assert_eq!(request.uri().to_string(), path, "{uri}");
            assert_eq!(request.headers()[HOST], host, "{uri}");
            assert_eq!(request.version(), Version::HTTP_11);
        }
    }

    #[test]
    fn a_host_of_the_callers_stays() {
        let mut request = Request::get("http://a/")
            .header(HOST, "b")
            .body(())
            .unwrap();
        let route = Route::direct(Key::of(request.uri()).unwrap(), Speaks::Http1).unwrap();
        put_on(&mut request, &route, Protocol::Http1);
        let hosts: Vec<&HeaderValue> = request.headers().get_all(HOST).iter().collect();
        assert_eq!(hosts, ["b"]);
    }

    #[test]
    fn http2_gets_the_uri_as_it_is() {
        let request = sent(Method::GET, "https://a/x?q", Protocol::Http2);
        assert_eq!(request.uri().to_string(), "https://a/x?q");
        assert!(!request.headers().contains_key(HOST));
    }

    #[test]
    fn connect_gets_the_authority() {
        let request = sent(Method::CONNECT, "a:443", Protocol::Http1);
        assert_eq!(request.uri().to_string(), "a:443");
    }
}
