//! `unstale probe URL…`: finds out how a server treats idle connections, and says what that means for a client.
//!
//! Apart from the library, of which it uses one question to the kernel ([`unstale::conn::Vitals`]): it has to watch single
//! connections, and a pool is there so that nobody has to. Invariant: nothing is sent but what was announced before, to one
//! host after the other.
//!
//! ```text
//! arguments ─▶ probe ─▶ line      a connection, on which every byte and every end is noted with its time
//!                │       └▶ connection   one request after another over it, HTTP/1 or HTTP/2
//!                ├▶ quota         how many requests one connection carries
//!                ├▶ survey        trials side by side: each lies idle for the age that `plan` gives it, then asks
//!                └▶ findings      what all of it means ─▶ advice ─▶ report: words, chart, JSON, SVG
//! ```

mod advice;
mod agreement;
mod arguments;
mod connection;
mod failure;
mod findings;
mod line;
mod manners;
mod plan;
mod probe;
mod progress;
mod quota;
mod report;
mod survey;
mod target;
mod trial;

use std::process::ExitCode;

use clap::Parser;

use self::arguments::{Arguments, Command, Options};
use self::failure::Failure;
use self::probe::Interrupt;
use self::report::Report;

/// Ctrl-C: what was known by then has been printed.
const INTERRUPTED: u8 = 130;

fn main() -> ExitCode {
    let Command::Probe(options) = Arguments::parse().command;
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("unstale: {error}");
            return ExitCode::FAILURE;
        }
    };
    let code = runtime.block_on(probe(&options));
    // A look-up of a name that hangs is not waited for.
    runtime.shutdown_background();
    code.into()
}

/// Probes one URL after the other; the exit code.
async fn probe(options: &Options) -> u8 {
    let interrupt = Interrupt::listen();
    let mut report = Report::new(options);
    let mut code = 0;
    for url in &options.urls {
        let probed = probe::run(url, options, &interrupt).await;
        code = first(code, probed.as_ref().err().map_or(0, Failure::code));
        report.add(url, &probed);
        if interrupt.has_come() {
            code = INTERRUPTED;
            break;
        }
    }
    if let Err(failure) = report.finish() {
        eprintln!("unstale: {failure}");
        code = first(code, failure.code());
    }
    code
}

/// Of several failures the first is told.
fn first(code: u8, next: u8) -> u8 {
    if code == 0 { next } else { code }
}
