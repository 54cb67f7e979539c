//! The report: for people, for programs, and as a picture.
//!
//! Apart from what is known, of which it leaves nothing out and to which it adds nothing. Invariant: standard output has the
//! report and nothing else, standard error the failures.

mod axis;
mod chart;
mod json;
mod paint;
mod svg;
mod verdict;
pub(crate) mod words;

use std::io::Write;
use std::path::PathBuf;

use self::paint::Paint;

use crate::arguments::Options;
use crate::failure::Failure;
use crate::findings::Findings;
use crate::probe::Probed;

/// Where the results of all URLs go.
#[derive(Debug)]
pub(crate) struct Report {
    json: bool,
    picture: Option<PathBuf>,
    paint: Paint,
    panels: Vec<svg::Panel>,
}

impl Report {
    pub(crate) fn new(options: &Options) -> Self {
        Self {
            json: options.json,
            picture: options.svg.clone(),
            paint: Paint::for_standard_output(),
            panels: Vec::new(),
        }
    }

    /// The result of one URL.
    pub(crate) fn add(&mut self, url: &str, probed: &Probed) {
        if self.json {
            print(&format!("{}\n", json::of(url, probed)));
        }
        match probed {
            Ok(all) => {
                for findings in all {
                    if !self.json {
                        print(&self.page(url, findings));
                    }
                    self.panels.push(svg::Panel::of(url, findings));
                }
            }
            Err(failure) if !self.json => eprintln!("unstale: {failure}"),
            Err(_) => {}
        }
    }

    fn page(&self, url: &str, findings: &Findings) -> String {
        let paint = self.paint;
        format!(
            "\n{}\n{}\n\n{}\n{}\n{}",
            paint.bold(&words::headline(url, findings)),
            paint.dim(&words::server(findings)),
            chart::draw(findings, paint),
            words::verdict(findings, paint),
            words::settings(findings, paint)
        )
    }

    /// Writes the picture, if one is wanted.
    pub(crate) fn finish(self) -> Result<(), Failure> {
        let Some(path) = self.picture else {
            return Ok(());
        };
        let written = std::fs::write(&path, svg::draw(&self.panels));
        written.map_err(|error| Failure::File {
            act: "write",
            path,
            why: error.to_string(),
        })
    }
}

/// To standard output. Whoever reads it may have enough, as `head` has; that is no failure.
fn print(text: &str) {
    let _ = std::io::stdout().write_all(text.as_bytes());
}
