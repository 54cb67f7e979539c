//! The service: one call is one attempt.

use std::error::Error as StdError;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::{Request, Response};
use http_body::Body as HttpBody;
use tokio::time::Instant;
use tower_service::Service;

use super::attempt::About;
use super::body::ResponseBody;
use super::future::AttemptFuture;
use crate::body::{Erased, ReplayBody};
use crate::client::invalid::InvalidRequest;
use crate::evidence::{AttemptError, AttemptToken, End, Evidence};
use crate::pool::{Pool, Want};
use crate::request::{OnFreshConnection, OnRecentConnection};

/// Sends each request once, over a connection of a pool, and attests to what became of it. What
/// [`Client`](crate::Client) has inside.
#[derive(Clone, Debug)]
pub struct Pooled {
    pool: Arc<Pool>,
}

impl Pooled {
    pub(crate) fn new(pool: Arc<Pool>) -> Self {
        Self { pool }
    }

    pub(crate) fn pool(&self) -> &Arc<Pool> {
        &self.pool
    }
}

impl<B> Service<Request<ReplayBody<B>>> for Pooled
where
    B: HttpBody + Send + 'static,
    B::Error: Into<Box<dyn StdError + Send + Sync>>,
{
    type Response = Response<ResponseBody>;
    type Error = AttemptError;
    type Future = AttemptFuture;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        // A connection is waited for by the request that needs it: here nothing is known of its origin.
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, mut request: Request<ReplayBody<B>>) -> Self::Future {
        let token = request.body_mut().take_token();
        if let Some(invalid) = InvalidRequest::in_form(&request) {
            let sending = token.map(|token| token.take(request.method(), request.uri()));
            let evidence = Evidence::new(End::InvalidRequest).about(sending);
            return AttemptFuture::failed(AttemptError::new(evidence, invalid));
        }
        let fresh: Option<OnFreshConnection> = request.extensions_mut().remove();
        let recent: Option<OnRecentConnection> = request.extensions_mut().remove();
        let want = Want {
            opened_after: fresh.map(|fresh| Instant::from_std(fresh.moment())),
            idle_at_most: recent.map(|recent| recent.limit()),
            is_replay: token.as_ref().is_some_and(AttemptToken::is_replay),
        };
        let begun = token.as_ref().map(AttemptToken::begun);
        let now = begun.map_or_else(Instant::now, Instant::from_std);
        let method = request.method().clone();
        let body = request.body().progress();
        let about = About {
            token,
            method,
            body,
        };
        AttemptFuture::begin(&self.pool, request.map(Erased::from), about, want, now)
    }
}
