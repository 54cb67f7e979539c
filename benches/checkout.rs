//! What it costs to get a connection from a full pool: many idle ones for one host, or many hosts.
//!
//! Beside it stands a pool of one connection. A pool whose cost grows with what it holds is found here. Each case fails
//! unless there are as many connections as it says, by the server's count.

mod common;

use std::net::{Ipv4Addr, SocketAddr};
use std::process::ExitCode;

use tokio::time::Instant;

use common::report::{grouped, median, ratio};
use common::server::Listen;
use common::{Contestant, Job, Kind, Options, Order, Outcome, Report, Server, Table};
use common::{callgrind, crowd, play, process, runtime};

const FEW: u32 = 200;
const MANY: u32 = 1_200;
const TIMED: u32 = 20_000;
const ROUNDS: u32 = 3;

/// What the pool holds.
struct Case {
    name: &'static str,
    hosts: u32,
    /// For each of the hosts.
    connections: u32,
}

const CASES: [Case; 4] = [
    Case {
        name: "1 connection",
        hosts: 1,
        connections: 1,
    },
    Case {
        name: "10000 connections to 1 host",
        hosts: 1,
        connections: 10_000,
    },
    Case {
        name: "1000 hosts",
        hosts: 1_000,
        connections: 1,
    },
    Case {
        name: "10000 hosts",
        hosts: 10_000,
        connections: 1,
    },
];

impl Case {
    fn named(name: &str) -> Outcome<&'static Self> {
        let found = CASES.iter().find(|case| case.name == name);
        found.ok_or_else(|| format!("there is no case {name}").into())
    }

    fn all_connections(&self) -> u32 {
        self.hosts * self.connections
    }
}

fn main() -> ExitCode {
    play(compare, |order| order.kind.run(Requests { order }))
}

struct Requests<'a> {
    order: &'a Order,
}

impl Job for Requests<'_> {
    type Output = Outcome<()>;

    /// The requests go to the hosts in turn.
    fn run<C: Contestant>(self) -> Outcome<()> {
        let case = Case::named(&self.order.case)?;
        let runtime = runtime::current_thread()?;
        let mut contestant = runtime.block_on(C::start(self.order.server))?;
        let hosts = (0..case.hosts).map(|host| self.urls::<C>(case, host));
        let hosts = hosts.collect::<Outcome<Vec<_>>>()?;
        runtime.block_on(fill(&mut contestant, case, &hosts))?;
        let begun = Instant::now();
        runtime::measured_section(&runtime, async {
            let in_turn = hosts.iter().cycle();
            for (url, _) in in_turn.take(usize::try_from(self.order.requests)?) {
                contestant.get(url).await?;
            }
            Outcome::Ok(())
        })?;
        let elapsed = begun.elapsed().as_secs_f64() / f64::from(self.order.requests);
        println!("microseconds {}", elapsed * 1e6);
        Ok(())
    }
}

/// A plain URL, and one that gathers connections.
type Urls<C> = (<C as Contestant>::Url, <C as Contestant>::Url);

impl Requests<'_> {
    fn urls<C: Contestant>(&self, case: &Case, host: u32) -> Outcome<Urls<C>> {
        let host = Ipv4Addr::from_bits(Ipv4Addr::LOCALHOST.to_bits() + host);
        let at = SocketAddr::from((host, self.order.server.port()));
        let gathering = format!("http://{at}/gather/{}", case.connections);
        Ok((C::url(&format!("http://{at}/"))?, C::url(&gathering)?))
    }
}

/// Afterwards the pool holds what the case says, all of it idle.
async fn fill<C: Contestant>(contestant: &mut C, case: &Case, hosts: &[Urls<C>]) -> Outcome<()> {
    for (_, gathering) in hosts {
        match case.connections {
            1 => contestant.get(gathering).await?,
            count => {
                let all = crowd::gather(contestant, gathering, usize::try_from(count)?).await?;
                drop(all);
            }
        }
    }
    crowd::settle().await;
    Ok(())
}

struct Figures {
    kind: Kind,
    case: &'static Case,
    instructions: f64,
    microseconds: f64,
}

fn compare(options: &Options) -> Outcome<()> {
    callgrind::ensure_there_is_one()?;
    let mut measured = Vec::new();
    for kind in options.among(&Kind::with_own_pool()) {
        for case in &CASES {
            measured.push(measure(kind, case, options)?);
        }
    }
    print(&measured);
    if options.csv {
        let mut report = Report::new("checkout");
        for figures in &measured {
            let (case, name) = (figures.case.name, figures.kind.name());
            report.add(case, name, "instructions", figures.instructions);
            report.add(case, name, "microseconds", figures.microseconds);
        }
        report.write_csv()?;
    }
    Ok(())
}

fn measure(kind: Kind, case: &'static Case, options: &Options) -> Outcome<Figures> {
    let rounds = 0..options.rounds.unwrap_or(ROUNDS);
    let times = rounds.map(|_| timed(kind, case));
    let times = times.collect::<Outcome<_>>()?;
    let mut server = Server::start(Listen::AllOfLoopback)?;
    let order = order(&server, kind, case);
    let instructions = callgrind::instructions_a_request(&order, FEW, MANY)?;
    must_have_opened(&mut server, &order, 2 * case.all_connections())?;
    Ok(Figures {
        kind,
        case,
        instructions,
        microseconds: median(times),
    })
}

/// Against a server of its own: the ports of the one before are not free for a minute.
fn timed(kind: Kind, case: &Case) -> Outcome<f64> {
    let mut server = Server::start(Listen::AllOfLoopback)?;
    let order = order(&server, kind, case);
    let said = process::run_client(&[], &order)?;
    must_have_opened(&mut server, &order, case.all_connections())?;
    said.figure("microseconds")
}

fn order(server: &Server, kind: Kind, case: &Case) -> Order {
    Order {
        kind,
        server: server.address(),
        requests: TIMED,
        case: case.name.to_owned(),
    }
}

fn must_have_opened(server: &mut Server, order: &Order, expected: u32) -> Outcome<()> {
    let opened = server.accepted()?;
    if opened == usize::try_from(expected)? {
        return Ok(());
    }
    let (name, case) = (order.kind.name(), &order.case);
    Err(format!("{name}, {case}: {opened} connections, not {expected}").into())
}

fn print(measured: &[Figures]) {
    let mut table = Table::new(&[
        "contestant, pool",
        "instructions",
        "to 1 connection",
        "microseconds",
        "to 1 connection",
    ]);
    for figures in measured {
        let mut own = measured.iter().filter(|of| of.kind == figures.kind);
        let one = own.find(|of| of.case.all_connections() == 1);
        table.row(vec![
            format!("{}, {}", figures.kind.name(), figures.case.name),
            grouped(figures.instructions),
            ratio(figures.instructions, one.map(|of| of.instructions)),
            format!("{:.1}", figures.microseconds),
            ratio(figures.microseconds, one.map(|of| of.microseconds)),
        ]);
    }
    table.print();
}
