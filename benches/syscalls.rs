//! System calls for a request over a kept-alive connection, of each contestant, by strace.
//!
//! The difference between a run with fewer requests and one with more, so that what a program does once is not in it.

mod common;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

use common::server::Listen;
use common::{Contestant, Job, Kind, Options, Order, Outcome, Report, Server, Table};
use common::{play, process, runtime};

const FEW: u32 = 200;
const MANY: u32 = 1_200;

/// What is less often than once in so many requests is not counted as theirs.
const SELDOM: f64 = 0.005;

fn main() -> ExitCode {
    play(compare, |order| order.kind.run(Requests { order }))
}

struct Requests<'a> {
    order: &'a Order,
}

impl Job for Requests<'_> {
    type Output = Outcome<()>;

    fn run<C: Contestant>(self) -> Outcome<()> {
        runtime::current_thread()?.block_on(async {
            let url = C::url(&self.order.url("/"))?;
            let mut contestant = C::start(self.order.server).await?;
            for _ in 0..self.order.requests {
                contestant.get(&url).await?;
            }
            Ok(())
        })
    }
}

/// Calls a request, by their names.
type Calls = BTreeMap<String, f64>;

fn compare(options: &Options) -> Outcome<()> {
    process::ensure_program("strace")?;
    let server = Server::start(Listen::One)?;
    let kinds = options.among(Kind::ALL).into_iter();
    let measured = kinds.map(|kind| Ok((kind, measure(&server, kind)?)));
    let measured = measured.collect::<Outcome<Vec<_>>>()?;
    print(&measured);
    if options.csv {
        let mut report = Report::new("syscalls");
        for (kind, calls) in &measured {
            for (name, &count) in calls {
                report.add(name, kind.name(), "calls", count);
            }
            report.add("all", kind.name(), "calls", calls.values().sum());
        }
        report.write_csv()?;
    }
    Ok(())
}

fn measure(server: &Server, kind: Kind) -> Outcome<Calls> {
    let [few, many] = [FEW, MANY].map(|requests| {
        let order = Order {
            kind,
            server: server.address(),
            requests,
            case: "/".to_owned(),
        };
        traced(&order)
    });
    let (few, many) = (few?, many?);
    let a_request = many.into_iter().map(|(name, count)| {
        let less = few.get(&name).copied().unwrap_or(0.0);
        (name, (count - less) / f64::from(MANY - FEW))
    });
    Ok(a_request.filter(|(_, count)| *count > SELDOM).collect())
}

fn traced(order: &Order) -> Outcome<Calls> {
    let name = format!("unstale-syscalls-{}", std::process::id());
    let path = std::env::temp_dir().join(name);
    let tool = ["strace", "-f", "-c", "-o"].map(OsString::from);
    let tool = [&tool[..], &[path.clone().into()]].concat();
    let ran = process::run_client(&tool, order);
    let counted = ran.and_then(|_| read(&path));
    // It is there only if strace got as far.
    let _ = std::fs::remove_file(&path);
    counted
}

/// Reads strace's table: the call's name is the last in its line, their number the fourth.
fn read(path: &Path) -> Outcome<Calls> {
    let text = std::fs::read_to_string(path)?;
    let calls = text.lines().filter_map(|line| {
        let cells: Vec<_> = line.split_whitespace().collect();
        let count = cells.get(3)?.parse().ok()?;
        let name = (*cells.last()?).to_owned();
        (name != "total").then_some((name, count))
    });
    Ok(calls.collect())
}

fn print(measured: &[(Kind, Calls)]) {
    let names = measured.iter().map(|(kind, _)| kind.name());
    let mut table = Table::new(&std::iter::once("call").chain(names).collect::<Vec<_>>());
    let mut calls: Vec<_> = measured
        .iter()
        .flat_map(|(_, calls)| calls.keys())
        .collect();
    calls.sort();
    calls.dedup();
    for call in calls {
        let counts = measured.iter().map(|(_, calls)| calls.get(call).copied());
        let counts = counts.map(|count| format!("{:.2}", count.unwrap_or(0.0)));
        table.row(std::iter::once(call.clone()).chain(counts).collect());
    }
    let sums = measured
        .iter()
        .map(|(_, calls)| calls.values().sum::<f64>());
    let sums = sums.map(|sum| format!("{sum:.2}"));
    table.row(std::iter::once("all".to_owned()).chain(sums).collect());
    table.print();
}
