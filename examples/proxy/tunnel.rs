//! After a 101: the two connections speak another protocol, and what comes by one goes by the other.
//!
//! Apart from the forwarding because no request is in sight any more: nothing here is HTTP's to repeat.

use axum::body::Body;
use axum::http::header::UPGRADE;
use axum::http::{Response, StatusCode};
use axum::response::IntoResponse;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio::io::copy_bidirectional;
use unstale::ResponseBody;

use crate::headers;

/// Passes a 101 on, and after it whatever either side says, until both have ended or one has failed.
pub(crate) fn switch(mut response: Response<ResponseBody>, ours: OnUpgrade) -> Response<Body> {
    let Some(protocol) = response.headers().get(UPGRADE).cloned() else {
        // It says not to what (RFC 9110 section 15.2.2).
        return StatusCode::BAD_GATEWAY.into_response();
    };
    let theirs = hyper::upgrade::on(&mut response);
    tokio::spawn(async move {
        // Ours is there once the 101 has been sent. What ends one connection ends the other, and nobody is left to be told.
        if let Ok((ours, theirs)) = tokio::try_join!(ours, theirs) {
            let _ = copy_bidirectional(&mut TokioIo::new(ours), &mut TokioIo::new(theirs)).await;
        }
    });
    let version = response.version();
    let headers = response.headers_mut();
    headers::pass_on(headers, version);
    headers::switch_to(headers, protocol);
    response.map(|_| Body::empty())
}
