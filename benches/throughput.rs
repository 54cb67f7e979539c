//! Requests a second of each contestant, with one, 64 and 512 at once, on a runtime of one thread and on one of several.
//!
//! A machine's speed varies from one second to the next. So all contestants stand ready, each in its own process, and
//! take turns; what counts is the median, and the median of each turn's ratio to the client beside it.

mod common;

use std::io::{self, BufRead};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::runtime::Runtime;
use tokio::time::{Instant, sleep};

use common::process::{self, Partner};
use common::report::{grouped, median, ratio};
use common::server::Listen;
use common::{Contestant, Job, Kind, Options, Order, Outcome, Report, Server, Table};
use common::{play, runtime};

const AT_ONCE: [u32; 3] = [1, 64, 512];
const RUNTIMES: [&str; 2] = [ONE_THREAD, SEVERAL_THREADS];
const ONE_THREAD: &str = "current-thread";
const SEVERAL_THREADS: &str = "multi-thread";

/// With five contestants, 72 seconds in all.
const TURN: Duration = Duration::from_millis(400);
const ROUNDS: u32 = 5;

fn main() -> ExitCode {
    play(compare, |order| order.kind.run(Turns { order }))
}

struct Turns<'a> {
    order: &'a Order,
}

impl Job for Turns<'_> {
    type Output = Outcome<()>;

    fn run<C: Contestant>(self) -> Outcome<()> {
        let runtime = match self.order.case.as_str() {
            SEVERAL_THREADS => runtime::multi_thread()?,
            _ => runtime::current_thread()?,
        };
        let url = C::url(&self.order.url("/"))?;
        let mut team = runtime.block_on(async {
            let first = C::start(self.order.server).await?;
            let mut team = vec![];
            for _ in 1..self.order.requests {
                team.push(first.another().await?);
            }
            team.push(first);
            Outcome::Ok(team)
        })?;
        for _order in io::stdin().lock().lines().map_while(Result::ok) {
            let (a_second, back) = take_turn(&runtime, team, &url)?;
            team = back;
            println!("{a_second}");
        }
        Ok(())
    }
}

/// Everybody sends one request after another until the time is up. Gives the requests a second, and everybody back.
fn take_turn<C: Contestant>(
    runtime: &Runtime,
    team: Vec<C>,
    url: &C::Url,
) -> Outcome<(f64, Vec<C>)> {
    runtime.block_on(async {
        let is_over = Arc::new(AtomicBool::new(false));
        let begun = Instant::now();
        let members = team.into_iter().map(|mut member| {
            let (is_over, url) = (Arc::clone(&is_over), url.clone());
            tokio::spawn(async move {
                let mut answered = 0_u32;
                while !is_over.load(Ordering::Relaxed) {
                    member.get(&url).await?;
                    answered += 1;
                }
                Outcome::Ok((answered, member))
            })
        });
        let members: Vec<_> = members.collect();
        sleep(TURN).await;
        is_over.store(true, Ordering::Relaxed);
        let mut sum = 0;
        let mut back = Vec::with_capacity(members.len());
        for member in members {
            let (answered, member) = member.await??;
            sum += answered;
            back.push(member);
        }
        Ok((f64::from(sum) / begun.elapsed().as_secs_f64(), back))
    })
}

fn compare(options: &Options) -> Outcome<()> {
    let server = Server::start(Listen::One)?;
    let kinds = options.among(Kind::ALL);
    let mut report = Report::new("throughput");
    let mut table = Table::new(&["at once", "contestant", "requests a second", "to legacy"]);
    for runtime in RUNTIMES {
        for at_once in AT_ONCE {
            let case = format!("{runtime} {at_once}");
            for result in measure(&server, &kinds, runtime, at_once, options)? {
                let name = result.kind.name();
                report.add(&case, name, "requests/s", result.a_second);
                table.row(vec![
                    case.clone(),
                    name.to_owned(),
                    grouped(result.a_second),
                    ratio(result.to_legacy, Some(1.0)),
                ]);
            }
        }
    }
    table.print();
    if options.csv {
        report.write_csv()?;
    }
    Ok(())
}

struct Median {
    kind: Kind,
    a_second: f64,
    to_legacy: f64,
}

/// The contestants take turns; the first round is for warming up, and does not count.
fn measure(
    server: &Server,
    kinds: &[Kind],
    runtime: &str,
    at_once: u32,
    options: &Options,
) -> Outcome<Vec<Median>> {
    let start = |&kind: &Kind| {
        let order = Order {
            kind,
            server: server.address(),
            requests: at_once,
            case: runtime.to_owned(),
        };
        Partner::start(process::CLIENT, &order.arguments())
    };
    let mut clients = kinds.iter().map(start).collect::<Outcome<Vec<_>>>()?;
    let mut rounds = Vec::new();
    for _ in 0..=options.rounds.unwrap_or(ROUNDS) {
        let turns = clients.iter_mut().map(|client| {
            let a_second = client.ask("go")?;
            Outcome::Ok(a_second.parse::<f64>()?)
        });
        rounds.push(turns.collect::<Outcome<Vec<_>>>()?);
    }
    rounds.remove(0);
    Ok(medians(kinds, &rounds))
}

fn medians(kinds: &[Kind], rounds: &[Vec<f64>]) -> Vec<Median> {
    let legacy = kinds.iter().position(|&kind| kind == Kind::Legacy);
    let beside = |round: &Vec<f64>| legacy.and_then(|at| round.get(at).copied());
    let of_one = |(at, &kind): (usize, &Kind)| {
        let turns = rounds.iter().filter_map(|round| {
            let own = round.get(at).copied()?;
            Some((own, own / beside(round).unwrap_or(f64::NAN)))
        });
        let (a_second, to_legacy) = turns.unzip();
        Median {
            kind,
            a_second: median(a_second),
            to_legacy: median(to_legacy),
        }
    };
    kinds.iter().enumerate().map(of_one).collect()
}
