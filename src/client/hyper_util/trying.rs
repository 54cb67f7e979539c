//! One attempt, from the hand-over to hyper-util to the response or to the evidence.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::Response;
use hyper::body::Incoming;
use hyper_util::client::legacy;

use super::inquest;
use super::watcher::Watcher;
use crate::client::invalid::InvalidRequest;
use crate::client::look::is_doubtful;
use crate::conn::scope::{self, Slot};
use crate::evidence::{AttemptError, End, Evidence, Sending};

const PUT_BACK: &str = "the scope puts the slot back";

type Inquest<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// What becomes of an attempt: the response, with evidence in it if its status may mean that the request was not processed, or
/// the error. Whose the evidence is, it does not say yet.
pub(super) type Outcome = Result<Response<Incoming>, AttemptError>;

/// An attempt that is under way.
pub(super) enum Trying {
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

impl Trying {
    #[cold]
    pub(super) fn invalid(invalid: InvalidRequest) -> Self {
        let error = AttemptError::new(Evidence::new(End::InvalidRequest), invalid);
        Self::Invalid {
            error: Some(Box::new(error)),
        }
    }

    #[inline]
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Outcome> {
        loop {
            *self = match self {
                Self::Sending {
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
                        failed(error, slot.take().expect(PUT_BACK), watcher.take())
                    }
                },
                Self::Failed { inquest } => return inquest.as_mut().poll(cx).map(Err),
                Self::Doubted { inquest, response } => {
                    let evidence = ready!(inquest.as_mut().poll(cx));
                    let mut response = *response.take().expect("polled after completion");
                    if let Some(evidence) = evidence {
                        response.extensions_mut().insert(evidence);
                    }
                    return Poll::Ready(Ok(response));
                }
                Self::Invalid { error } => {
                    return Poll::Ready(Err(*error.take().expect("polled after completion")));
                }
            };
        }
    }
}

/// hyper-util waits: whoever watches does so now.
#[inline]
fn watch(watcher: Option<&mut Watcher>, slot: Option<&Slot>, cx: &mut Context<'_>) {
    if let (Some(watcher), Some(slot)) = (watcher, slot) {
        watcher.poll(slot, cx);
    }
}

/// Whether this is the response by its status alone, as mostly it is.
#[inline]
pub(super) fn is_plain(response: &Response<Incoming>) -> bool {
    !is_doubtful(response.status())
}

/// Whether this is the response for certain. The ledger hears of it in any case.
#[inline]
fn is_answer(response: &Response<Incoming>, slot: Option<&Slot>) -> bool {
    if let Some(seen) = slot.and_then(|slot| slot.seen.as_ref()) {
        seen.ledger.answered(response.headers());
    }
    is_plain(response)
}

#[cold]
fn doubted(response: Response<Incoming>, slot: Box<Slot>) -> Trying {
    let status = response.status();
    Trying::Doubted {
        inquest: Box::pin(async move { inquest::on_status(status, &slot).await }),
        response: Some(Box::new(response)),
    }
}

#[cold]
fn failed(error: legacy::Error, slot: Box<Slot>, watcher: Option<Box<Watcher>>) -> Trying {
    Trying::Failed {
        inquest: Box::pin(async move {
            let evidence = inquest::on_error(&error, *slot).await;
            if let Some(watcher) = watcher.filter(|_| evidence.end() == End::Silent) {
                watcher.condemn();
            }
            AttemptError::new(evidence, error)
        }),
    }
}

/// Says whose the evidence is, if there is any.
#[cold]
pub(super) fn attribute(outcome: &mut Outcome, sending: Option<Sending>) {
    match outcome {
        Ok(response) => {
            if let Some(evidence) = response.extensions_mut().remove::<Evidence>() {
                response.extensions_mut().insert(evidence.about(sending));
            }
        }
        Err(error) => error.is_about(sending),
    }
}
