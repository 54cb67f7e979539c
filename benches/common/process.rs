//! This binary started once more, in another part, if need be under a tool.
//!
//! Every process may open as many files as the hard limit permits. The shell raises the limit, as the call for it would be
//! `unsafe` here.

use std::ffi::OsString;
use std::process::{Command, Output};

use super::{Order, Outcome};

pub(crate) const SERVER: &str = "serve";
pub(crate) const CLIENT: &str = "client";

const RAISE_LIMIT: &str = r#"ulimit -n "$(ulimit -Hn)" && exec "$@""#;

/// A command that runs `tool`, if any, and under it this binary in the part `part`.
pub(crate) fn command(tool: &[OsString], part: &str) -> Outcome<Command> {
    let mut command = Command::new("sh");
    command.args(["-c", RAISE_LIMIT, "sh"]);
    command.args(tool).arg(std::env::current_exe()?).arg(part);
    Ok(command)
}

/// Runs a client to its end, under `tool`, if any. Fails if it fails, with what it said.
pub(crate) fn run_client(tool: &[OsString], order: &Order) -> Outcome<Said> {
    let output = command(tool, CLIENT)?.args(order.arguments()).output()?;
    Said::of(&output, &format!("{} ({})", order.kind.name(), order.case))
}

/// What a process wrote.
pub(crate) struct Said {
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Said {
    fn of(output: &Output, who: &str) -> Outcome<Self> {
        let said = Self {
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        };
        if output.status.success() {
            Ok(said)
        } else {
            Err(format!("{who}: {}\n{}{}", output.status, said.out, said.err).into())
        }
    }

    /// The number behind `name` in a line of what was written.
    pub(crate) fn figure(&self, name: &str) -> Outcome<f64> {
        let mut lines = self.out.lines();
        let found = lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        let found = found.ok_or_else(|| format!("no {name} in: {}", self.out))?;
        Ok(found.parse()?)
    }
}

/// Fails if `program` cannot be run.
pub(crate) fn ensure_program(program: &str) -> Outcome<()> {
    match Command::new(program).arg("--version").output() {
        Ok(output) if output.status.success() => Ok(()),
        _ => Err(format!("{program} is needed, and cannot be run").into()),
    }
}
