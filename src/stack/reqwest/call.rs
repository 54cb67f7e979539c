//! One call: hop after hop, each of them a request of its own to the replays.
//!
//! Invariant: one moment ends all of it, the response's body included.

use std::sync::Arc;

use reqwest::{Body, Request, Response};
use tokio::time::Instant;
use tower_service::Service;

use super::client::Inner;
use super::redirect::Trail;
use crate::client::reqwest::Until;
use crate::error::Error;
use crate::replay::Attempts;
use crate::request::RequestOptions;

pub(super) async fn run(
    inner: Arc<Inner>,
    mut request: Request,
    options: Option<RequestOptions>,
) -> Result<Response, Error> {
    // From now on it is ours: reqwest's begins anew with each attempt.
    let timeout = request.timeout_mut().take().or(inner.timeout);
    let until = timeout.map(|timeout| Until(Instant::now() + timeout));
    let Some(redirects) = &inner.redirects else {
        return hop(&inner, request, options, until).await;
    };
    let mut trail = Trail::new(&request);
    loop {
        let response = hop(&inner, request, options, until).await?;
        match trail.next(&response, redirects)? {
            Some(next) => request = next,
            None => return Ok(response),
        }
    }
}

async fn hop(
    inner: &Inner,
    request: Request,
    options: Option<RequestOptions>,
    until: Option<Until>,
) -> Result<Response, Error> {
    let mut request: http::Request<Body> = request.try_into().map_err(Error::invalid_request)?;
    let extensions = request.extensions_mut();
    if let Some(options) = options {
        extensions.insert(options);
    }
    if let Some(until) = until {
        let left = until.0.saturating_duration_since(Instant::now());
        let left = inner
            .policy
            .deadline(extensions)
            .map_or(left, |own| own.min(left));
        let options: RequestOptions = extensions.remove().unwrap_or_default();
        extensions.insert(options.deadline(left));
        extensions.insert(until);
    }
    let mut response = inner.replay.clone().call(request).await?;
    let attempts: Option<Attempts> = response.extensions_mut().remove();
    let mut response = response.into_body();
    if let Some(attempts) = attempts {
        response.extensions_mut().insert(attempts);
    }
    Ok(response)
}
