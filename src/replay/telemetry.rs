//! What the loop tells the log: one event a verdict, with typed fields.

use http::Method;

use crate::verdict::Attempt;

/// A verdict was carried out: the request is replayed, or its failure handed to the caller.
#[cfg(feature = "tracing")]
pub(super) fn decided(method: &Method, number: usize, attempt: &Attempt) {
    use crate::evidence::{Evidence, Trace};
    use crate::verdict::Verdict;

    let evidence = attempt.evidence();
    let trace = evidence.and_then(Evidence::trace);
    let (replay, reason, explained) = match attempt.decided() {
        Verdict::Replay(grounds) => (true, format!("{grounds:?}"), grounds.explain()),
        Verdict::Refuse(refusal) => (false, format!("{refusal:?}"), refusal.explain()),
    };
    tracing::debug!(
        name: "unstale.verdict",
        target: "unstale",
        method = %method,
        attempt = number,
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

/// Nobody listens.
#[cfg(not(feature = "tracing"))]
pub(super) fn decided(_: &Method, _: usize, _: &Attempt) {}
