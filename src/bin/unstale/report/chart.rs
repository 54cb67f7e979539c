//! The survival chart for a terminal: which part of the connections is still of use, by idle age.
//!
//! Apart from the words around it. Invariant: nothing is drawn beyond the oldest age that was observed.

use std::fmt::Write;

use super::axis::Axis;
use super::paint::Paint;
use crate::findings::{Findings, Step, survival};
use crate::trial::Seen;

const COLUMNS: usize = 64;
const ROWS: usize = 6;
const BLOCKS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

pub(super) fn draw(findings: &Findings, paint: Paint) -> String {
    let axis = Axis::of(findings);
    let steps = survival(&findings.observations);
    let oldest = findings.observations.last();
    let oldest = oldest.map_or(0.0, |oldest| oldest.age.as_secs_f64());
    let mut chart = format!(
        "  {}\n",
        paint.dim("connections that are of use, by idle age in seconds")
    );
    for row in 0..ROWS {
        let label = match row {
            0 => "100 %",
            _ if row == ROWS / 2 => " 50 %",
            _ => "",
        };
        let cells: String = (0..COLUMNS)
            .map(|column| cell(&steps, age(column, axis), oldest, row))
            .collect();
        let _ = writeln!(chart, "  {label:>5} │{}", paint.good(cells.trim_end()));
    }
    let (line, numbers) = foot(axis);
    let _ = writeln!(chart, "    0 % └{line}");
    let _ = writeln!(chart, "         {numbers}");
    let _ = writeln!(chart, "         {}", marks(findings, axis, paint));
    let legend = "✓ answered   ✗ closed or lost   ○ open when enough was known";
    let _ = writeln!(chart, "         {}", paint.dim(legend));
    chart
}

/// The age in the middle of a column.
fn age(column: usize, axis: Axis) -> f64 {
    (number(column) + 0.5) / number(COLUMNS) * axis.end
}

fn column(age: f64, axis: Axis) -> usize {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "an age lies on the axis"
    )]
    let column = (age / axis.end * number(COLUMNS)) as usize;
    column.min(COLUMNS - 1)
}

#[expect(clippy::cast_precision_loss, reason = "columns and rows are few")]
fn number(n: usize) -> f64 {
    n as f64
}

fn cell(steps: &[Step], age: f64, oldest: f64, row: usize) -> char {
    if age > oldest {
        return ' ';
    }
    let before = steps
        .iter()
        .take_while(|step| step.age.as_secs_f64() <= age);
    let alive = before.last().map_or(1.0, |step| step.alive);
    let height = alive * number(ROWS) - number(ROWS - 1 - row);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "clamped to the blocks that there are"
    )]
    let eighths = (height * 8.0).round().clamp(0.0, 8.0) as usize;
    BLOCKS.get(eighths).copied().unwrap_or(' ')
}

/// The line with its ticks, and the numbers below.
fn foot(axis: Axis) -> (String, String) {
    let mut line = vec!['─'; COLUMNS];
    let mut numbers = vec![' '; COLUMNS + 4];
    for (at, text) in axis.ticks() {
        let at = column(at, axis);
        if let Some(cell) = line.get_mut(at) {
            *cell = '┬';
        }
        let begin = at.saturating_sub(text.len() / 2);
        for (cell, digit) in numbers.iter_mut().skip(begin).zip(text.chars()) {
            *cell = digit;
        }
    }
    let numbers: String = numbers.into_iter().collect();
    (line.into_iter().collect(), numbers.trim_end().to_owned())
}

/// A mark for each connection; of several in a column the gravest.
fn marks(findings: &Findings, axis: Axis, paint: Paint) -> String {
    let mut marks = vec![' '; COLUMNS];
    for observation in &findings.observations {
        let mark = match observation.seen {
            Seen::Answered => '✓',
            Seen::Open => '○',
            _ => '✗',
        };
        let at = column(observation.age.as_secs_f64(), axis);
        if let Some(cell) = marks.get_mut(at) {
            let is_grave = *cell == '✗' || *cell == '✓' && mark == '○';
            if !is_grave {
                *cell = mark;
            }
        }
    }
    let text: String = marks.iter().collect();
    let painted = text.trim_end().chars().map(|mark| match mark {
        '✓' => paint.good("✓"),
        '✗' => paint.bad("✗"),
        other => other.to_string(),
    });
    painted.collect()
}
