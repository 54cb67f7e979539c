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
            println!("{}", json::of(url, probed));
        }
        match probed {
            Ok(all) => {
                for findings in all {
                    if !self.json {
                        self.print(url, findings);
                    }
                    self.panels.push(svg::Panel::of(url, findings));
                }
            }
            Err(failure) if !self.json => eprintln!("unstale: {failure}"),
            Err(_) => {}
        }
    }

    fn print(&self, url: &str, findings: &Findings) {
        let paint = self.paint;
        println!("\n{}", paint.bold(&words::headline(url, findings)));
        println!("{}\n", paint.dim(&words::server(findings)));
        println!("{}", chart::draw(findings, paint));
        println!("{}", words::verdict(findings, paint));
        println!("{}", words::settings(findings, paint));
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
