//! A span for each call, and an event for each verdict, with typed fields.
//!
//! Of the address nothing is told but the origin: paths and queries may hold secrets.

use http::request::Parts;
use http::{Method, Response, Uri};
use tracing::Span;
use tracing::field::Empty;

use crate::error::Error;
use crate::evidence::{Evidence, Trace};
use crate::replay::Attempts;
use crate::verdict::{Attempt, Verdict};

/// The span of one call, from its begin to its answer, error or drop; none where nobody listens.
pub(in crate::replay) struct CallSpan(Option<Box<Open>>);

struct Open {
    span: Span,
    has_ended: bool,
}

impl CallSpan {
    /// Of a call that has no request yet.
    #[inline]
    pub(in crate::replay) fn none() -> Self {
        Self(None)
    }

    #[inline]
    pub(in crate::replay) fn begin(request: &Parts) -> Self {
        // Asked first: most calls are made where nobody listens.
        let is_heard = tracing::enabled!(target: "unstale", tracing::Level::DEBUG);
        Self(is_heard.then(|| Box::new(Open::begin(&request.method, &request.uri))))
    }

    /// Does a piece of the call's work within it.
    #[inline]
    pub(in crate::replay) fn within<T>(&self, work: impl FnOnce() -> T) -> T {
        match &self.0 {
            Some(open) => open.span.in_scope(work),
            None => work(),
        }
    }

    /// Notes how the call ended.
    #[inline]
    pub(in crate::replay) fn end<R>(&mut self, result: &Result<Response<R>, Error>) {
        if let Some(open) = &mut self.0 {
            open.end(result);
        }
    }
}

impl Open {
    #[cold]
    fn begin(method: &Method, uri: &Uri) -> Self {
        let span = tracing::debug_span!(
            target: "unstale",
            "unstale.request",
            otel.kind = "client",
            http.request.method = %method,
            url.scheme = uri.scheme_str(),
            server.address = uri.host(),
            server.port = port(uri),
            http.response.status_code = Empty,
            http.request.resend_count = Empty,
            error.type = Empty,
            outcome = Empty,
        );
        Self {
            span,
            has_ended: false,
        }
    }

    #[cold]
    fn end<R>(&mut self, result: &Result<Response<R>, Error>) {
        self.has_ended = true;
        let sent_again = match result {
            Ok(response) => {
                self.span.record("outcome", "answered");
                let status = response.status().as_u16();
                self.span.record("http.response.status_code", status);
                Attempts::of(response).len()
            }
            Err(error) => {
                self.span.record("outcome", "failed");
                let reason = tracing::field::debug(error.refusal());
                self.span.record("error.type", reason);
                error.times_sent_again()
            }
        };
        if sent_again > 0 {
            self.span.record("http.request.resend_count", sent_again);
        }
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        if !self.has_ended {
            self.span.record("outcome", "dropped");
        }
    }
}

fn port(uri: &Uri) -> Option<u16> {
    let by_scheme = || match uri.scheme_str()? {
        "http" => Some(80),
        "https" => Some(443),
        _ => None,
    };
    uri.port_u16().or_else(by_scheme)
}

pub(super) fn decided(method: &Method, number: usize, attempt: &Attempt) {
    let evidence = attempt.evidence();
    let trace = evidence.and_then(Evidence::trace);
    let (replay, reason, explained) = match attempt.decided() {
        Verdict::Replay(grounds) => (true, format!("{grounds:?}"), grounds.explain()),
        Verdict::Refuse(refusal) => (false, format!("{refusal:?}"), refusal.explain()),
    };
    tracing::debug!(
        name: "unstale.verdict",
        target: "unstale",
        attempt = number,
        http.request.method = %method,
        replay,
        reason,
        delivery = evidence.map(|evidence| tracing::field::debug(evidence.delivery())),
        end = evidence.map(|evidence| tracing::field::debug(evidence.end())),
        reuse = evidence.map(|evidence| tracing::field::debug(evidence.reuse())),
        connection = trace.map(Trace::connection),
        sent = trace.map(Trace::sent),
        acknowledged = trace.and_then(Trace::acknowledged),
        received = trace.map(Trace::received),
        "{explained}"
    );
}
