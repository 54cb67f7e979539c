//! Requests a second of each contestant, and what they cost of the processor's time, with one, 64 and 512 at once, on a
//! runtime of one thread and on one of several.
//!
//! A machine's speed varies from one second to the next. So all contestants stand ready, each in its own process, and
//! take many short turns; what counts is the median over the rounds of the ratio to the client beside it in the same round.
//! Invariant: in successive rounds each goes first as often as any other, so that nobody always runs behind the same one.

mod common;

use std::io::{self, BufRead};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};
use tokio::runtime::Runtime;
use tokio::time::{Instant, sleep};

use common::process::{self, Partner};
use common::report::{Quartiles, grouped, median};
use common::server::Listen;
use common::{Contestant, Job, Kind, Options, Order, Outcome, Report, Server, Table};
use common::{play, runtime};

const AT_ONCE: [u32; 3] = [1, 64, 512];
const RUNTIMES: [&str; 2] = [ONE_THREAD, SEVERAL_THREADS];
const ONE_THREAD: &str = "current-thread";
const SEVERAL_THREADS: &str = "multi-thread";

/// With five contestants, two minutes in all.
const TURN: Duration = Duration::from_millis(75);
const ROUNDS: u32 = 50;

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
            let before = processor_time();
            let (answered, a_second, back) = take_turn(&runtime, team, &url)?;
            team = back;
            let spent = processor_time().saturating_sub(before);
            println!(
                "{a_second} {}",
                spent.as_secs_f64() * 1e6 / f64::from(answered)
            );
        }
        Ok(())
    }
}

/// What this process has had of the processors so far, in user space and in the kernel.
fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::try_from(time).unwrap_or_default()
}

/// Everybody sends one request after another until the time is up. Gives the requests, how many a second that is, and
/// everybody back.
fn take_turn<C: Contestant>(
    runtime: &Runtime,
    team: Vec<C>,
    url: &C::Url,
) -> Outcome<(u32, f64, Vec<C>)> {
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
        let a_second = f64::from(sum) / begun.elapsed().as_secs_f64();
        Ok((sum, a_second, back))
    })
}

fn compare(options: &Options) -> Outcome<()> {
    let server = Server::start(Listen::Awake)?;
    let kinds = options.among(Kind::ALL);
    let mut report = Report::new("throughput");
    let mut table = Table::new(&[
        "at once",
        "contestant",
        "requests a second",
        "to legacy (quartiles)",
        "processor, microseconds",
        "to legacy (quartiles)",
    ]);
    for runtime in RUNTIMES {
        for at_once in AT_ONCE {
            let case = format!("{runtime} {at_once}");
            for result in measure(&server, &kinds, runtime, at_once, options)? {
                let name = result.kind.name();
                report.add(&case, name, "requests/s", result.a_second);
                report.add(
                    &case,
                    name,
                    "microseconds of the processor",
                    result.processor,
                );
                table.row(vec![
                    case.clone(),
                    name.to_owned(),
                    grouped(result.a_second),
                    result.a_second_to_legacy.to_string(),
                    format!("{:.2}", result.processor),
                    result.processor_to_legacy.to_string(),
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

/// What a contestant came to in one turn.
#[derive(Clone, Copy)]
struct Turn {
    a_second: f64,
    /// Microseconds of the processor's time a request.
    processor: f64,
}

impl Turn {
    fn parse(answer: &str) -> Outcome<Self> {
        let (a_second, processor) = answer.split_once(' ').ok_or("two figures are wanted")?;
        Ok(Self {
            a_second: a_second.parse()?,
            processor: processor.parse()?,
        })
    }
}

/// What a contestant came to in all of its turns.
struct Figures {
    kind: Kind,
    a_second: f64,
    a_second_to_legacy: Quartiles,
    processor: f64,
    processor_to_legacy: Quartiles,
}

/// The contestants take turns, each round begun by the next of them; the first round is for warming up, and does not count.
fn measure(
    server: &Server,
    kinds: &[Kind],
    runtime: &str,
    at_once: u32,
    options: &Options,
) -> Outcome<Vec<Figures>> {
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
    for first in 0..=options.rounds.unwrap_or(ROUNDS) as usize {
        let first = first % clients.len().max(1);
        clients.rotate_left(first);
        let turns = clients
            .iter_mut()
            .map(|client| Turn::parse(&client.ask("go")?));
        let mut turns = turns.collect::<Outcome<Vec<_>>>()?;
        clients.rotate_right(first);
        turns.rotate_right(first);
        rounds.push(turns);
    }
    rounds.remove(0);
    Ok(results(kinds, &rounds))
}

fn results(kinds: &[Kind], rounds: &[Vec<Turn>]) -> Vec<Figures> {
    let legacy = kinds.iter().position(|&kind| kind == Kind::Legacy);
    let of_one = |(at, &kind): (usize, &Kind)| {
        let figures = |figure: fn(&Turn) -> f64| {
            let own = rounds.iter().filter_map(|round| round.get(at).map(figure));
            let beside = |round: &Vec<Turn>| legacy.and_then(|at| round.get(at).map(figure));
            let ratios = rounds.iter().filter_map(|round| {
                Some(round.get(at).map(figure)? / beside(round).unwrap_or(f64::NAN))
            });
            (median(own.collect()), Quartiles::of(ratios.collect()))
        };
        let (a_second, a_second_to_legacy) = figures(|turn| turn.a_second);
        let (processor, processor_to_legacy) = figures(|turn| turn.processor);
        Figures {
            kind,
            a_second,
            a_second_to_legacy,
            processor,
            processor_to_legacy,
        }
    };
    kinds.iter().enumerate().map(of_one).collect()
}
