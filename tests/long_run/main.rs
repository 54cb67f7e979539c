//! The long run: 64 workers against servers that close connections at random points, for ten minutes.
//!
//! A binary of its own, and one test in it, because it counts what the whole process has left: sockets, descriptors, tasks.
//! Ignored for its length alone; `UNSTALE_LONG_RUN_SECONDS` makes it shorter, `UNSTALE_SEED` plays the same scripts again. A
//! sixth of that time is added on the current-thread runtime.
//!
//! ```text
//! clients, one for the whole run ──▶ 4 wires × 16 workers ──▶ a peer for each wire, a new one every few seconds
//!                                                               └─ its record of executions judges the round
//! ```

#![cfg(target_os = "linux")]
#![allow(
    missing_docs,
    dead_code,
    unnameable_types,
    unused_imports,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    reason = "test code, which shares the peers and the client with `it` and uses a part of them"
)]

#[path = "../it/client.rs"]
mod client;
mod judge;
mod memory;
#[path = "../it/peer_h2/mod.rs"]
mod peer_h2;
#[path = "../it/random.rs"]
mod random;
mod remains;
mod report;
mod round;
mod script;
mod traffic;
mod wire;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout};
use unstale::test_peer as peer;

use crate::memory::Memory;
use crate::remains::Remains;
use crate::report::Report;
use crate::round::{Round, Stage};
use crate::wire::{Clients, Wire};

const SECONDS: &str = "UNSTALE_LONG_RUN_SECONDS";
const SEED: &str = "UNSTALE_SEED";
const TEN_MINUTES: u64 = 600;

/// Threads of the runtime: more than the machine may have cores, so that tasks are interrupted anywhere.
const THREADS: usize = 4;

/// How long a client may take to close: a response that was let go is drained for half a second at most.
const CLOSED_WITHIN: Duration = Duration::from_secs(10);

/// From so long on a run must have met everything that it is for.
const LONG_ENOUGH: Duration = Duration::from_secs(10);

/// How often the memory is told.
const TOLD_EVERY: Duration = Duration::from_secs(30);

#[test]
#[ignore = "runs for ten minutes, or for UNSTALE_LONG_RUN_SECONDS"]
fn under_64_workers_and_a_server_that_closes_at_random_the_rule_holds_and_nothing_is_left() {
    let seconds = number(SECONDS).unwrap_or(TEN_MINUTES);
    let seed = number(SEED).unwrap_or_else(now);
    println!("{SEED}={seed}");
    let many = Builder::new_multi_thread()
        .worker_threads(THREADS)
        .enable_all()
        .build();
    let one = Builder::new_current_thread().enable_all().build();
    nothing_is_left_of(&many.unwrap(), Duration::from_secs(seconds), seed);
    nothing_is_left_of(&one.unwrap(), Duration::from_secs(seconds) / 6, seed);
}

fn nothing_is_left_of(runtime: &Runtime, duration: Duration, seed: u64) {
    println!("{:?}, {duration:?}", runtime.handle().runtime_flavor());
    runtime.block_on(async {
        // What a process opens once and for all is open after this.
        let _warm = run(Duration::from_secs(1), seed).await;
        let before = Remains::now();
        let report = run(duration, seed).await;
        println!("{report}");
        before.must_be_left_again().await;
        report.must_have_no_fault();
        if duration >= LONG_ENOUGH {
            report.must_have_met_everything();
        }
    });
}

/// Puts the load on for so long; then the clients are closed under it, while their peers are still there.
async fn run(duration: Duration, seed: u64) -> Report {
    let clients = Clients::new();
    let begun = Instant::now();
    let mut wires = JoinSet::new();
    for wire in Wire::ALL {
        let stage = Stage {
            wire,
            client: clients.of(wire),
            until: begun + duration,
            seed,
        };
        wires.spawn(stage.play());
    }
    let memory = Memory::default();
    let telling = tokio::spawn(memory.clone().tell_every(TOLD_EVERY));
    sleep_until(begun + duration).await;
    for client in clients.all() {
        let closed = timeout(CLOSED_WITHIN, client.close()).await;
        closed.unwrap_or_else(|_| panic!("a client does not close: {}", client.connections()));
        assert_eq!(client.connections().all().len(), 0);
    }
    let ended: Vec<(Report, Round)> = wires.join_all().await;
    telling.abort();
    memory.must_not_grow();

    let mut report = Report::default();
    for client in clients.all() {
        report.counters.push(client.counters());
    }
    for (_, last) in &ended {
        let open = remains::sockets_to(last.addr());
        assert_eq!(open, 0, "sockets to {} are left", last.addr());
    }
    for (part, last) in ended {
        report.add(part);
        report.add(last.judge().await);
    }
    report
}

fn number(variable: &str) -> Option<u64> {
    let value = std::env::var(variable).ok()?;
    Some(
        value
            .parse()
            .unwrap_or_else(|_| panic!("{variable} is no number: {value}")),
    )
}

fn now() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    u64::from(now.subsec_nanos()) ^ now.as_secs()
}
