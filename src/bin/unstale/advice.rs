//! What to set, in three clients.
//!
//! Apart from the verdict: it follows from it, and is what a person copies. Invariant: whatever stands here is a setter that
//! exists, with a value that was measured or is below one.

use std::time::Duration;

use crate::connection::Protocol;
use crate::findings::{Failing, Findings, Idle};
use crate::quota::Quota;

/// What hyper-util and reqwest do if nobody says anything: they keep an idle connection for so long.
const THEIR_DEFAULT: Duration = Duration::from_secs(90);

/// The settings for one client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Setting {
    pub(crate) client: &'static str,
    /// Rust, a line each; none: nothing is to be set.
    pub(crate) code: Vec<String>,
    pub(crate) why: &'static str,
}

pub(crate) fn settings(findings: &Findings) -> [Setting; 3] {
    [hyper_util(findings), reqwest(findings), unstale(findings)]
}

/// The setter by which idle connections are given up early enough; `None`: the client's own 90 s are.
fn pool_idle_timeout(findings: &Findings) -> Option<String> {
    let is_known = !matches!(findings.idle(), Idle::Longer { .. });
    match findings.usable() {
        Some(usable) if is_known || usable < THEIR_DEFAULT => {
            Some(format!("    .pool_idle_timeout({})", rust(usable)))
        }
        None if is_known => Some("    .pool_max_idle_per_host(0)".to_owned()),
        Some(_) | None => None,
    }
}

/// How often a connection must be heard of, so that nothing on the way forgets it.
fn tcp_keepalive(findings: &Findings) -> Option<Duration> {
    match findings.idle() {
        Idle::Fails {
            answered,
            how: Failing::Silence,
            ..
        } if answered >= Duration::from_secs(2) => {
            // The kernel counts it in seconds.
            Some(Duration::from_secs((answered / 2).as_secs()))
        }
        _ => None,
    }
}

fn hyper_util(findings: &Findings) -> Setting {
    let mut code = Vec::new();
    if let Some(setter) = pool_idle_timeout(findings) {
        code.push("Client::builder(TokioExecutor::new())".to_owned());
        code.push("    .pool_timer(TokioTimer::new())".to_owned());
        code.push(setter);
    }
    if let Some(keepalive) = tcp_keepalive(findings) {
        let keepalive = rust(keepalive);
        code.push(format!(
            "connector.set_keepalive(Some({keepalive}))  // HttpConnector"
        ));
    }
    Setting {
        client: "hyper-util",
        why: why(findings, &code),
        code,
    }
}

fn reqwest(findings: &Findings) -> Setting {
    let mut code: Vec<_> = pool_idle_timeout(findings).into_iter().collect();
    let keepalive = tcp_keepalive(findings);
    code.extend(keepalive.map(|keepalive| format!("    .tcp_keepalive({})", rust(keepalive))));
    if !code.is_empty() {
        code.insert(0, "reqwest::Client::builder()".to_owned());
    }
    Setting {
        client: "reqwest",
        why: why(findings, &code),
        code,
    }
}

fn why(findings: &Findings, code: &[String]) -> &'static str {
    match findings.idle() {
        Idle::Longer { .. } if findings.usable().is_none() => {
            "not known: nothing was asked of an idle connection yet"
        }
        _ if code.is_empty() => "nothing to set: it gives idle connections up after 90 s by itself",
        Idle::Longer { .. } => "as far as was looked; --longest looks further",
        _ => "a request can still meet a close that comes early, as at a restart, and is lost then",
    }
}

fn unstale(findings: &Findings) -> Setting {
    let mut setters = Vec::new();
    let mut why = "nothing to set: no idle connection was closed or lost";
    match findings.idle() {
        Idle::Closes { first, .. } if findings.protocol == Protocol::Http1 => {
            let timeout = rounded(first);
            let announced = findings.first.keep_alive.as_ref();
            let announced = announced.filter(|known| !known.when_asked);
            if announced
                .and_then(|known| known.timeout)
                .is_some_and(|said| said <= first)
            {
                why = "nothing to set: it keeps to what the server announces";
            } else {
                setters.push(format!(
                    "    .prevention(Prevention::default().server_idle_timeout({}))",
                    rust(timeout)
                ));
                why = "it would learn that from two closes; so it knows before the first";
            }
        }
        Idle::Closes { .. } => {
            setters.extend(pool_idle_timeout(findings));
            why = "streams that a GOAWAY refuses are sent again; so none has to be";
        }
        Idle::Fails { .. } => {
            setters.extend(pool_idle_timeout(findings));
            let keepalive = tcp_keepalive(findings);
            setters.extend(
                keepalive.map(|keepalive| format!("    .tcp_keepalive({})", rust(keepalive))),
            );
            why = "such a loss cannot be seen before a request; idempotent ones are sent again";
        }
        Idle::Longer { .. } => {}
    }
    if let Some(Quota::Ends {
        after,
        announced: false,
    }) = findings.quota
    {
        setters.push(format!("    .pool_max_exchanges({after})"));
        why = "the server ends a connection after that many requests, and does not say so before";
    }
    if !setters.is_empty() {
        setters.insert(0, "unstale::Client::builder()".to_owned());
    }
    Setting {
        client: "unstale",
        code: setters,
        why,
    }
}

/// To the nearest tenth of a second; below two seconds to a hundredth. The margins are wider than that.
fn rounded(time: Duration) -> Duration {
    let step = if time >= Duration::from_secs(2) {
        100
    } else {
        10
    };
    let milliseconds = u64::try_from(time.as_millis()).unwrap_or(u64::MAX / 2);
    Duration::from_millis((milliseconds + step / 2) / step * step)
}

/// As it is written in Rust.
fn rust(time: Duration) -> String {
    let milliseconds = time.as_millis();
    if milliseconds % 1000 == 0 {
        format!("Duration::from_secs({})", milliseconds / 1000)
    } else {
        let (thousands, rest) = (milliseconds / 1000, milliseconds % 1000);
        match thousands {
            0 => format!("Duration::from_millis({rest})"),
            _ => format!("Duration::from_millis({thousands}_{rest:03})"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_written_as_rust_has_it() {
        let written = |milliseconds| rust(rounded(Duration::from_millis(milliseconds)));
        assert_eq!(written(4_760), "Duration::from_millis(4_800)");
        assert_eq!(written(4_998), "Duration::from_secs(5)");
        assert_eq!(written(996), "Duration::from_secs(1)");
        assert_eq!(written(987), "Duration::from_millis(990)");
        assert_eq!(written(1_052), "Duration::from_millis(1_050)");
    }
}
