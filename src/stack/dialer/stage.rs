//! A connector whose failures are told from those of what is put on top of it.

use std::pin::Pin;
use std::task::{Context, Poll};

use http::Uri;
use tower_service::Service;

use super::BoxError;

/// A connector, and what its errors are made of.
#[derive(Clone, Debug)]
pub(super) struct Stage<C> {
    connector: C,
    failed: fn(BoxError) -> BoxError,
}

impl<C> Stage<C> {
    pub(super) fn new(connector: C, failed: fn(BoxError) -> BoxError) -> Self {
        Self { connector, failed }
    }
}

impl<C> Service<Uri> for Stage<C>
where
    C: Service<Uri>,
    C::Error: Into<BoxError>,
    C::Future: Send + 'static,
{
    type Response = C::Response;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<C::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        let failed = self.failed;
        let ready = self.connector.poll_ready(cx);
        ready.map_err(|error| failed(error.into()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let failed = self.failed;
        let connecting = self.connector.call(uri);
        Box::pin(async move { connecting.await.map_err(|error| failed(error.into())) })
    }
}
