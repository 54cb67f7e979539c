//! One request: taken, passed on, answered.
//!
//! Apart from the fields (`headers.rs`) and from what follows a 101 (`tunnel.rs`). Invariant: bodies are passed on frame by
//! frame, trailers with them, and never held as a whole; what is sent again, and what is not, is the client's policy alone.
//! Of the server's answers before the last (RFC 9110 section 15.2) none is passed on, as hyper sends no other than a 100.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use unstale::Client;
use unstale::request::{ConnectionWish, RequestOptions};

use crate::headers::{self, Sender};
use crate::tunnel;

/// Where requests go, and by what.
#[derive(Clone)]
struct Proxy {
    client: Client,
    upstream: Uri,
}

/// Passes every request on to a server, whatever its path; of `upstream` scheme and authority count.
///
/// # Errors
///
/// If `upstream` lacks a scheme or an authority.
pub(crate) fn router(client: Client, upstream: &Uri) -> Result<Router, axum::http::Error> {
    let mut base = Uri::builder().path_and_query("/");
    if let Some(scheme) = upstream.scheme() {
        base = base.scheme(scheme.clone());
    }
    if let Some(authority) = upstream.authority() {
        base = base.authority(authority.clone());
    }
    let upstream = base.build()?;
    Ok(Router::new()
        .fallback(forward)
        .with_state(Proxy { client, upstream }))
}

async fn forward(
    State(proxy): State<Proxy>,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
    mut request: Request,
) -> Response {
    if request.method() == Method::CONNECT {
        return StatusCode::NOT_IMPLEMENTED.into_response();
    }
    if headers::is_at_its_end(&mut request) {
        return match *request.method() {
            Method::OPTIONS => StatusCode::OK.into_response(),
            _ => StatusCode::NOT_IMPLEMENTED.into_response(),
        };
    }
    let Some(uri) = at(&proxy.upstream, request.uri()) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    // Before the request is taken apart: the handle to its connection is in it.
    let ours = headers::protocol_asked_for(&request).map(|_| hyper::upgrade::on(&mut request));
    let request = outbound(request, uri, from);
    match proxy.client.request(request).await {
        Ok(response) if response.status() == StatusCode::SWITCHING_PROTOCOLS => match ours {
            Some(ours) => tunnel::switch(response, ours),
            None => StatusCode::BAD_GATEWAY.into_response(),
        },
        Ok(mut response) => {
            let version = response.version();
            headers::pass_on(response.headers_mut(), version);
            response.map(Body::new)
        }
        Err(error) => failed(error),
    }
}

/// The request as it goes to the upstream: nothing of the connection that it came by.
fn outbound(request: Request, uri: Uri, from: SocketAddr) -> axum::http::Request<Body> {
    let asked_for = headers::protocol_asked_for(&request);
    let sender = Sender::of(&request, from);
    let (mut head, body) = request.into_parts();
    headers::pass_on_request(&mut head.headers, head.version, asked_for.as_ref(), &sender);

    let mut outbound = axum::http::Request::new(body);
    *outbound.method_mut() = head.method;
    *outbound.uri_mut() = uri;
    *outbound.headers_mut() = head.headers;
    if asked_for.is_some() {
        // It is never sent again: over a new connection it need not be.
        let options = RequestOptions::new().connection(ConnectionWish::Fresh);
        outbound.extensions_mut().insert(options);
    }
    outbound
}

/// The same path at the upstream.
fn at(upstream: &Uri, asked: &Uri) -> Option<Uri> {
    let mut parts = upstream.clone().into_parts();
    parts.path_and_query = asked.path_and_query().cloned();
    Uri::from_parts(parts).ok()
}

/// No answer came. The error, with its evidence, goes into the response's extensions, for whatever layer logs it; the client
/// is told no more than what it can act on.
fn failed(error: unstale::Error) -> Response {
    let status = if error.is_timeout() {
        StatusCode::GATEWAY_TIMEOUT
    } else {
        StatusCode::BAD_GATEWAY
    };
    let mut response = status.into_response();
    response.extensions_mut().insert(Arc::new(error));
    response
}
