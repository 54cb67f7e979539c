//! The figures of a benchmark: as a table for people, and as a file for `plot.py`.
//!
//! Invariant: both come from the same numbers, and nothing is in either that was not measured in this run.

use std::fmt::{self, Write as _};
use std::fs;
use std::path::Path;

use super::Outcome;

/// One number, and what it is of.
#[derive(Clone, Debug)]
struct Figure {
    case: String,
    contestant: String,
    unit: &'static str,
    value: f64,
}

/// All numbers of one benchmark.
#[derive(Debug)]
pub(crate) struct Report {
    bench: &'static str,
    figures: Vec<Figure>,
}

impl Report {
    pub(crate) fn new(bench: &'static str) -> Self {
        Self {
            bench,
            figures: Vec::new(),
        }
    }

    pub(crate) fn add(&mut self, case: &str, contestant: &str, unit: &'static str, value: f64) {
        self.figures.push(Figure {
            case: case.to_owned(),
            contestant: contestant.to_owned(),
            unit,
            value,
        });
    }

    /// Writes `benches/data/NAME.csv`.
    pub(crate) fn write_csv(&self) -> Outcome<()> {
        let mut text = "case,contestant,unit,value\n".to_owned();
        for figure in &self.figures {
            let Figure {
                case,
                contestant,
                unit,
                value,
            } = figure;
            writeln!(text, "{case},{contestant},{unit},{value:.3}")?;
        }
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/data");
        fs::create_dir_all(&folder)?;
        fs::write(folder.join(format!("{}.csv", self.bench)), text)?;
        Ok(())
    }
}

/// A table in Markdown, its columns aligned.
#[derive(Debug)]
pub(crate) struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    pub(crate) fn new(header: &[&str]) -> Self {
        let header = header.iter().map(|&cell| cell.to_owned()).collect();
        Self { rows: vec![header] }
    }

    pub(crate) fn row(&mut self, cells: Vec<String>) {
        self.rows.push(cells);
    }

    pub(crate) fn print(&self) {
        let width = |column: usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(column));
            cells.map(String::len).max().unwrap_or(0)
        };
        for (at, row) in self.rows.iter().enumerate() {
            let cells = row.iter().enumerate();
            let padded = cells.map(|(column, cell)| pad(cell, column, width(column)));
            println!("| {} |", padded.collect::<Vec<_>>().join(" | "));
            if at == 0 {
                let rules = (0..row.len()).map(|column| match column {
                    0 => "-".repeat(width(0)),
                    _ => format!("{}:", "-".repeat(width(column).saturating_sub(1))),
                });
                println!("| {} |", rules.collect::<Vec<_>>().join(" | "));
            }
        }
    }
}

fn pad(cell: &str, column: usize, width: usize) -> String {
    match column {
        0 => format!("{cell:<width$}"),
        _ => format!("{cell:>width$}"),
    }
}

/// A number as people read it: `16,470`.
pub(crate) fn grouped(value: f64) -> String {
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at) % 3 == 0 && !text.ends_with('-') {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// How many times `base` it is; nothing if there is no base.
pub(crate) fn ratio(value: f64, base: Option<f64>) -> String {
    base.map_or_else(|| "-".to_owned(), |base| format!("{:.3}", value / base))
}

/// The value in the middle; of an even number of them, the lower of the two.
pub(crate) fn median(values: Vec<f64>) -> f64 {
    Quartiles::of(values).middle
}

/// The value in the middle, and the two between which half of the values lie.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Quartiles {
    lower: f64,
    middle: f64,
    upper: f64,
}

impl Quartiles {
    pub(crate) fn of(mut values: Vec<f64>) -> Self {
        values.sort_by(f64::total_cmp);
        let last = values.len().saturating_sub(1);
        let at = |quarters: usize| values.get(last * quarters / 4).copied().unwrap_or(f64::NAN);
        Self {
            lower: at(1),
            middle: at(2),
            upper: at(3),
        }
    }
}

impl fmt::Display for Quartiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            lower,
            middle,
            upper,
        } = self;
        write!(f, "{middle:.3} ({lower:.3} to {upper:.3})")
    }
}
