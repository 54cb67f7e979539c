//! What is told while it works: a bar on a terminal, plain lines elsewhere. On standard error, so that the report stands
//! alone.
//!
//! Apart from the report. Invariant: whatever is told here is told again in the report; nothing is lost without it.

use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use crate::connection::Protocol;
use crate::report::words;
use crate::trial::Observation;

/// Where the progress of a probe goes.
#[derive(Debug)]
pub(crate) struct Screen {
    bars: Option<MultiProgress>,
    quiet: bool,
}

/// The progress of one survey.
#[derive(Debug)]
pub(crate) struct Progress {
    protocol: Protocol,
    bar: Option<ProgressBar>,
    quiet: bool,
}

impl Screen {
    pub(crate) fn new(quiet: bool) -> Self {
        let is_terminal = std::io::stderr().is_terminal();
        Self {
            bars: (is_terminal && !quiet).then(MultiProgress::new),
            quiet,
        }
    }

    /// What is about to be done.
    pub(crate) fn say(&self, text: &str) {
        if !self.quiet {
            eprintln!("{}", words::wrapped(text, words::WIDTH).join("\n"));
        }
    }

    pub(crate) fn begin(&self, protocol: Protocol, longest: Duration) -> Progress {
        let bar = self.bars.as_ref().map(|bars| {
            let length = u64::try_from(longest.as_millis()).unwrap_or(u64::MAX);
            let bar = bars.add(ProgressBar::new(length));
            let style =
                ProgressStyle::with_template("{spinner:.cyan} {prefix:<8} {bar:28.cyan/238} {msg}");
            if let Ok(style) = style {
                bar.set_style(style.progress_chars("━╸─"));
            }
            bar.set_prefix(protocol.to_string());
            bar
        });
        Progress {
            protocol,
            bar,
            quiet: self.quiet,
        }
    }
}

impl Progress {
    /// Time goes by.
    pub(crate) fn beat(&self, elapsed: Duration, open: usize) {
        if let Some(bar) = &self.bar {
            bar.set_position(u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX));
            bar.set_message(format!(
                "{:.0} s, {open} connections lie idle",
                elapsed.as_secs_f64()
            ));
        }
    }

    /// Something was seen.
    pub(crate) fn note(&self, observation: &Observation) {
        let age = words::time(observation.age);
        let line = format!(
            "{}: {age:>7} idle: {}",
            self.protocol,
            words::seen(&observation.seen)
        );
        match &self.bar {
            Some(bar) => bar.println(line),
            None if self.quiet => {}
            None => eprintln!("{line}"),
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
