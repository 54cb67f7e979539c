//! Requests that cannot be sent are an error without a connection.

use std::sync::Arc;

use http::uri::PathAndQuery;
use http::{Request, Uri, Version};
use tower::ServiceExt;
use unstale::evidence::Delivery;
use unstale::verdict::Refusal;

use super::mode::Mode;
use crate::client::{Body, client, full, url};
use crate::peer::{Peer, Script};

fn is_refused(spoil: impl Fn(&mut Request<Body>)) {
    for mode in Mode::all() {
        let peer = Arc::new(Peer::start(mode.tls, |_| Script::serve_forever()));
        let mut request = Request::post(url(&peer, mode.tls, "/"))
            .body(full("x"))
            .unwrap();
        spoil(&mut request);
        let sent = client(mode.stack, &peer, mode.tls).oneshot(request);
        let error = mode.run(false, sent).unwrap_err();
        assert!(error.is_request(), "{mode:?}: {error:?}");
        assert!(!error.is_stale() && !error.is_connect(), "{error:?}");
        assert_eq!(error.refusal(), Refusal::InvalidRequest);
        assert_eq!(error.attempts().len(), 1);
        assert_eq!(error.evidence().unwrap().delivery(), Delivery::NotSent);
        assert_eq!(peer.connections(), 0);
    }
}

#[test]
fn a_request_without_an_authority_opens_no_connection() {
    is_refused(|request| {
        let path = request.uri().path_and_query().map(PathAndQuery::as_str);
        *request.uri_mut() = path.unwrap().parse().unwrap();
    });
}

#[test]
fn a_request_without_a_scheme_opens_no_connection() {
    is_refused(|request| {
        let authority = request.uri().authority().unwrap().as_str();
        *request.uri_mut() = authority.parse::<Uri>().unwrap();
    });
}

#[test]
fn a_request_of_an_http_version_that_is_not_spoken_opens_no_connection() {
    for version in [Version::HTTP_09, Version::HTTP_3] {
        is_refused(|request| *request.version_mut() = version);
    }
}
