//! What a request costs that finds a dead connection in the pool, beside one that finds the pool empty.
//!
//! To find out that a connection is dead should cost next to nothing: whoever opens one anyway does not want to pay for the
//! corpse. The server closes after each answer, with or without saying so; the request alone is measured, not the time
//! between two.

mod common;

use std::process::ExitCode;
use std::time::Duration;

use tokio::runtime::Runtime;
use tokio::time::{Instant, sleep};

use common::report::{grouped, median, ratio};
use common::server::Listen;
use common::{Contestant, Job, Kind, Options, Order, Outcome, Report, Server, Table};
use common::{callgrind, play, process, runtime};

const EMPTY: &str = "pool is empty";
const SEEN: &str = "dead, seen by the runtime";
const UNSEEN: &str = "dead, known to the kernel alone";
const CASES: [&str; 3] = [EMPTY, SEEN, UNSEEN];

const FEW: u32 = 50;
const MANY: u32 = 250;
const TIMED: u32 = 100;
const ROUNDS: u32 = 5;

/// Long enough for the server's silent close to arrive.
const IDLE: Duration = Duration::from_millis(5);

/// Who promises that a dead connection costs no more than this, in instructions.
const HELD_TO_IT: [&str; 1] = ["client"];
const MOST: f64 = 1.05;

fn main() -> ExitCode {
    play(compare, |order| order.kind.run(Requests { order }))
}

struct Requests<'a> {
    order: &'a Order,
}

impl Job for Requests<'_> {
    type Output = Outcome<()>;

    /// A request that fails is counted, and its time is not: it is another thing than an answer.
    fn run<C: Contestant>(self) -> Outcome<()> {
        let runtime = runtime::current_thread()?;
        let is_announced = self.order.case == EMPTY;
        let path = if is_announced { "/close" } else { "/drop" };
        let url = C::url(&self.order.url(path))?;
        let mut contestant = runtime.block_on(C::start(self.order.server))?;
        runtime.block_on(contestant.get(&url))?;
        let mut times = Vec::new();
        let mut failed = 0;
        for _ in 0..self.order.requests {
            be_idle(&runtime, self.order.case == UNSEEN);
            let begun = Instant::now();
            match runtime::measured_section(&runtime, contestant.get(&url)) {
                Ok(()) => times.push(begun.elapsed().as_secs_f64()),
                Err(_) => failed += 1,
            }
        }
        println!("failed {failed}");
        println!("microseconds {}", median(times) * 1e6);
        Ok(())
    }
}

/// Lets the close arrive; the runtime looks meanwhile, or does not come to it.
#[expect(
    clippy::disallowed_methods,
    reason = "stands for work that keeps the runtime from asking the kernel"
)]
fn be_idle(runtime: &Runtime, blocked: bool) {
    if blocked {
        std::thread::sleep(IDLE);
    } else {
        runtime.block_on(async { sleep(IDLE).await });
    }
}

struct Figures {
    kind: Kind,
    case: &'static str,
    instructions: f64,
    microseconds: f64,
    /// Of all requests that were timed, the part that failed.
    failed: f64,
}

fn compare(options: &Options) -> Outcome<()> {
    callgrind::ensure_there_is_one()?;
    let mut server = Server::start(Listen::One)?;
    let mut measured = Vec::new();
    for kind in options.among(&Kind::pooled()) {
        measured.extend(measure(&mut server, kind, options)?);
    }
    print(&measured);
    if options.csv {
        write_csv(&measured)?;
    }
    hold(&measured)
}

fn measure(server: &mut Server, kind: Kind, options: &Options) -> Outcome<Vec<Figures>> {
    let order = |case: &str| Order {
        kind,
        server: server.address(),
        requests: TIMED,
        case: case.to_owned(),
    };
    let orders = CASES.map(order);
    let mut times = CASES.map(|_| Vec::new());
    let mut failures = CASES.map(|_| 0.0);
    for _ in 0..options.rounds.unwrap_or(ROUNDS) {
        let results = times.iter_mut().zip(&mut failures);
        for (order, (times, failures)) in orders.iter().zip(results) {
            let (time, failed) = timed(server, order)?;
            times.push(time);
            *failures += failed;
        }
    }
    let results = times.into_iter().zip(failures);
    let results = CASES.iter().zip(&orders).zip(results);
    let figures = results.map(|((case, order), (times, failed))| {
        Ok(Figures {
            kind,
            case,
            instructions: callgrind::instructions_a_request(order, FEW, MANY)?,
            failed: failed / (f64::from(TIMED) * f64::from(u32::try_from(times.len())?)),
            microseconds: median(times),
        })
    });
    figures.collect()
}

/// The median time of a request, and how many failed.
fn timed(server: &mut Server, order: &Order) -> Outcome<(f64, f64)> {
    let before = server.accepted()?;
    let said = process::run_client(&[], order)?;
    let opened = server.accepted()? - before;
    let failed = said.figure("failed")?;
    // Else the close came late, and something else was measured.
    let is_sound = order.case == UNSEEN || failed == 0.0 && opened > order.requests as usize;
    if !is_sound {
        let name = order.kind.name();
        return Err(format!("{name}: {failed} failed, over {opened} connections").into());
    }
    Ok((said.figure("microseconds")?, failed))
}

fn empty_of(measured: &[Figures], kind: Kind) -> Option<&Figures> {
    let mut own = measured.iter().filter(|of| of.kind == kind);
    own.find(|of| of.case == EMPTY)
}

fn print(measured: &[Figures]) {
    let mut table = Table::new(&[
        "contestant, pool",
        "instructions",
        "to empty",
        "microseconds",
        "to empty",
        "failed",
    ]);
    for figures in measured {
        // What is no answer has no price.
        let empty = empty_of(measured, figures.kind).filter(|_| figures.failed == 0.0);
        table.row(vec![
            format!("{}, {}", figures.kind.name(), figures.case),
            grouped(figures.instructions),
            ratio(figures.instructions, empty.map(|of| of.instructions)),
            format!("{:.1}", figures.microseconds),
            ratio(figures.microseconds, empty.map(|of| of.microseconds)),
            format!("{:.0} %", figures.failed * 100.0),
        ]);
    }
    table.print();
}

fn write_csv(measured: &[Figures]) -> Outcome<()> {
    let mut report = Report::new("stale");
    for figures in measured {
        let (case, name) = (figures.case.replace(',', ""), figures.kind.name());
        report.add(&case, name, "instructions", figures.instructions);
        report.add(&case, name, "microseconds", figures.microseconds);
        report.add(&case, name, "failed", figures.failed);
    }
    report.write_csv()
}

/// Fails if somebody does not keep the promise.
fn hold(measured: &[Figures]) -> Outcome<()> {
    let held = measured
        .iter()
        .filter(|of| HELD_TO_IT.contains(&of.kind.name()));
    for figures in held.filter(|of| of.case == SEEN) {
        let empty = empty_of(measured, figures.kind).ok_or("no empty pool")?;
        let times = figures.instructions / empty.instructions;
        if times > MOST {
            let name = figures.kind.name();
            return Err(format!("{name}: a dead connection costs {times:.3}").into());
        }
    }
    Ok(())
}
