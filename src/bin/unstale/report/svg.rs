//! The survival chart as a picture, a panel for each URL and protocol.
//!
//! Apart from the terminal's, with the same axis and the same steps. Invariant: it is well-formed whatever a URL or a server
//! says, and needs nothing but a font.

use std::fmt::Write;
use std::time::Duration;

use super::axis::Axis;
use super::{verdict, words};
use crate::findings::{Findings, Idle, Step, survival};
use crate::trial::{Observation, Seen};

const WIDTH: f64 = 820.0;
const HEIGHT: f64 = 330.0;
/// The plot within a panel.
const LEFT: f64 = 64.0;
const RIGHT: f64 = 790.0;
const TOP: f64 = 96.0;
const BOTTOM: f64 = 248.0;

const STYLE: &str = "\
text { font: 13px system-ui, 'DejaVu Sans', sans-serif; fill: #57606a }
.title { font-size: 17px; font-weight: 600; fill: #1f2328 }
.verdict { font-size: 14px; fill: #1f2328 }
.grid { stroke: #d8dee4 }
.axis { stroke: #8c959f }
.area { fill: #2da44e; fill-opacity: .16 }
.alive { fill: none; stroke: #2da44e; stroke-width: 2.5; stroke-linejoin: round }
.end { stroke: #cf222e; stroke-width: 1.5; stroke-dasharray: 6 4 }
.end-label { fill: #cf222e; font-weight: 600 }
.use { stroke: #0969da; stroke-width: 1.5; stroke-dasharray: 2 4; stroke-linecap: round }
.use-label { fill: #0969da; font-weight: 600 }
.answered { fill: #fff; stroke: #2da44e; stroke-width: 2 }
.open { fill: #fff; stroke: #8c959f; stroke-width: 2 }
.dead { stroke: #cf222e; stroke-width: 2.2; stroke-linecap: round }";

/// All that is drawn of one server by one protocol.
#[derive(Debug)]
pub(super) struct Panel {
    title: String,
    verdict: String,
    axis: Axis,
    steps: Vec<Step>,
    observations: Vec<Observation>,
    end: Option<Duration>,
    usable: Option<Duration>,
}

impl Panel {
    pub(super) fn of(url: &str, findings: &Findings) -> Self {
        Self {
            title: words::headline(url, findings),
            verdict: short(&verdict::idle(findings)),
            axis: Axis::of(findings),
            steps: survival(&findings.observations),
            observations: findings.observations.clone(),
            end: match findings.idle() {
                Idle::Closes { age, .. } => Some(age),
                Idle::Fails { lost, .. } => Some(lost),
                Idle::Longer { .. } => None,
            },
            usable: findings.usable(),
        }
    }

    fn x(&self, age: Duration) -> f64 {
        LEFT + age.as_secs_f64() / self.axis.end * (RIGHT - LEFT)
    }

    fn draw(&self, svg: &mut String) {
        let title = escaped(&cut(&self.title, 84));
        let verdict = escaped(&cut(&self.verdict, 112));
        let _ = writeln!(
            svg,
            "<text class=\"title\" x=\"24\" y=\"36\">{title}</text>"
        );
        let _ = writeln!(
            svg,
            "<text class=\"verdict\" x=\"24\" y=\"60\">{verdict}</text>"
        );
        self.draw_axes(svg);
        self.draw_curve(svg);
        self.draw_limits(svg);
        for observation in &self.observations {
            self.draw_mark(svg, observation);
        }
    }

    fn draw_axes(&self, svg: &mut String) {
        for (part, label) in [(1.0, "100 %"), (0.5, "50 %"), (0.0, "0 %")] {
            let y = y(part);
            let (class, at, text) = (
                if part > 0.0 { "grid" } else { "axis" },
                LEFT - 8.0,
                y + 4.5,
            );
            let _ = writeln!(
                svg,
                "<line class=\"{class}\" x1=\"{LEFT}\" x2=\"{RIGHT}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>\
                 <text text-anchor=\"end\" x=\"{at}\" y=\"{text:.1}\">{label}</text>"
            );
        }
        for (at, label) in self.axis.ticks() {
            let x = self.x(Duration::from_secs_f64(at));
            let (low, text) = (BOTTOM + 5.0, BOTTOM + 44.0);
            let _ = writeln!(
                svg,
                "<line class=\"axis\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{BOTTOM}\" y2=\"{low}\"/>\
                 <text text-anchor=\"middle\" x=\"{x:.1}\" y=\"{text}\">{label}</text>"
            );
        }
        let y = BOTTOM + 66.0;
        let _ = writeln!(
            svg,
            "<text text-anchor=\"end\" x=\"{RIGHT}\" y=\"{y}\">idle age in seconds</text>"
        );
        self.draw_legend(svg, y);
    }

    fn draw_legend(&self, svg: &mut String, y: f64) {
        let mut at = LEFT;
        let kinds = [
            (Seen::Answered, "answered"),
            (Seen::Silent, "closed or lost"),
            (Seen::Open, "still open at the end"),
        ];
        for (seen, label) in kinds {
            let is_there = |one: &Observation| mark(&one.seen) == mark(&seen);
            if self.observations.iter().any(is_there) {
                draw_mark(svg, &seen, at + 5.0, y - 4.5);
                let _ = writeln!(svg, "<text x=\"{:.1}\" y=\"{y}\">{label}</text>", at + 16.0);
                at += 130.0;
            }
        }
    }

    fn draw_curve(&self, svg: &mut String) {
        let oldest = self.observations.last();
        let end = self.x(oldest.map_or(Duration::ZERO, |oldest| oldest.age));
        let mut line = format!("M{LEFT} {:.1}", y(1.0));
        for step in self.steps.iter().skip(1) {
            let _ = write!(line, "H{:.1}V{:.1}", self.x(step.age), y(step.alive));
        }
        let _ = write!(line, "H{end:.1}");
        let _ = writeln!(svg, "<path class=\"area\" d=\"{line}V{BOTTOM}H{LEFT}Z\"/>");
        let _ = writeln!(svg, "<path class=\"alive\" d=\"{line}\"/>");
    }

    fn draw_limits(&self, svg: &mut String) {
        let mut limit = |class: &str, at: Duration, label: String, y: f64, is_before: bool| {
            let x = self.x(at);
            let (anchor, text) = if is_before {
                ("end", x - 7.0)
            } else {
                ("start", x + 7.0)
            };
            let top = TOP - 8.0;
            let _ = writeln!(
                svg,
                "<line class=\"{class}\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{top}\" y2=\"{BOTTOM}\"/>\
                 <text class=\"{class}-label\" text-anchor=\"{anchor}\" x=\"{text:.1}\" y=\"{y}\">{label}</text>"
            );
        };
        let Some(end) = self.end else { return };
        // The text goes to the side on which there is room.
        let is_late = self.x(end) > RIGHT - 70.0;
        limit("end", end, words::time(end), TOP + 28.0, is_late);
        if let Some(usable) = self.usable {
            let label = format!("use up to {}", words::time(usable));
            limit(
                "use",
                usable,
                label,
                TOP + 52.0,
                self.x(usable) > LEFT + 170.0,
            );
        }
    }

    fn draw_mark(&self, svg: &mut String, observation: &Observation) {
        draw_mark(
            svg,
            &observation.seen,
            self.x(observation.age),
            BOTTOM + 17.0,
        );
    }
}

fn y(part: f64) -> f64 {
    BOTTOM - part * (BOTTOM - TOP)
}

fn mark(seen: &Seen) -> &'static str {
    match seen {
        Seen::Answered => "answered",
        Seen::Open => "open",
        _ => "dead",
    }
}

fn draw_mark(svg: &mut String, seen: &Seen, x: f64, y: f64) {
    let class = mark(seen);
    let _ = if class == "dead" {
        let (left, right, top, bottom) = (x - 4.0, x + 4.0, y - 4.0, y + 4.0);
        writeln!(
            svg,
            "<path class=\"dead\" d=\"M{left:.1} {top:.1}L{right:.1} {bottom:.1}M{left:.1} {bottom:.1}L{right:.1} {top:.1}\"/>"
        )
    } else {
        writeln!(
            svg,
            "<circle class=\"{class}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4\"/>"
        )
    };
}

/// Draws all panels, one below the other.
pub(super) fn draw(panels: &[Panel]) -> String {
    let height = panels.iter().map(|_| HEIGHT).sum::<f64>().max(40.0);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{height}\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\">\n\
         <title>Idle connections that are of use, by age</title>\n<style>\n{STYLE}\n</style>\n\
         <rect width=\"{WIDTH}\" height=\"{height}\" rx=\"10\" fill=\"#fff\"/>\n"
    );
    let mut top = 0.0;
    for panel in panels {
        let _ = writeln!(svg, "<g transform=\"translate(0 {top})\">");
        panel.draw(&mut svg);
        svg.push_str("</g>\n");
        top += HEIGHT;
    }
    svg.push_str("</svg>\n");
    svg
}

/// A sentence that fits on a line: without what stands in brackets, if it is too long.
fn short(sentence: &str) -> String {
    let is_long = sentence.chars().count() > 100;
    let without = sentence.split_once(" (").filter(|_| is_long);
    without.map_or(sentence, |(begin, _)| begin).to_owned()
}

/// A text of so many characters at most.
fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let begun: String = text.chars().take(most - 1).collect();
    format!("{begun}…")
}

fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            c if c.is_control() => escaped.push(' '),
            c => escaped.push(c),
        }
    }
    escaped
}
