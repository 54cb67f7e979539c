//! Spans of connections, and events of what becomes of them.
//!
//! They have no parent: a connection outlives the request that it was opened for, and may go to another. It follows from
//! that request instead.

use std::error::Error as StdError;
use std::iter::successors;
use std::sync::Arc;

use tracing::Span;
use tracing::field::Empty;
use tracing::instrument::{Instrument, Instrumented};
use tracing::level_filters::LevelFilter;

use crate::pool::route::{Dialed, Route};
use crate::pool::sender::Protocol;
use crate::pool::state::{Told, What};

/// The span of a connection, for as long as it is open. Shared and not cloned: whoever listens would hear of a clone, and
/// this is done under the pool's lock.
#[derive(Clone, Debug, Default)]
pub(in crate::pool) struct Watch(Option<Arc<Span>>);

impl Watch {
    /// Does the connection's work within its span.
    pub(in crate::pool) fn within<F: Future>(self, work: F) -> Instrumented<F> {
        work.instrument(self.0.map_or_else(Span::none, |span| Span::clone(&span)))
    }
}

/// The span of a connection that is being opened.
pub(in crate::pool) struct Connecting(Span);

impl Connecting {
    /// Begins in the task of the request that wants a connection.
    pub(in crate::pool) fn begin(route: &Route) -> Self {
        let span = tracing::debug_span!(
            target: "unstale",
            parent: None,
            "unstale.connect",
            url.scheme = route.key.scheme().as_str(),
            server.address = route.key.authority().host(),
            server.port = route.port(),
            connection = Empty,
            error = Empty,
        );
        span.follows_from(Span::current());
        Self(span)
    }

    pub(in crate::pool) fn within<F: Future>(&self, work: F) -> Instrumented<F> {
        work.instrument(self.0.clone())
    }

    pub(super) fn failed(self, error: &(dyn StdError + 'static)) {
        let chain = successors(Some(error), |error| (*error).source());
        let chain: Vec<_> = chain.map(ToString::to_string).collect();
        let error = chain.join(": ");
        self.0.record("error", error.as_str());
        tracing::debug!(
            name: "unstale.connect.failed",
            target: "unstale",
            parent: &self.0,
            error,
            "no connection could be opened"
        );
    }

    /// It is open: its own span begins.
    pub(in crate::pool) fn opened(self, route: &Route, dialed: &Dialed) -> Watch {
        let number = dialed.ledger.id();
        self.0.record("connection", number);
        let span = tracing::debug_span!(
            target: "unstale",
            parent: None,
            "unstale.connection",
            connection = number,
            url.scheme = route.key.scheme().as_str(),
            server.address = route.key.authority().host(),
            server.port = route.port(),
            network.protocol.name = "http",
            network.protocol.version = version(dialed.sender.protocol()),
            ended_by = Empty,
        );
        span.follows_from(&self.0);
        Watch((!span.is_disabled()).then(|| Arc::new(span)))
    }
}

fn version(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Http1 => "1.1",
        Protocol::Http2 => "2",
    }
}

/// Whether anybody wants to hear of each request that goes over a connection which was open already.
#[inline]
pub(in crate::pool) fn hears_of_reuse() -> bool {
    // Not `enabled!`, which asks whoever listens: this is under the pool's lock.
    LevelFilter::current() >= LevelFilter::TRACE
}

/// Within its span, and of a reuse within the request's.
pub(super) fn tell(told: &Told) {
    let span = told.watch.0.as_deref().cloned().unwrap_or_else(Span::none);
    let connection = told.number;
    match told.what {
        What::Opened => tracing::debug!(
            name: "unstale.connection.opened",
            target: "unstale",
            parent: &span,
            connection,
            "a connection was opened"
        ),
        What::Reused => tracing::trace!(
            name: "unstale.connection.reused",
            target: "unstale",
            connection,
            "a connection that was open already was taken"
        ),
        What::Discarded(reason) => {
            let named = format!("{reason:?}");
            span.record("ended_by", named.as_str());
            tracing::debug!(
                name: "unstale.connection.discarded",
                target: "unstale",
                parent: &span,
                connection,
                reason = named,
                "a connection was given up: {}",
                reason.explain()
            );
        }
        What::Closed => tracing::debug!(
            name: "unstale.connection.closed",
            target: "unstale",
            parent: &span,
            connection,
            "a connection was closed"
        ),
    }
}
