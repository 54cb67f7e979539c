//! What the loop asks of whatever carries its requests to the wire: one attempt at a time.
//!
//! Apart from tower's `Service` because the loop keeps the head of a request for the attempts that may follow. A carrier of our
//! own reads there what goes on the wire, and what is to be told of a failure; a service is given a copy of all of it.
//!
//! An attempt is begun in the place where it stays, which the loop has: what is large is nowhere handed on.

use std::pin::Pin;
use std::task::{Context, Poll};

use http::Response;
use http::request::Parts;

use crate::body::ReplayBody;
use crate::evidence::AttemptToken;
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
    fn begin(&mut self, head: &mut Parts, load: Load<B>, attempt: Pin<&mut Self::Attempt>);

    /// Goes on with an attempt. `head` is the one that it was begun with.
    fn poll(
        &self,
        attempt: Pin<&mut Self::Attempt>,
        head: &Parts,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Response<Self::Body>, Self::Error>>;
}

/// What one attempt has beside the head of its request.
#[derive(Debug)]
pub(crate) struct Load<B> {
    pub(crate) body: ReplayBody<B>,
    /// `None` for a request that is sent once, as nobody asks what its evidence is about; unless it may be given up.
    pub(crate) token: Option<AttemptToken>,
    /// Only a connection opened after this may carry it.
    pub(crate) fresh: Option<OnFreshConnection>,
    /// Only a connection that was not idle for longer than this may carry it.
    pub(crate) recent: Option<OnRecentConnection>,
    /// Whether the head is wanted for another attempt.
    pub(crate) is_kept: bool,
}
