//! The service: one call is one attempt.

use std::sync::Arc;
use std::task::{Context, Poll};

use http::{Method, Request, Response};
use http_body::Body;
use hyper::body::Incoming;
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::{Connect, capture_connection};
use tokio::time::Instant;
use tower_service::Service;

use super::future::ResponseFuture;
use super::host;
use super::silenced::Silenced;
use super::trying::Trying;
use super::watcher::Watcher;
use crate::body::ReplayBody;
use crate::client::invalid::InvalidRequest;
use crate::conn::scope::Slot;
use crate::evidence::{AttemptError, AttemptToken, End, Evidence, Patience};
use crate::request::{OnFreshConnection, OnRecentConnection, RequestProfile, Semantics};

/// A hyper-util client whose errors carry evidence.
///
/// Wraps the client itself, with nothing between: a layer that sends further requests of its own would make the evidence
/// about those. The clones share it, so it is called by reference, as a [`Client`](legacy::Client) can be.
///
/// # Cancel safety
///
/// Dropping the future cancels the request as hyper-util does: the connection is closed unless the response had arrived.
#[derive(Debug)]
pub struct Attest<S> {
    /// Shared by the clones, of which each call takes one: the client itself is large.
    client: Arc<S>,
    /// `None`: black holes are not looked for.
    silenced: Option<Silenced>,
    /// Requests are given their `Host` here already, as the client would in any case.
    sets_host: bool,
}

impl<S> Clone for Attest<S> {
    #[inline]
    fn clone(&self) -> Self {
        Self {
            client: Arc::clone(&self.client),
            silenced: self.silenced.clone(),
            sets_host: self.sets_host,
        }
    }
}

impl<S> Attest<S> {
    /// Wraps a client. One that is still to be built is better given to [`build`](Attest::build).
    pub fn new(client: S) -> Self {
        Self {
            client: Arc::new(client),
            silenced: None,
            sets_host: false,
        }
    }

    /// Looks for black holes, as the policy says of it
    /// ([`watch_after_idle`](crate::policy::RetryPolicyBuilder::watch_after_idle)). Default: no.
    ///
    /// It takes hyper-util's `capture_connection` for each request, as the connection must be known while the request is under
    /// way: about a seventh of what a request costs. The runtime's clock must be on (`enable_time`).
    ///
    /// ```
    /// use hyper_util::client::legacy::{Client, connect::HttpConnector};
    /// use hyper_util::rt::TokioExecutor;
    /// use tower_layer::Layer;
    /// use unstale::client::hyper_util::Attest;
    /// use unstale::{ReplayLayer, RetryPolicy, TrackLayer};
    /// # type Body = unstale::ReplayBody<http_body_util::Full<bytes::Bytes>>;
    ///
    /// let connector = TrackLayer::new().layer(HttpConnector::new());
    /// let client: Attest<Client<_, Body>> = Attest::build(&Client::builder(TokioExecutor::new()), connector);
    /// let client = ReplayLayer::new(RetryPolicy::default()).layer(client.watching());
    /// # drop(client);
    /// ```
    #[must_use]
    pub fn watching(mut self) -> Self {
        self.silenced = Some(Silenced::default());
        self
    }

    /// The client.
    pub fn inner(&self) -> &S {
        &self.client
    }
}

impl<C, B> Attest<legacy::Client<C, ReplayBody<B>>>
where
    C: Connect + Clone,
    B: Send,
    ReplayBody<B>: Body<Data: Send>,
{
    /// Builds a client over `connector`, and wraps it.
    ///
    /// Does what [`new`](Self::new) does with a built one, and takes a twentieth less of each request to an `http` address. Its
    /// `Host` is set here, where hyper-util would format it anew each time; whether it is to be set is known of a builder, and
    /// not of a client.
    pub fn build(builder: &legacy::Builder, connector: C) -> Self {
        Self {
            sets_host: host::is_set_by(builder),
            ..Self::new(builder.build(connector))
        }
    }
}

impl<S, B> Service<Request<ReplayBody<B>>> for Attest<S>
where
    for<'a> &'a S: Service<
            Request<ReplayBody<B>>,
            Response = Response<Incoming>,
            Error = legacy::Error,
            Future = legacy::ResponseFuture,
        >,
{
    type Response = Response<Incoming>;
    type Error = AttemptError;
    type Future = ResponseFuture;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        (&*self.client)
            .poll_ready(cx)
            .map_err(|error| AttemptError::new(Evidence::new(End::Unknown), error))
    }

    fn call(&mut self, mut request: Request<ReplayBody<B>>) -> Self::Future {
        let token = request.body_mut().take_token();
        let terms = Terms {
            fresh: request.extensions_mut().remove(),
            recent: request.extensions_mut().remove(),
            ..Terms::of(token.as_ref())
        };
        let sending = token.map(|token| token.take(request.method(), request.uri()));
        ResponseFuture::new(self.send(request, terms), sending)
    }
}

/// On what terms an attempt is made.
#[derive(Clone, Copy)]
pub(super) struct Terms {
    pub(super) started: Instant,
    pub(super) patience: Option<Patience>,
    pub(super) fresh: Option<OnFreshConnection>,
    pub(super) recent: Option<OnRecentConnection>,
}

impl Terms {
    /// As the token says, if there is one.
    #[inline]
    pub(super) fn of(token: Option<&AttemptToken>) -> Self {
        let begun = token.map(AttemptToken::begun);
        Self {
            started: begun.map_or_else(Instant::now, Instant::from_std),
            patience: token.and_then(AttemptToken::patience),
            fresh: None,
            recent: None,
        }
    }
}

impl<S> Attest<S> {
    /// Hands a request to the client.
    #[inline]
    pub(super) fn send<B>(&self, mut request: Request<ReplayBody<B>>, terms: Terms) -> Trying
    where
        for<'a> &'a S: Service<Request<ReplayBody<B>>, Future = legacy::ResponseFuture>,
    {
        if let Some(invalid) = InvalidRequest::in_request(&request) {
            return Trying::invalid(invalid);
        }
        if self.sets_host {
            host::set(&mut request);
        }
        let silenced = self.silenced.as_ref().zip(terms.patience);
        let watcher = silenced.map(|(silenced, patience)| {
            let body = request.body().progress();
            Watcher::new(silenced.of(request.uri()), patience, body)
        });
        let is_captured = terms.fresh.is_some() || terms.recent.is_some() || watcher.is_some();
        if is_captured {
            // The extra is then cloned before the request is handed to hyper, where one that is not accepted is condemned.
            // Not on the way that works, unless it is asked for: it costs a seventh of a request.
            drop(capture_connection(&mut request));
        }
        let slot = Slot {
            progress: request.body().progress(),
            started: terms.started,
            is_captured,
            opened_after: terms.fresh.map(|fresh| Instant::from_std(fresh.moment())),
            idle_at_most: terms.recent.map(|recent| recent.limit()),
            silent_since: watcher.as_ref().and_then(Watcher::silent_since),
            tunnel: asks_for_tunnel(&request),
            opened: None,
            seen: None,
        };
        Trying::Sending {
            slot: Some(Box::new(slot)),
            watcher: watcher.map(Box::new),
            future: (&*self.client).call(request),
        }
    }
}

#[inline]
fn asks_for_tunnel<B>(request: &Request<B>) -> bool {
    let may_ask = *request.method() == Method::CONNECT || !request.headers().is_empty();
    may_ask && RequestProfile::of(request, false).semantics() == Semantics::Tunnel
}
