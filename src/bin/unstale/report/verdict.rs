//! The verdict, a sentence for each question.
//!
//! Apart from how it is laid out, since people, programs and the picture read the same sentences. Invariant: a sentence says
//! what was seen, and how often.

use std::time::Duration;

use super::words::time;
use crate::connection::Protocol;
use crate::findings::{Failing, Findings, Idle};
use crate::line::{GoAway, How};
use crate::manners::Close;
use crate::quota::Quota;
use crate::trial::Seen;

/// The greatest number of a stream: a GOAWAY that names it announces another one.
const ANY_STREAM: u32 = 0x7fff_ffff;

/// Question and answer, in the order in which they are told.
pub(super) fn sentences(findings: &Findings) -> Vec<(&'static str, String)> {
    let mut sentences = vec![
        ("Idle timeout", idle(findings)),
        ("Announced", announced(findings)),
    ];
    let manners = manners(findings);
    if !manners.is_empty() {
        sentences.push(("Closes", manners));
    }
    sentences.push(("Requests", requests(findings)));
    if findings.protocol == Protocol::Http2 {
        sentences.push(("PING", ping(findings)));
    }
    sentences.push(("On the way", on_the_way(findings)));
    if findings.failures > 0 {
        let refused = "a connection could not be opened or used while others were idle; no more were tried after that";
        sentences.push(("Refused", refused.to_owned()));
    }
    if findings.interrupted {
        let early = "interrupted: this is what was known by then";
        sentences.push(("Note", early.to_owned()));
    }
    sentences
}

/// The first of them, in short.
pub(super) fn idle(findings: &Findings) -> String {
    match findings.idle() {
        Idle::Closes {
            age,
            first,
            last,
            count,
        } => {
            let of = match count {
                1 => "one connection".to_owned(),
                _ => format!("{count} connections, {} to {}", exact(first), exact(last)),
            };
            if findings.is_scattered() {
                format!(
                    "closes idle connections at ages that do not agree, the first after {} ({of}): several servers behind one \
                     name, a restart, or a limit other than age",
                    time(first)
                )
            } else {
                format!("closes an idle connection after {} ({of})", time(age))
            }
        }
        Idle::Fails {
            answered,
            lost,
            how,
        } => {
            let what = match how {
                Failing::Closed(close) if close.said.is_some() => {
                    "the connection looks open, and a request on it is answered 408"
                }
                Failing::Closed(close) if close.how == How::Reset => {
                    "the connection looks open, and a request on it is answered by a RST"
                }
                Failing::Closed(_) => {
                    "the connection looks open, and the server closes it when a request comes"
                }
                Failing::Silence => "the connection looks open, and nothing answers on it",
                Failing::NoAnswer => "a request on it is taken, and not answered",
            };
            let about = time((answered + lost) / 2);
            let answered = if answered == Duration::ZERO {
                "right away".to_owned()
            } else {
                format!("after {}", time(answered))
            };
            format!(
                "about {about}: {what} (answered {answered}, lost after {})",
                time(lost)
            )
        }
        Idle::Longer { than } if than.is_zero() => "not known: no connection lay idle".to_owned(),
        Idle::Longer { than } => format!("longer than {}: none was closed or lost", time(than)),
    }
}

/// To the millisecond.
fn exact(time: Duration) -> String {
    format!("{:.3} s", time.as_secs_f64())
}

fn announced(findings: &Findings) -> String {
    if findings.protocol == Protocol::Http2 {
        return "HTTP/2 has no field for it".to_owned();
    }
    let Some(known) = &findings.first.keep_alive else {
        return "no, not even to a request that says Connection: keep-alive".to_owned();
    };
    let mut said = Vec::new();
    said.extend(
        known
            .timeout
            .map(|timeout| format!("timeout={}", timeout.as_secs())),
    );
    said.extend(known.max.map(|max| format!("max={max}")));
    let said = format!("Keep-Alive: {}", said.join(", "));
    let when = if known.when_asked {
        ", to a request that says Connection: keep-alive, and to no other"
    } else {
        ""
    };
    let differs = match (known.timeout, findings.idle()) {
        (Some(timeout), Idle::Closes { age, .. }) if timeout > age + age / 20 => {
            ". It closes before that: who believes it loses requests"
        }
        (Some(timeout), Idle::Closes { age, .. }) if timeout < age.mul_f64(0.95) => {
            ", and it keeps them for longer"
        }
        _ => "",
    };
    format!("{said}{when}{differs}")
}

fn manners(findings: &Findings) -> String {
    let manners = findings.manners();
    let several = manners.len() > 1;
    let told = manners.iter().map(|(close, count)| {
        let told = manner(close);
        if several {
            format!("{told} ({count} times)")
        } else {
            told
        }
    });
    told.collect::<Vec<_>>().join("; ")
}

fn manner(close: &Close) -> String {
    let mut told = match close.how {
        How::Fin {
            close_notify: Some(false),
        } => "by a FIN without close_notify".to_owned(),
        How::Fin {
            close_notify: Some(true),
        } => "by close_notify and FIN".to_owned(),
        How::Fin { close_notify: None } => "by a FIN".to_owned(),
        How::Reset => "by a RST, with no FIN before it".to_owned(),
        How::GoAway(GoAway { last_stream, code }) => {
            let kind = match (code, last_stream) {
                (0, ANY_STREAM) => "without an error, and for streams to come only",
                (0, _) => "without an error",
                _ => "with an error",
            };
            let then = match close.fin_after {
                Some(after) if after < Duration::from_millis(20) => "a FIN right behind".to_owned(),
                Some(after) => format!("a FIN {} later", time(after)),
                None => "no FIN for two seconds: that is left to the client".to_owned(),
            };
            format!("by GOAWAY {kind}, and {then}")
        }
        How::Broken => "not at all: this machine gave the connection up".to_owned(),
    };
    if let Some(status) = close.said {
        told = format!("with an answer {status} that nobody asked for, then {told}");
    }
    match close.lingers {
        Some(true) => told.push_str(
            "; it lingers half-closed: what crosses is taken and thrown away, and nobody can tell that from having been processed",
        ),
        Some(false) => told.push_str("; in both directions: what crosses is answered by a RST"),
        None => {}
    }
    told
}

fn requests(findings: &Findings) -> String {
    match findings.quota {
        Some(Quota::AtLeast(count)) => format!("at least {count} over one connection"),
        Some(Quota::Ends { after, announced }) => {
            let how = match (announced, findings.protocol) {
                (true, Protocol::Http1) => "the last answer says Connection: close",
                (true, Protocol::Http2) => "a GOAWAY says so",
                (false, _) => "without a word: the next request is lost",
            };
            format!("{after} over one connection, then it ends; {how}")
        }
        Some(Quota::Stopped { after }) => {
            format!(
                "at least {after}; it asked to slow down then, or did not answer, and was not asked further"
            )
        }
        None => "not known".to_owned(),
    }
}

fn ping(findings: &Findings) -> String {
    match findings.first.ping {
        Some(took) => format!("answered, in {}", time(took)),
        None => "not answered: HTTP/2 keep-alive would end living connections".to_owned(),
    }
}

fn on_the_way(findings: &Findings) -> String {
    let silent = |seen: &Seen| matches!(seen, Seen::Silent);
    let silent = findings
        .observations
        .iter()
        .find(|observation| silent(&observation.seen));
    match silent {
        Some(observation) => format!(
            "something forgets connections and says nothing: no sign of life after {} idle",
            time(observation.age)
        ),
        None => match findings.longest_answered() {
            Duration::ZERO => "not known whether something forgets connections".to_owned(),
            answered => format!(
                "nothing forgets connections, as far as {} idle: the longest that was answered",
                time(answered)
            ),
        },
    }
}
