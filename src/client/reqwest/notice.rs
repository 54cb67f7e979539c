//! The layer on reqwest's connector: it sees each connection before hyper-util gets it.
//!
//! reqwest wants its own type of connection back, so nothing can be put around it, nor anything into it.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use hyper_util::client::legacy::connect::Connection;
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use super::known::Known;
use crate::conn::foreign::Hint;

/// Puts [`Notice`] around a connector.
#[derive(Clone, Debug)]
pub(super) struct NoticeLayer {
    known: Arc<Known>,
}

impl NoticeLayer {
    pub(super) fn new(known: Arc<Known>) -> Self {
        Self { known }
    }
}

impl<S> Layer<S> for NoticeLayer {
    type Service = Notice<S>;

    fn layer(&self, connector: S) -> Notice<S> {
        Notice {
            connector,
            known: Arc::clone(&self.known),
        }
    }
}

/// A connector whose connections are noticed.
#[derive(Clone, Debug)]
pub(super) struct Notice<S> {
    connector: S,
    known: Arc<Known>,
}

impl<S, D> Service<D> for Notice<S>
where
    S: Service<D>,
    S::Response: Connection,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Connecting<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.connector.poll_ready(cx)
    }

    fn call(&mut self, destination: D) -> Self::Future {
        Connecting {
            hint: self.known.hint(),
            future: self.connector.call(destination),
            known: Arc::clone(&self.known),
        }
    }
}

pin_project! {
    /// A connection that is being opened.
    #[derive(Debug)]
    pub(super) struct Connecting<F> {
        #[pin]
        future: F,
        hint: Option<Hint>,
        known: Arc<Known>,
    }
}

impl<F, C, E> Future for Connecting<F>
where
    F: Future<Output = Result<C, E>>,
    C: Connection,
{
    type Output = Result<C, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let connected = ready!(this.future.poll(cx));
        if let Ok(connection) = &connected {
            this.known.opened(&connection.connected(), *this.hint);
        }
        Poll::Ready(connected)
    }
}
