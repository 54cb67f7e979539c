//! What became of each run, held against the server's log: a table for people.

use std::collections::BTreeMap;
use std::fmt;

use http::Method;
use unstale::evidence::{Delivery, End, Evidence, SecondLook};
use unstale::verdict::{Grounds, Verdict};

use super::contestants::Run;
use super::wire::WithoutProof;
use crate::client::{Answer, Failure};
use crate::server::{Executed, Program};

/// The request was acknowledged when the client saw the end: by the FIN itself, or by what came right after it to a client that was
/// late. Whether it had crossed the FIN is not to be told then.
const SEEN_TOO_LATE: End = End::Closed(SecondLook::Undecided);

/// Which POSTs may fail; all others must be sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Failures {
    Any,
    /// No more than there were connections that ended without proof.
    WithoutProof,
    /// Those of which the client could not see that they had crossed a half-close; fewer than are sent again.
    SeenTooLate,
}

/// One run.
#[derive(Debug)]
pub(super) struct Line {
    name: String,
    /// The paths in the server's log.
    answered: Vec<String>,
    failed: Vec<String>,
    /// How those ended that failed, as far as the client tells.
    ends: BTreeMap<String, usize>,
    replays: Vec<Grounds>,
    without_proof: WithoutProof,
    executed: Counted,
    faults: Vec<&'static str>,
}

/// What the server's log says of a run.
#[derive(Clone, Copy, Debug, Default)]
struct Counted {
    failed: usize,
    twice: usize,
}

impl Line {
    pub(super) fn new<A, E>(run: &Run<A, E>) -> Self {
        let answered = run.report.answered.iter();
        let failed = run.report.failed.iter();
        let (shortest, longest) = (run.shortest.as_secs_f64(), run.longest.as_secs_f64());
        Self {
            name: format!(
                "{:?} | {} | {shortest:.3} to {longest:.3}",
                run.scheme, run.client
            ),
            answered: answered.map(|((_, path), _)| run.logged(path)).collect(),
            failed: failed.map(|((_, path), _)| run.logged(path)).collect(),
            ends: BTreeMap::new(),
            replays: Vec::new(),
            without_proof: run.without_proof,
            executed: Counted::default(),
            faults: Vec::new(),
        }
    }

    pub(super) fn unstale(run: &Run<Answer, Failure>, may_fail: Failures) -> Self {
        let mut line = Self::new(run);
        let report = &run.report;
        let answered = report.answered.iter();
        let answered = answered.map(|(_, answer)| &answer.attempts[..]);
        let failed = report.failed.iter().map(|(_, failure)| failure.attempts());
        for attempt in answered.chain(failed).flatten() {
            if let Verdict::Replay(grounds) = attempt.decided() {
                line.replays.push(grounds);
            }
        }
        let mut is_wrong = false;
        for (_, failure) in &report.failed {
            let end = failure.evidence().map_or(End::Unknown, Evidence::end);
            is_wrong |= failure.delivery() != Some(Delivery::Unknown);
            is_wrong |= may_fail == Failures::SeenTooLate && end != SEEN_TOO_LATE;
            *line.ends.entry(format!("{end:?}")).or_default() += 1;
        }
        is_wrong |=
            may_fail == Failures::WithoutProof && report.failed.len() > run.without_proof.all();
        if is_wrong {
            let fault = "a POST failed that should have been sent again";
            line.faults.push(fault);
        }
        line
    }

    /// Counts in the server's log. What was answered was executed, and nothing more than once.
    fn count(&mut self, executed: &Executed) {
        let times = |path: &&String| {
            let logged = (Method::POST, (*path).clone());
            executed.get(&logged).copied().unwrap_or_default()
        };
        let all = self.answered.iter().chain(&self.failed);
        self.executed = Counted {
            failed: self.failed.iter().filter(|path| times(path) > 0).count(),
            twice: all.filter(|path| times(path) > 1).count(),
        };
        if self.executed.twice > 0 {
            self.faults.push("a POST was executed twice");
        }
        if self.answered.iter().any(|path| times(&path) == 0) {
            self.faults
                .push("a POST was answered that was not executed");
        }
    }

    fn replays(&self, grounds: Grounds) -> usize {
        self.replays.iter().filter(|by| **by == grounds).count()
    }
}

/// The runs with one server.
#[derive(Debug)]
pub(super) struct Table {
    program: &'static Program,
    lines: Vec<Line>,
}

impl Table {
    pub(super) fn new(program: &'static Program) -> Self {
        let lines = Vec::new();
        Self { program, lines }
    }

    pub(super) fn add(&mut self, line: Line) {
        self.lines.push(line);
    }

    pub(super) fn count(&mut self, executed: &Executed) {
        for line in &mut self.lines {
            line.count(executed);
        }
    }

    /// # Panics
    ///
    /// If in one of the runs something was not as it must be.
    pub(super) fn assert_held(&self) {
        let lines = self.lines.iter().filter(|line| !line.faults.is_empty());
        let faults: Vec<_> = lines.map(|line| (&line.name, &line.faults)).collect();
        assert!(faults.is_empty(), "{}: {faults:?}", self.program);
        let fin_first = [Grounds::NotReceived, Grounds::TrustedHalfClose];
        let mut replays = self.lines.iter().flat_map(|line| &line.replays);
        let has_crossed = replays.any(|grounds| fin_first.contains(grounds));
        assert!(has_crossed, "{}: no POST crossed a FIN", self.program);
    }
}

const HEAD: &str = "\
| over | client | idle for, s | POSTs | failed | of these executed | sent again: `NotSent` | `NotReceived` | half-close trusted | \
executed twice |
| --- | --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |";

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\n{}\n\n{HEAD}", self.program)?;
        for line in &self.lines {
            let posts = line.answered.len() + line.failed.len();
            let (failed, executed) = (line.failed.len(), line.executed);
            write!(
                f,
                "| {} | {posts} | {failed} | {} |",
                line.name, executed.failed
            )?;
            for grounds in [
                Grounds::NotSent,
                Grounds::NotReceived,
                Grounds::TrustedHalfClose,
            ] {
                write!(f, " {} |", line.replays(grounds))?;
            }
            writeln!(f, " {} |", executed.twice)?;
        }
        for line in self.lines.iter().filter(|line| !line.ends.is_empty()) {
            let (ends, without_proof) = (&line.ends, line.without_proof);
            writeln!(
                f,
                "\n{}, failed: {ends:?}; ended without proof, by the wire: {without_proof:?}",
                line.name
            )?;
        }
        Ok(())
    }
}
