//! The future of one attempt.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::Response;
use hyper::body::Incoming;
use hyper_util::client::legacy;

use super::inquest;
use super::watcher::Watcher;
use crate::client::look::is_doubtful;
use crate::conn::scope::{self, Slot};
use crate::evidence::{AttemptError, End, Evidence, Sending};

const PUT_BACK: &str = "the scope puts the slot back";

type Inquest<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// The future of [`Attest`](super::Attest).
pub struct ResponseFuture {
    state: State,
    sending: Option<Sending>,
}

enum State {
    /// hyper-util is at it.
    Sending {
        future: legacy::ResponseFuture,
        slot: Option<Box<Slot>>,
        watcher: Option<Box<Watcher>>,
    },
    /// It failed; what happened on the connection is being found out.
    Failed { inquest: Inquest<AttemptError> },
    /// It was answered with a status that may mean that it was not processed.
    Doubted {
        inquest: Inquest<Option<Evidence>>,
        response: Option<Box<Response<Incoming>>>,
    },
    /// It was never handed to hyper-util.
    Invalid { error: Option<Box<AttemptError>> },
}

impl ResponseFuture {
    #[inline]
    pub(super) fn sending(
        future: legacy::ResponseFuture,
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

impl Future for ResponseFuture {
    type Output = Result<Response<Incoming>, AttemptError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        loop {
            this.state = match &mut this.state {
                State::Sending {
                    future,
                    slot,
                    watcher,
                } => match scope::within(slot, || Pin::new(future).poll(cx)) {
                    Poll::Pending => {
                        watch(watcher.as_deref_mut(), slot.as_deref(), cx);
                        return Poll::Pending;
                    }
                    Poll::Ready(Ok(response)) if is_answer(&response, slot.as_deref()) => {
                        return Poll::Ready(Ok(response));
                    }
                    Poll::Ready(Ok(response)) => doubted(response, slot.take().expect(PUT_BACK)),
                    Poll::Ready(Err(error)) => {
                        let slot = slot.take().expect(PUT_BACK);
                        failed(error, slot, watcher.take(), this.sending.take())
                    }
                },
                State::Failed { inquest } => return inquest.as_mut().poll(cx).map(Err),
                State::Doubted { inquest, response } => {
                    let evidence = ready!(inquest.as_mut().poll(cx));
                    let mut response = *response.take().expect("polled after completion");
                    if let Some(evidence) = evidence {
                        let evidence = evidence.about(this.sending.take());
                        response.extensions_mut().insert(evidence);
                    }
                    return Poll::Ready(Ok(response));
                }
                State::Invalid { error } => {
                    return Poll::Ready(Err(*error.take().expect("polled after completion")));
                }
            };
        }
    }
}

/// hyper-util waits: whoever watches does so now.
fn watch(watcher: Option<&mut Watcher>, slot: Option<&Slot>, cx: &mut Context<'_>) {
    if let (Some(watcher), Some(slot)) = (watcher, slot) {
        watcher.poll(slot, cx);
    }
}

/// Whether this is the response for certain. The ledger hears of it in any case.
#[inline]
fn is_answer(response: &Response<Incoming>, slot: Option<&Slot>) -> bool {
    if let Some(seen) = slot.and_then(|slot| slot.seen.as_ref()) {
        seen.ledger.answered(response.headers());
    }
    !is_doubtful(response.status())
}

fn doubted(response: Response<Incoming>, slot: Box<Slot>) -> State {
    let status = response.status();
    State::Doubted {
        inquest: Box::pin(async move { inquest::on_status(status, &slot).await }),
        response: Some(Box::new(response)),
    }
}

fn failed(
    error: legacy::Error,
    slot: Box<Slot>,
    watcher: Option<Box<Watcher>>,
    sending: Option<Sending>,
) -> State {
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

impl fmt::Debug for ResponseFuture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").finish_non_exhaustive()
    }
}
