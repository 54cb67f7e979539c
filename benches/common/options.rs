//! What can be asked of a benchmark on its command line, the same for all of them.
//!
//! Invariant: an argument that is not known is an error, so that a check is never left out by a slip of the pen.

use std::path::PathBuf;

use super::{Failure, Kind, Outcome};

#[derive(Debug, Default)]
pub(crate) struct Options {
    /// Fails if a figure is above the one in this file.
    pub(crate) check: Option<PathBuf>,
    /// Stores the figures in this file.
    pub(crate) write: Option<PathBuf>,
    /// Writes them to `benches/data` too, for `plot.py`.
    pub(crate) csv: bool,
    /// How often the contestants take turns, where they do.
    pub(crate) rounds: Option<u32>,
    /// Only these contestants.
    pub(crate) only: Vec<Kind>,
}

impl Options {
    pub(crate) fn parse(arguments: &[String]) -> Outcome<Self> {
        let mut options = Self::default();
        let mut arguments = arguments.iter();
        while let Some(argument) = arguments.next() {
            let mut value = || {
                let value = arguments.next().cloned();
                value.ok_or_else(|| Failure::from(format!("{argument} wants a value")))
            };
            match argument.as_str() {
                "--bench" => {}
                "--check" => options.check = Some(value()?.into()),
                "--write" => options.write = Some(value()?.into()),
                "--rounds" => options.rounds = Some(value()?.parse()?),
                "--only" => options.only.push(Kind::named(&value()?)?),
                "--csv" => options.csv = true,
                _ => return Err(format!("{argument} is not known").into()),
            }
        }
        Ok(options)
    }

    /// Those of `kinds` that are asked for.
    pub(crate) fn among(&self, kinds: &[Kind]) -> Vec<Kind> {
        let is_asked_for = |kind: &Kind| self.only.is_empty() || self.only.contains(kind);
        kinds.iter().copied().filter(is_asked_for).collect()
    }
}
