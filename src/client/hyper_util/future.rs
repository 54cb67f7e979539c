//! The future of one attempt.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::Response;
use hyper_util::client::legacy;
use pin_project_lite::pin_project;

use super::inquest;
use super::watcher::Watcher;
use crate::client::look::is_doubtful;
use crate::conn::Facts;
use crate::conn::scope::{self, Slot};
use crate::evidence::{AttemptError, End, Evidence, Sending};

type Inquest<T> = Pin<Box<dyn Future<Output = T> + Send>>;

pin_project! {
    /// The future of [`Attest`](super::Attest).
    pub struct ResponseFuture<F, R> {
        #[pin]
        state: State<F, R>,
        sending: Option<Sending>,
    }
}

pin_project! {
    #[project = StateProj]
    enum State<F, R> {
        // hyper-util is at it.
        Sending { #[pin] future: F, slot: Option<Box<Slot>>, watcher: Option<Box<Watcher>> },
        // It failed; what happened on the connection is being found out.
        Failed { inquest: Inquest<AttemptError> },
        // It was answered with a status that may mean that it was not processed.
        Doubted { inquest: Inquest<Option<Evidence>>, response: Option<Box<Response<R>>> },
        // It was never handed to hyper-util.
        Invalid { error: Option<Box<AttemptError>> },
    }
}

impl<F, R> ResponseFuture<F, R> {
    pub(super) fn sending(
        future: F,
        slot: Slot,
        sending: Option<Sending>,
        watcher: Option<Box<Watcher>>,
    ) -> Self {
        Self {
            state: State::Sending {
                future,
                slot: Some(Box::new(slot)),
                watcher,
            },
            sending,
        }
    }

    pub(super) fn failed(error: AttemptError) -> Self {
        Self {
            state: State::Invalid {
                error: Some(Box::new(error)),
            },
            sending: None,
        }
    }
}

impl<F, R> Future for ResponseFuture<F, R>
where
    F: Future<Output = Result<Response<R>, legacy::Error>>,
{
    type Output = Result<Response<R>, AttemptError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        loop {
            let next = match this.state.as_mut().project() {
                StateProj::Sending {
                    future,
                    slot,
                    watcher,
                } => {
                    let Poll::Ready(answer) = scope::within(slot, || future.poll(cx)) else {
                        watch(watcher.as_deref_mut(), slot.as_deref(), cx);
                        return Poll::Pending;
                    };
                    let slot = slot.take().expect("the scope puts the slot back");
                    if let (Ok(response), Some(seen)) = (&answer, &slot.seen) {
                        seen.ledger.answered(response.headers());
                    }
                    match answer {
                        Ok(response) if is_doubtful(response.status()) => doubted(response, slot),
                        Ok(mut response) => {
                            strip(&mut response);
                            return Poll::Ready(Ok(response));
                        }
                        Err(error) => failed(error, slot, watcher.take(), this.sending.take()),
                    }
                }
                StateProj::Failed { inquest } => return inquest.as_mut().poll(cx).map(Err),
                StateProj::Doubted { inquest, response } => {
                    let evidence = ready!(inquest.as_mut().poll(cx));
                    let mut response = *response.take().expect("polled after completion");
                    strip(&mut response);
                    if let Some(evidence) = evidence {
                        let evidence = evidence.about(this.sending.take());
                        response.extensions_mut().insert(evidence);
                    }
                    return Poll::Ready(Ok(response));
                }
                StateProj::Invalid { error } => {
                    return Poll::Ready(Err(*error.take().expect("polled after completion")));
                }
            };
            this.state.set(next);
        }
    }
}

/// hyper-util waits: whoever watches does so now.
fn watch(watcher: Option<&mut Watcher>, slot: Option<&Slot>, cx: &mut Context<'_>) {
    if let (Some(watcher), Some(slot)) = (watcher, slot) {
        watcher.poll(slot, cx);
    }
}

fn doubted<F, R>(response: Response<R>, slot: Box<Slot>) -> State<F, R> {
    let status = response.status();
    State::Doubted {
        inquest: Box::pin(async move { inquest::on_status(status, &slot).await }),
        response: Some(Box::new(response)),
    }
}

fn failed<F, R>(
    error: legacy::Error,
    slot: Box<Slot>,
    watcher: Option<Box<Watcher>>,
    sending: Option<Sending>,
) -> State<F, R> {
    State::Failed {
        inquest: Box::pin(async move {
            let evidence = inquest::on_error(&error, *slot).await.about(sending);
            if let Some(watcher) = watcher.filter(|_| evidence.end() == End::Silent) {
                watcher.condemn();
            }
            AttemptError::new(evidence, error)
        }),
    }
}

/// The connection's extra is for us alone; a user has no use for it.
fn strip<R>(response: &mut Response<R>) {
    response.extensions_mut().remove::<Facts>();
}

impl<F, R> fmt::Debug for ResponseFuture<F, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").finish_non_exhaustive()
    }
}
