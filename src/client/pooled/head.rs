//! The head of a request as it goes on the wire.
//!
//! HTTP/1 wants the path alone and a `Host` (RFC 9112 section 3.2); HTTP/2 takes the URI as it is. The URI that the request
//! has stays with the head it was made from, so that one which hyper hands back unsent can be sent over another connection.

use http::header::{CONNECTION, HOST, PROXY_AUTHORIZATION, UPGRADE};
use http::{HeaderMap, Method, Request, Uri, Version};

use crate::pool::{Protocol, Proxy, Route};

/// Whether a request asks for something else than exchanges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tunnel {
    No,
    /// To be switched to by 101.
    Upgrade,
    /// CONNECT: open by any 2xx.
    Connect,
}

/// Whether a request with this method and these headers asks for a tunnel, or for another protocol.
#[inline]
pub(super) fn tunnel(method: &Method, headers: &HeaderMap) -> Tunnel {
    if *method == Method::CONNECT {
        Tunnel::Connect
    } else if headers.is_empty() {
        Tunnel::No
    } else if headers.contains_key(UPGRADE) && headers.contains_key(CONNECTION) {
        Tunnel::Upgrade
    } else {
        Tunnel::No
    }
}

/// Makes the request to this URI what the connection speaks.
#[inline]
pub(super) fn put_on<B>(request: &mut Request<B>, uri: &Uri, route: &Route, protocol: Protocol) {
    *request.uri_mut() = match protocol {
        Protocol::Http2 => {
            *request.version_mut() = Version::HTTP_2;
            if names_a_user(uri) {
                without_user(uri, route)
            } else {
                uri.clone()
            }
        }
        Protocol::Http1 => {
            if request.version() == Version::HTTP_2 {
                *request.version_mut() = Version::HTTP_11;
            }
            let headers = request.headers_mut();
            if headers.is_empty() || !headers.contains_key(HOST) {
                headers.insert(HOST, route.host.clone());
            }
            match &route.by_proxy {
                Some(proxy) if proxy.reads_requests => for_proxy(request, uri, route, proxy),
                _ if *request.method() == Method::CONNECT => authority_of(uri),
                _ => path_of(uri),
            }
        }
    };
}

/// What a proxy reads that reads requests itself.
#[cold]
fn for_proxy<B>(request: &mut Request<B>, uri: &Uri, route: &Route, proxy: &Proxy) -> Uri {
    if let Some(authorization) = &proxy.authorization {
        let found = request.headers_mut().entry(PROXY_AUTHORIZATION);
        found.or_insert_with(|| authorization.clone());
    }
    if *request.method() == Method::CONNECT {
        authority_of(uri)
    } else if names_a_user(uri) {
        without_user(uri, route)
    } else {
        uri.clone()
    }
}

#[inline]
fn path_of(uri: &Uri) -> Uri {
    match uri.path_and_query() {
        Some(path) if path.as_str() != "/" => Uri::from(path.clone()),
        _ => Uri::default(),
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
        let uri = Uri::from_static(uri);
        let route = Route::direct(Key::of(&uri).unwrap(), Speaks::Http1).unwrap();
        put_on(&mut request, &uri, &route, protocol);
        request
    }

    #[test]
    fn nobody_is_told_the_user_of_a_uri() {
        let request = sent(Method::GET, "https://user:pass@a/x?q", Protocol::Http2);
        assert_eq!(request.uri().to_string(), "https://a/x?q");

        let uri = Uri::from_static("http://user:pass@A:80/x?q");
        let mut request = Request::new(());
        let mut route = Route::direct(Key::of(&uri).unwrap(), Speaks::Http1).unwrap();
        route.by_proxy = Some(Proxy {
            uri: Uri::from_static("http://proxy:3128"),
            authorization: None,
            reads_requests: true,
        });
        put_on(&mut request, &uri, &route, Protocol::Http1);
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
        let mut request = Request::get("/").header(HOST, "b").body(()).unwrap();
        let uri = Uri::from_static("http://a/");
        let route = Route::direct(Key::of(&uri).unwrap(), Speaks::Http1).unwrap();
        put_on(&mut request, &uri, &route, Protocol::Http1);
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
