//! What the loop asks of whatever carries its requests to the wire: one attempt at a time.
//!
//! Apart from tower's `Service` because the loop keeps the head of a request for the attempts that may follow. A carrier of our
//! own reads there what goes on the wire, and what is to be told of a failure; a service is given a copy of all of it.
//!
//! An attempt is begun in the place where it stays, which the loop has: what is large is nowhere handed on.

use std::pin::Pin;
use std::task::{Context, Poll};

use std::mem;

use http::request::Parts;
use http::{Method, Request, Response};

use crate::body::ReplayBody;
use crate::error::Error;
#[cfg(feature = "hyper-util")]
use crate::evidence::Sending;
use crate::evidence::{AttemptToken, Evidence};
use crate::request::{OnFreshConnection, OnRecentConnection};

/// Carries requests to the wire.
pub(crate) trait Carrier<B> {
    /// The body of a response.
    type Body;
    /// Why an attempt has failed.
    type Error;
    /// The place of an attempt, empty by default. Emptying it cancels the attempt that is under way.
    type Attempt: Default;

    /// Gets ready for an attempt. For the first of a request it is ready.
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>>;

    /// Begins an attempt, in a place that is empty. Of a head that is not kept, what goes on the wire may be taken out.
    fn begin(
        &mut self,
        waybill: &mut Waybill,
        body: ReplayBody<B>,
        attempt: Pin<&mut Self::Attempt>,
    );

    /// Goes on with an attempt, which was begun with this waybill. Ready with an answer alone, and then the place is empty: as
    /// the answer is large, it has the type that the loop hands on.
    fn poll(
        &self,
        waybill: &mut Waybill,
        attempt: Pin<&mut Self::Attempt>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Response<Self::Body>, Error>>;

    /// What an attempt has ended with that is not ready, and never will be: something is to be decided on it. The place is empty
    /// then.
    fn ended(
        &self,
        attempt: Pin<&mut Self::Attempt>,
    ) -> Option<Result<Response<Self::Body>, Self::Error>>;
}

/// What goes with a request, and stays with the loop.
#[derive(Debug, Default)]
pub(crate) struct Waybill {
    /// Bare after the first time, if there is no other. `None` until it was put in.
    pub(crate) head: Option<Parts>,
    /// `None` for a request that is sent once, as nobody asks what its evidence is about; unless it may be given up.
    pub(crate) token: Option<AttemptToken>,
    /// Only a connection opened after this may carry it: since the request has left, or by its wish.
    pub(crate) fresh: Option<OnFreshConnection>,
    /// Only a connection that was not idle for longer than this may carry it.
    pub(crate) recent: Option<OnRecentConnection>,
    /// Whether the head is wanted for another attempt.
    pub(crate) is_kept: bool,
}

impl Waybill {
    /// The head of the request.
    #[inline]
    pub(crate) fn head(&self) -> &Parts {
        self.head.as_ref().expect(PUT_IN)
    }

    #[inline]
    pub(crate) fn head_mut(&mut self) -> &mut Parts {
        self.head.as_mut().expect(PUT_IN)
    }

    /// Gives a new request this head; what is not kept of it is not copied.
    #[inline]
    pub(crate) fn give_head<B>(&mut self, request: &mut Request<B>) {
        self.give_all_but_uri(request);
        let is_kept = self.is_kept;
        let uri = &mut self.head_mut().uri;
        *request.uri_mut() = if is_kept { uri.clone() } else { mem::take(uri) };
    }

    /// The same, but for its URI.
    #[expect(clippy::inline_always, reason = "a part of what each request does")]
    #[inline(always)]
    pub(crate) fn give_all_but_uri<B>(&mut self, request: &mut Request<B>) {
        let is_kept = self.is_kept;
        let head = self.head_mut();
        // What is as it is in every new request is so already.
        if head.method != Method::GET {
            *request.method_mut() = head.method.clone();
        }
        *request.version_mut() = head.version;
        if is_kept {
            if !head.headers.is_empty() {
                *request.headers_mut() = head.headers.clone();
            }
            if !head.extensions.is_empty() {
                *request.extensions_mut() = head.extensions.clone();
            }
        } else {
            *request.headers_mut() = mem::take(&mut head.headers);
            *request.extensions_mut() = mem::take(&mut head.extensions);
        }
    }

    /// What went to the wire, if anybody asks what evidence is about. Uses the token up.
    #[cfg(feature = "hyper-util")]
    pub(crate) fn sending(&mut self) -> Option<Sending> {
        let token = self.token.take()?;
        let head = self.head();
        Some(token.take(&head.method, &head.uri))
    }
}

/// Whether this is the response, and nothing else: a status that says that the request was not processed comes with
/// evidence.
#[inline]
pub(crate) fn is_answer<R>(response: &Response<R>) -> bool {
    response.extensions().get::<Evidence>().is_none()
}

const PUT_IN: &str = "put in before anything else";
