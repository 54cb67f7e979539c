//! This binary started once more, in another part, if need be under a tool.
//!
//! Every process may open as many files as the hard limit permits. The shell raises the limit, as the call for it would be
//! `unsafe` here.

use std::ffi::OsString;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Output, Stdio};

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

/// A process that stays, and answers what it is asked, a line for a line. It ends when its orders end.
#[derive(Debug)]
pub(crate) struct Partner {
    process: Child,
    orders: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Partner {
    pub(crate) fn start(part: &str, arguments: &[String]) -> Outcome<Self> {
        let mut process = command(&[], part)?
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let orders = process.stdin.take().ok_or("no way to the process")?;
        let answers = process.stdout.take().ok_or("no way from the process")?;
        Ok(Self {
            process,
            orders,
            answers: BufReader::new(answers),
        })
    }

    pub(crate) fn ask(&mut self, order: &str) -> Outcome<String> {
        writeln!(self.orders, "{order}")?;
        self.hear()
    }

    pub(crate) fn hear(&mut self) -> Outcome<String> {
        let mut line = String::new();
        self.answers.read_line(&mut line)?;
        match line.trim() {
            "" => Err("the process has ended".into()),
            answer => Ok(answer.to_owned()),
        }
    }
}

impl Drop for Partner {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
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
