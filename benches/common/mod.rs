//! What the benchmarks share: the contestants, the server in a process of its own, and the ways to count.
//!
//! Apart from the benchmarks so that each of those says only what it measures. A benchmark's binary plays three parts,
//! told apart by its first argument: the one that compares (as cargo starts it), the server, and the client that is
//! measured. Invariant: what is measured shares no process with the server or with what measures.

#![allow(dead_code, reason = "each benchmark uses a part of it")]

pub(crate) mod allocator;
pub(crate) mod callgrind;
pub(crate) mod contestant;
pub(crate) mod crowd;
pub(crate) mod options;
pub(crate) mod order;
pub(crate) mod process;
pub(crate) mod report;
pub(crate) mod runtime;
pub(crate) mod server;

use std::error::Error;
use std::process::ExitCode;

pub(crate) use contestant::{Contestant, Job, Kind};
pub(crate) use options::Options;
pub(crate) use order::Order;
pub(crate) use report::{Report, Table};
pub(crate) use server::Server;

pub(crate) type Failure = Box<dyn Error + Send + Sync>;
pub(crate) type Outcome<T> = Result<T, Failure>;

/// Plays the part that the arguments ask for.
///
/// `compare` is what `cargo bench` runs; `client` is what is measured, in a process that `compare` starts.
pub(crate) fn play(
    compare: fn(&Options) -> Outcome<()>,
    client: fn(&Order) -> Outcome<()>,
) -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let played = match arguments.split_first() {
        Some((part, rest)) if part == process::SERVER => server::serve(rest),
        Some((part, rest)) if part == process::CLIENT => {
            Order::parse(rest).and_then(|order| client(&order))
        }
        // `cargo test --all-targets` runs it without.
        _ if !arguments.iter().any(|argument| argument == "--bench") => {
            println!("a benchmark: cargo bench --bench NAME");
            Ok(())
        }
        _ => Options::parse(&arguments).and_then(|options| compare(&options)),
    };
    match played {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("failed: {failure}");
            ExitCode::FAILURE
        }
    }
}
