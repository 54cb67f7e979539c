//! `Host`, as hyper-util would set it, and sooner.
//!
//! hyper-util formats it anew for each request that has none: a twentieth of what a request takes. Mostly it is the authority as it
//! stands, which is copied here; everything else is left to hyper-util.

use http::header::{HOST, HeaderValue};
use http::uri::Scheme;
use http::{Request, Uri};
use hyper_util::client::legacy::Builder;

/// Whether every request to an `http` address of a client that is built by this is given a `Host` by hyper-util if it has none.
///
/// Not if it speaks HTTP/2: in cleartext it does so only by prior knowledge, which the builder has. (A connector may have it too, in
/// which case `Host` says what `:authority` does, as RFC 9113, 8.3.1 allows.)
///
/// There is no way to ask a builder but by what it prints of itself. That is no contract: if it says anything else than is
/// expected, the answer is no, and hyper-util goes on to do it.
pub(super) fn is_set_by(builder: &Builder) -> bool {
    let said = format!("{builder:?}");
    said.contains(" set_host: true,") && said.contains(" ver: Auto ")
}

/// Gives a request to an `http` address the `Host` that hyper-util would give it, if that is its authority as it stands. Over TLS,
/// which protocol is spoken is not known yet.
#[inline]
pub(super) fn set<B>(request: &mut Request<B>) {
    if request.uri().scheme() != Some(&Scheme::HTTP) {
        return;
    }
    if !request.headers().is_empty() && request.headers().contains_key(HOST) {
        return;
    }
    if let Some(host) = as_it_stands(request.uri()) {
        request.headers_mut().insert(HOST, host);
    }
}

/// `None` of an authority that names a user, or a port that is the scheme's own, or not written as hyper-util writes it.
#[inline]
fn as_it_stands(uri: &Uri) -> Option<HeaderValue> {
    let authority = uri.authority()?.as_str();
    let bytes = authority.as_bytes();
    let colon = bytes.iter().rposition(|&byte| byte == b':');
    let port = colon.and_then(|colon| bytes.get(colon + 1..));
    let may_differ = match port {
        None | Some([.., b']']) => false,
        Some([] | [b'0', ..] | b"80" | b"443") => true,
        Some(_) => false,
    };
    if may_differ || bytes.contains(&b'@') {
        return None;
    }
    HeaderValue::from_str(authority).ok()
}

#[cfg(test)]
mod tests {
    use hyper_util::client::legacy::Client;
    use hyper_util::rt::TokioExecutor;

    use super::*;

    fn builder() -> Builder {
        Client::builder(TokioExecutor::new())
    }

    #[test]
    fn what_a_builder_says_of_itself_is_understood() {
        assert!(is_set_by(&builder()));
        assert!(is_set_by(builder().retry_canceled_requests(false)));
        assert!(!is_set_by(builder().set_host(false)));
        #[cfg(feature = "http2")]
        assert!(!is_set_by(builder().http2_only(true)));
    }

    /// As hyper-util does it.
    fn of_hyper_util(uri: &Uri) -> String {
        let host = uri.host().unwrap();
        match uri.port() {
            Some(port) if port.as_u16() != 80 => format!("{host}:{port}"),
            _ => host.to_owned(),
        }
    }

    #[test]
    fn it_is_what_hyper_util_would_set() {
        for address in [
            "http://a/",
            "http://A.b/x",
            "http://a:8081",
            "http://a:1",
            "http://[::1]/",
            "http://[::1]:81/",
            "http://1.2.3.4:444?q",
            "http://a:10080",
            "http://a:8080/",
            "http://a:180/",
        ] {
            let uri = Uri::from_static(address);
            let host = as_it_stands(&uri).unwrap();
            assert_eq!(host.to_str().unwrap(), of_hyper_util(&uri), "{address}");
        }
        let plain = Uri::from_static("http://127.0.0.1:40123/x");
        assert_eq!(as_it_stands(&plain).unwrap(), "127.0.0.1:40123");
    }

    #[test]
    fn what_may_differ_is_left_to_hyper_util() {
        for address in [
            "http://a:80/",
            "http://a:0080/",
            "http://a:00081/",
            "http://[::1]:80/",
            "https://a:443/",
            "http://user@a/",
            "http://user:pass@a:81/",
            "http://a:/",
            "/x",
        ] {
            assert_eq!(as_it_stands(&Uri::from_static(address)), None, "{address}");
        }
    }

    #[test]
    fn one_that_is_there_stays() {
        let mut request = Request::get("http://a/")
            .header(HOST, "b")
            .body(())
            .unwrap();
        set(&mut request);
        assert_eq!(request.headers()[HOST], "b");
        let mut request = Request::get("http://a/").body(()).unwrap();
        set(&mut request);
        assert_eq!(request.headers()[HOST], "a");
    }

    #[test]
    fn over_tls_the_protocol_is_not_known_yet() {
        let mut request = Request::get("https://a/").body(()).unwrap();
        set(&mut request);
        assert!(request.headers().is_empty());
    }
}
