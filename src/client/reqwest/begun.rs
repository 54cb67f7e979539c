//! An attempt, for whoever looks into what became of it.

use http::{Method, Request};
use reqwest::Body;
use tokio::time::Instant;

use super::known::Origin;
use crate::body::ReplayBody;
use crate::evidence::{AttemptToken, Sending};

/// An attempt that has begun.
#[derive(Debug)]
pub(super) struct Begun {
    pub(super) method: Method,
    pub(super) origin: Option<Origin>,
    pub(super) at: Instant,
    pub(super) sending: Option<Sending>,
}

impl Begun {
    /// The attempt at this request; takes its token.
    pub(super) fn of(request: &mut Request<ReplayBody<Body>>) -> Self {
        let token = request.body_mut().take_token();
        let at = token.as_ref().map(AttemptToken::begun);
        Self {
            method: request.method().clone(),
            origin: Origin::of(request.uri()),
            at: at.map_or_else(Instant::now, Instant::from_std),
            sending: token.map(|token| token.take(request.method(), request.uri())),
        }
    }
}
