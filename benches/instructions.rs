//! Instructions in user space for a request over a kept-alive connection, of each contestant, by callgrind.
//!
//! The figure repeats to a fraction of a percent, on a busy machine too, so it is the one that a check can rest on:
//! `cargo bench --bench instructions -- --check benches/instructions.txt`.

mod common;

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::ExitCode;

use common::report::{grouped, ratio};
use common::server::Listen;
use common::{Contestant, Job, Kind, Options, Order, Outcome, Report, Server, Table};
use common::{callgrind, play, runtime};

const FEW: u32 = 200;
const MANY: u32 = 1_200;

/// How far above the stored figure is still the same.
const ROOM: f64 = 1.03;

fn main() -> ExitCode {
    play(compare, |order| order.kind.run(Requests { order }))
}

/// The requests, one after another.
struct Requests<'a> {
    order: &'a Order,
}

impl Job for Requests<'_> {
    type Output = Outcome<()>;

    fn run<C: Contestant>(self) -> Outcome<()> {
        let runtime = runtime::current_thread()?;
        let url = C::url(&self.order.url("/"))?;
        let mut contestant = runtime.block_on(C::start(self.order.server))?;
        runtime.block_on(contestant.get(&url))?;
        runtime::measured_section(&runtime, async {
            for _ in 0..self.order.requests {
                contestant.get(&url).await?;
            }
            Ok(())
        })
    }
}

fn compare(options: &Options) -> Outcome<()> {
    callgrind::ensure_there_is_one()?;
    let measured = measure(options)?;
    print(&measured);
    if options.csv {
        let mut report = Report::new("instructions");
        for &(kind, figure) in &measured {
            report.add("a request", kind.name(), "instructions", figure);
        }
        report.write_csv()?;
    }
    if let Some(path) = &options.write {
        store(path, &measured)?;
    }
    match &options.check {
        Some(path) => check(path, &measured, options),
        None => Ok(()),
    }
}

fn measure(options: &Options) -> Outcome<Vec<(Kind, f64)>> {
    let server = Server::start(Listen::One)?;
    let kinds = options.among(Kind::ALL).into_iter();
    let measured = kinds.map(|kind| {
        let order = Order {
            kind,
            server: server.address(),
            requests: 0,
            case: "/".to_owned(),
        };
        Ok((kind, callgrind::instructions_a_request(&order, FEW, MANY)?))
    });
    measured.collect()
}

fn print(measured: &[(Kind, f64)]) {
    let mut table = Table::new(&["contestant", "instructions", "to bare", "to legacy"]);
    let [bare, legacy] = [Kind::Bare, Kind::Legacy].map(|kind| figure_of(measured, kind));
    for &(kind, figure) in measured {
        table.row(vec![
            kind.name().to_owned(),
            grouped(figure),
            ratio(figure, bare),
            ratio(figure, legacy),
        ]);
    }
    table.print();
}

fn figure_of(measured: &[(Kind, f64)], kind: Kind) -> Option<f64> {
    let found = measured.iter().find(|(measured, _)| *measured == kind);
    found.map(|&(_, figure)| figure)
}

fn store(path: &Path, measured: &[(Kind, f64)]) -> Outcome<()> {
    let mut text = String::new();
    for (kind, figure) in measured {
        writeln!(text, "{} {figure:.0}", kind.name())?;
    }
    fs::write(path, text)?;
    Ok(())
}

/// Fails if a contestant takes more than is stored for it, if nothing is stored, or if one that is stored was not measured
/// although all were to be.
fn check(path: &Path, measured: &[(Kind, f64)], options: &Options) -> Outcome<()> {
    let text = fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let mut faults = Vec::new();
    for &(kind, figure) in measured {
        let mut lines = text.lines().filter_map(|line| line.split_once(' '));
        let stored = lines.find(|(name, _)| *name == kind.name());
        let Some((_, stored)) = stored else {
            faults.push(format!("nothing is stored for {}", kind.name()));
            continue;
        };
        let stored: f64 = stored.trim().parse()?;
        let times = figure / stored;
        println!("{}: {times:.3} of the stored {stored}", kind.name());
        if times > ROOM {
            faults.push(format!("{} takes {figure:.0}, not {stored}", kind.name()));
        }
    }
    let names = text.lines().filter_map(|line| line.split_once(' '));
    let is_missing = |name: &str| measured.iter().all(|(kind, _)| kind.name() != name);
    for (name, _) in names.filter(|(name, _)| options.only.is_empty() && is_missing(name)) {
        faults.push(format!("{name} is stored and was not measured"));
    }
    match faults.as_slice() {
        [] => Ok(()),
        _ => Err(faults.join("; ").into()),
    }
}
