//! Holds what the client saw against what the server logged: what is idempotent never fails, a POST is never executed twice,
//! and it fails only if nobody can know whether it was executed.

use std::collections::BTreeMap;

use http::{Method, StatusCode};
use unstale::evidence::{Delivery, Evidence};
use unstale::verdict::{Refusal, Verdict};

use super::client::{Answer, Failure};
use super::server::Executed;
use super::traffic::{Id, Report};

/// `or`: what an idempotent request may end with all the same.
///
/// # Panics
///
/// If the rule was broken.
pub(crate) fn judge(report: &Report<Answer, Failure>, executed: &Executed, or: Option<Refusal>) {
    println!("  unstale: {}", summary(report, executed, ""));
    println!("  of which failed: {:?}", deliveries(report));
    println!("  replays: {:?}", replays(report));
    for (id, answer) in &report.answered {
        assert_eq!(answer.status, StatusCode::OK, "{id:?}");
        assert!(
            executed.contains_key(id),
            "{id:?} was answered, but never executed"
        );
    }
    for ((method, path), failure) in &report.failed {
        assert!(
            *method == Method::POST || or.is_some() && failure.refusal() == or,
            "{method} {path} failed: {failure}\n{failure:?}"
        );
        assert_eq!(
            failure.delivery(),
            Some(Delivery::Unknown),
            "{failure}\n{failure:?}"
        );
    }
    for ((method, path), times) in executed {
        assert!(
            method != Method::POST || *times == 1 || path.starts_with("/plain"),
            "POST {path} was executed {times} times"
        );
    }
}

pub(crate) fn summary<A, E>(report: &Report<A, E>, executed: &Executed, prefix: &str) -> String {
    let times = |(method, path): &Id| {
        let logged = (method.clone(), format!("{prefix}{path}"));
        executed.get(&logged).copied().unwrap_or_default()
    };
    let ids = || report.answered.iter().map(|(id, _)| id);
    let failed = || report.failed.iter().map(|(id, _)| id);
    format!(
        "{} sent; {} GET, {} PUT and {} POST failed, {} of which were executed; {} requests were executed twice",
        report.sent(),
        report.failures(&Method::GET),
        report.failures(&Method::PUT),
        report.failures(&Method::POST),
        failed().filter(|id| times(id) > 0).count(),
        ids().chain(failed()).filter(|id| times(id) > 1).count(),
    )
}

fn deliveries<A>(report: &Report<A, Failure>) -> BTreeMap<String, usize> {
    let said = report.failed.iter().map(|(_, failure)| {
        let evidence = failure.evidence();
        let end = evidence.map(Evidence::end);
        format!("{:?} ({end:?})", failure.delivery())
    });
    count(said)
}

fn replays(report: &Report<Answer, Failure>) -> BTreeMap<String, usize> {
    let answered = report.answered.iter().map(|(_, answer)| &answer.attempts);
    let failed = report.failed.iter().map(|(_, failure)| failure.attempts());
    let attempts = answered.map(Vec::as_slice).chain(failed).flatten();
    count(attempts.filter_map(|attempt| match attempt.decided() {
        Verdict::Replay(grounds) => Some(format!("{grounds:?}")),
        _ => None,
    }))
}

fn count(names: impl Iterator<Item = String>) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for name in names {
        *counts.entry(name).or_default() += 1;
    }
    counts
}
