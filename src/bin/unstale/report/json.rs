//! The report for programs: one JSON object for each URL, on a line of its own.
//!
//! Apart from the words, which may change; its fields are documented in `docs/doctor.md` and stay. Invariant: times are
//! numbers, in milliseconds; what is not known is null.

use std::time::Duration;

use serde_json::{Value, json};

use super::verdict;
use crate::advice::{self, Setting};
use crate::failure::Failure;
use crate::findings::{Failing, Findings, Idle};
use crate::line::How;
use crate::manners::Close;
use crate::probe::Probed;
use crate::quota::Quota;
use crate::trial::{Observation, Seen};

pub(super) fn of(url: &str, probed: &Probed) -> Value {
    match probed {
        Ok(all) => json!({
            "url": url,
            "error": null,
            "protocols": all.iter().map(findings).collect::<Vec<_>>(),
        }),
        Err(failure) => json!({
            "url": url,
            "error": error(failure),
            "protocols": [],
        }),
    }
}

fn error(failure: &Failure) -> Value {
    json!({
        "kind": failure.name(),
        "exit_code": failure.code(),
        "message": failure.to_string(),
    })
}

fn findings(findings: &Findings) -> Value {
    let first = &findings.first;
    let announced = first.keep_alive.as_ref().map(|known| {
        json!({
            "timeout_ms": known.timeout.map(milliseconds),
            "max": known.max,
            "only_when_asked": known.when_asked,
        })
    });
    let manners = findings.manners();
    let manners = manners
        .iter()
        .map(|(how, count)| json!({ "count": count, "close": close(how) }));
    let sentences = verdict::sentences(findings).into_iter();
    let settings = advice::settings(findings);
    json!({
        "protocol": findings.protocol.to_string(),
        "address": findings.addr.to_string(),
        "status": first.status.as_u16(),
        "server": first.server,
        "round_trip_ms": first.round_trip.map(milliseconds),
        "idle_timeout": idle(findings),
        "usable_idle_ms": findings.usable().map(milliseconds),
        "scattered": findings.is_scattered(),
        "announced": announced,
        "closes": manners.collect::<Vec<_>>(),
        "requests": findings.quota.map(quota),
        "ping_ms": first.ping.map(milliseconds),
        "forgotten": findings.observations.iter().any(|one| matches!(one.seen, Seen::Silent)),
        "observations": findings.observations.iter().map(observation).collect::<Vec<_>>(),
        "unusable_connections": findings.failures,
        "interrupted": findings.interrupted,
        "took_ms": milliseconds(findings.took),
        "verdict": sentences.map(|(question, answer)| json!([question, answer])).collect::<Vec<_>>(),
        "settings": settings.iter().map(setting).collect::<Vec<_>>(),
    })
}

fn idle(findings: &Findings) -> Value {
    match findings.idle() {
        Idle::Closes {
            age,
            first,
            last,
            count,
        } => json!({
            "kind": "closes",
            "ms": milliseconds(age),
            "first_ms": milliseconds(first),
            "last_ms": milliseconds(last),
            "count": count,
        }),
        Idle::Fails {
            answered,
            lost,
            how,
        } => json!({
            "kind": match how {
                Failing::Closed(_) => "closes_when_asked",
                Failing::Silence => "forgotten",
                Failing::NoAnswer => "no_answer",
            },
            "ms": milliseconds((answered + lost) / 2),
            "answered_ms": milliseconds(answered),
            "lost_ms": milliseconds(lost),
        }),
        Idle::Longer { than } => json!({
            "kind": "longer",
            "ms": null,
            "than_ms": milliseconds(than),
        }),
    }
}

fn quota(quota: Quota) -> Value {
    let (kind, count) = match quota {
        Quota::AtLeast(count) => ("at_least", count),
        Quota::Ends {
            after,
            announced: true,
        } => ("ends_announced", after),
        Quota::Ends {
            after,
            announced: false,
        } => ("ends_unannounced", after),
        Quota::Stopped { after } => ("stopped", after),
    };
    json!({ "kind": kind, "count": count })
}

fn observation(observation: &Observation) -> Value {
    let (seen, how) = match &observation.seen {
        Seen::Answered => ("answered", None),
        Seen::Closed(how) => ("closed", Some(how)),
        Seen::Lost(how) => ("lost", Some(how)),
        Seen::Silent => ("silent", None),
        Seen::Unanswered => ("unanswered", None),
        Seen::Open => ("open", None),
    };
    json!({
        "idle_ms": milliseconds(observation.age),
        "seen": seen,
        "close": how.map(close),
    })
}

fn close(close: &Close) -> Value {
    let (by, close_notify, goaway) = match close.how {
        How::Fin { close_notify } => ("fin", close_notify, None),
        How::Reset => ("rst", None, None),
        How::GoAway(goaway) => ("goaway", None, Some(goaway)),
        How::Broken => ("broken", None, None),
    };
    json!({
        "by": by,
        "close_notify": close_notify,
        "goaway": goaway.map(|goaway| json!({
            "last_stream": goaway.last_stream,
            "code": goaway.code,
            "fin_after_ms": close.fin_after.map(milliseconds),
        })),
        "unasked_status": close.said,
        "lingers": close.lingers,
    })
}

fn setting(setting: &Setting) -> Value {
    json!({
        "client": setting.client,
        "code": setting.code.join("\n"),
        "why": setting.why,
    })
}

/// To the microsecond.
fn milliseconds(time: Duration) -> f64 {
    (time.as_secs_f64() * 1e6).round() / 1e3
}
