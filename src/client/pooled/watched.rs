//! hyper's answer, with a watch over the connection that it is to come by.

use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use crate::client::watch::Watch;

pin_project! {
    /// A future of hyper's, and the watch over its connection.
    pub(super) struct Watched<F> {
        #[pin]
        answer: F,
        watch: Option<Watch>,
    }
}

impl<F> Watched<F> {
    pub(super) fn new(answer: F, watch: Option<Watch>) -> Self {
        Self { answer, watch }
    }
}

impl<F: Future> Future for Watched<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let polled = this.answer.poll(cx);
        if let (Poll::Pending, Some(watch)) = (&polled, this.watch) {
            watch.poll(cx);
        }
        polled
    }
}
