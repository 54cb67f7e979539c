//! Allocations for a request over a kept-alive connection, and memory that an idle connection holds, of each contestant.
//!
//! Counted by an allocator in the client's own process, so the figures repeat: a request's exactly, a connection's to a few bytes.

mod common;

use std::process::ExitCode;

use common::allocator::{Count, Counting};
use common::report::{grouped, ratio};
use common::server::Listen;
use common::{Contestant, Job, Kind, Options, Order, Outcome, Report, Server, Table};
use common::{crowd, play, process, runtime};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const REQUESTS: u32 = 1_000;
const CONNECTIONS: u32 = 200;

fn main() -> ExitCode {
    play(compare, |order| order.kind.run(Counted { order }))
}

struct Counted<'a> {
    order: &'a Order,
}

impl Job for Counted<'_> {
    type Output = Outcome<()>;

    fn run<C: Contestant>(self) -> Outcome<()> {
        runtime::current_thread()?.block_on(async {
            let mut contestant = C::start(self.order.server).await?;
            self.count_requests(&mut contestant).await?;
            self.count_idle(&mut contestant).await
        })
    }
}

impl Counted<'_> {
    async fn count_requests<C: Contestant>(&self, contestant: &mut C) -> Outcome<()> {
        let url = C::url(&self.order.url("/"))?;
        // What grows once has grown by then.
        for _ in 0..100 {
            contestant.get(&url).await?;
        }
        let before = Count::now();
        for _ in 0..REQUESTS {
            contestant.get(&url).await?;
        }
        let after = Count::now();
        println!("calls {}", after.calls - before.calls);
        println!("bytes {}", after.bytes - before.bytes);
        Ok(())
    }

    /// There is one connection before, and `CONNECTIONS` more after; of what has no pool, all of them are more.
    async fn count_idle<C: Contestant>(&self, contestant: &mut C) -> Outcome<()> {
        let (more, _) = connections(self.order.kind);
        crowd::settle().await;
        let before = Count::now();
        let url = C::url(&self.order.url(&format!("/gather/{more}")))?;
        let all = crowd::gather(contestant, &url, usize::try_from(more)?).await?;
        drop(url);
        let after = Count::now();
        println!("live {}", after.live - before.live);
        drop(all);
        Ok(())
    }
}

/// How many requests are gathered so that there are `CONNECTIONS` more, and how many connections there are then in all.
fn connections(kind: Kind) -> (u32, usize) {
    let gathered = match kind {
        Kind::Bare => CONNECTIONS,
        _ => CONNECTIONS + 1,
    };
    (gathered, CONNECTIONS as usize + 1)
}

struct Figures {
    kind: Kind,
    calls: f64,
    bytes: f64,
    idle: f64,
}

fn compare(options: &Options) -> Outcome<()> {
    let mut server = Server::start(Listen::One)?;
    let kinds = options.among(Kind::ALL).into_iter();
    let measured = kinds.map(|kind| measure(&mut server, kind));
    let measured = measured.collect::<Outcome<Vec<_>>>()?;
    print(&measured);
    if options.csv {
        let mut report = Report::new("allocations");
        for figures in &measured {
            let name = figures.kind.name();
            report.add("a request", name, "allocations", figures.calls);
            report.add("a request", name, "bytes", figures.bytes);
            report.add("an idle connection", name, "bytes", figures.idle);
        }
        report.write_csv()?;
    }
    Ok(())
}

fn measure(server: &mut Server, kind: Kind) -> Outcome<Figures> {
    let order = Order {
        kind,
        server: server.address(),
        requests: REQUESTS,
        case: "idle".to_owned(),
    };
    let before = server.accepted()?;
    let said = process::run_client(&[], &order)?;
    let opened = server.accepted()? - before;
    let (_, expected) = connections(kind);
    if opened != expected {
        return Err(format!("{} opened {opened} connections", kind.name()).into());
    }
    Ok(Figures {
        kind,
        calls: said.figure("calls")? / f64::from(REQUESTS),
        bytes: said.figure("bytes")? / f64::from(REQUESTS),
        idle: said.figure("live")? / f64::from(CONNECTIONS),
    })
}

fn print(measured: &[Figures]) {
    let mut table = Table::new(&[
        "contestant",
        "allocations a request",
        "bytes a request",
        "bytes an idle connection",
        "to legacy",
    ]);
    let legacy = measured.iter().find(|of| of.kind == Kind::Legacy);
    for figures in measured {
        table.row(vec![
            figures.kind.name().to_owned(),
            format!("{:.2}", figures.calls),
            grouped(figures.bytes),
            grouped(figures.idle),
            ratio(figures.idle, legacy.map(|of| of.idle)),
        ]);
    }
    table.print();
}
