//! The report in words, as it is laid out in a terminal.
//!
//! Apart from the sentences themselves. Invariant: no line is wider than a page.

use std::fmt::Write;
use std::time::Duration;

use super::paint::Paint;
use super::verdict;
use crate::advice::{self, Setting};
use crate::findings::{Findings, Idle};
use crate::line::How;
use crate::trial::Seen;

/// How wide a page is.
pub(crate) const WIDTH: usize = 100;
const INDENT: usize = 16;

/// A time as people read it.
pub(crate) fn time(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    match seconds {
        _ if seconds < 0.000_95 => format!("{:.2} ms", seconds * 1000.0),
        _ if seconds < 0.0095 => format!("{:.1} ms", seconds * 1000.0),
        _ if seconds < 0.9995 => format!("{:.0} ms", seconds * 1000.0),
        _ if seconds < 99.995 => format!("{seconds:.2} s"),
        _ => format!("{seconds:.1} s"),
    }
}

/// What was seen on one connection.
pub(crate) fn seen(seen: &Seen) -> String {
    match seen {
        Seen::Answered => "answered".to_owned(),
        Seen::Closed(close) => match close.how {
            How::Fin { .. } if close.said.is_some() => "closed, after a 408 or the like".to_owned(),
            How::Fin { .. } => "closed by a FIN".to_owned(),
            How::Reset => "closed by a RST".to_owned(),
            How::GoAway(_) => "closed by GOAWAY".to_owned(),
            How::Broken => "given up by this machine".to_owned(),
        },
        Seen::Lost(close) if close.how == How::Reset => {
            "a request was answered by a RST".to_owned()
        }
        Seen::Lost(_) => "closed when a request came".to_owned(),
        Seen::Silent => "not a sign of life".to_owned(),
        Seen::Unanswered => "no answer in time".to_owned(),
        Seen::Open => "open".to_owned(),
    }
}

pub(super) fn headline(url: &str, findings: &Findings) -> String {
    format!("{url}  {}", findings.protocol)
}

/// Who answered.
pub(super) fn server(findings: &Findings) -> String {
    let mut parts = vec![findings.addr.to_string(), findings.first.status.to_string()];
    parts.extend(findings.first.server.as_deref().map(printable));
    if let Some(round_trip) = findings.first.round_trip {
        parts.push(format!("round trip {}", time(round_trip)));
    }
    parts.push(format!(
        "{} connections in {}",
        findings.observations.len() + 1,
        time(findings.took)
    ));
    parts.join(" · ")
}

/// Of what a server says of itself nothing reaches the terminal but letters.
fn printable(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(60).collect()
}

pub(super) fn verdict(findings: &Findings, paint: Paint) -> String {
    let mut text = String::new();
    for (question, answer) in verdict::sentences(findings) {
        let mut lines = wrapped(&answer, WIDTH - INDENT).into_iter();
        let first = lines.next().unwrap_or_default();
        let label = format!("  {question:<width$}", width = INDENT - 2);
        let _ = writeln!(text, "{}{first}", paint.bold(&label));
        for line in lines {
            let _ = writeln!(text, "{:INDENT$}{line}", "");
        }
    }
    text
}

pub(super) fn settings(findings: &Findings, paint: Paint) -> String {
    let mut text = match (findings.usable(), findings.idle()) {
        (Some(usable), _) => format!(
            "  {} {}\n",
            paint.bold("What to set: use a connection that has been idle for up to"),
            paint.good(&time(usable))
        ),
        (None, Idle::Longer { .. }) => format!("  {}\n", paint.bold("What to set: not known")),
        (None, _) => format!(
            "  {}\n",
            paint.bold("What to set: no idle connection is worth being kept")
        ),
    };
    for Setting { client, code, why } in advice::settings(findings) {
        let _ = writeln!(text, "\n  {client}: {}", paint.dim(why));
        for line in code {
            let _ = writeln!(text, "      {}", paint.code(&line));
        }
    }
    text
}

/// Lines of so many characters at most; a word that is longer stands alone.
pub(crate) fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let length = |line: &String| line.chars().count();
        let Some(line) = lines.last_mut() else { break };
        if line.is_empty() {
            line.push_str(word);
        } else if length(line) + 1 + word.chars().count() <= width {
            line.push(' ');
            line.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_has_as_many_digits_as_are_of_use() {
        let told = |micros| time(Duration::from_micros(micros));
        let all = [80, 1_500, 42_000, 999_900, 5_003_000, 120_000_000].map(told);
        assert_eq!(
            all,
            ["0.08 ms", "1.5 ms", "42 ms", "1.00 s", "5.00 s", "120.0 s"]
        );
    }

    #[test]
    fn lines_are_no_wider_than_allowed() {
        let lines = wrapped("one two three four extraordinarily five", 10);
        assert_eq!(lines, ["one two", "three four", "extraordinarily", "five"]);
    }
}
