//! A plain hyper-util client, the same with `unstale` around it, and `unstale::Client`, over connections that the server
//! closes.
//!
//! `cargo run --release --example demo` needs nothing: the server is in it. `-- --url http://host:port/path` asks a
//! server of yours (seconds of idle time: `--ages 1,5,75`); how often that executed what, only its log can tell.

mod clients;
mod link;
mod scenario;
mod server;
mod table;
mod tally;

use std::process::ExitCode;
use std::time::Duration;

use crate::clients::{BoxError, Kind};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<ExitCode, BoxError> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let words: Vec<_> = arguments.iter().map(String::as_str).collect();
    let violations = match words[..] {
        [] => embedded().await?,
        ["--url", url] => yours(url, "1,2,3,4,5,6,8,10,12,15").await?,
        ["--url", url, "--ages", ages] => yours(url, ages).await?,
        _ => return Err("usage: demo [--url http://host:port/path [--ages 1,5,75]]".into()),
    };
    for violation in &violations {
        println!("FORBIDDEN: {violation}");
    }
    Ok(ExitCode::from(u8::from(!violations.is_empty())))
}

async fn embedded() -> Result<Vec<String>, BoxError> {
    let mut tallies = Vec::new();
    table::head("the server, when idle too long");
    for scenario in scenario::SCENARIOS {
        for (kind, title) in Kind::ALL.into_iter().zip([scenario.title, "", ""]) {
            let tally = scenario.run(kind).await?;
            table::line(title, kind, &tally);
            tallies.push((kind, tally));
        }
    }
    println!(
        "\nEach request went out on a kept-alive connection that the server had closed, or was closing just then."
    );
    println!(
        "ReplayLayer sends it again where that is safe; a POST that may have been executed is an error, and ran once. \
         Client does the same, and asks the kernel before it uses a connection: most of the dead cost it no attempt."
    );
    Ok(table::foot(&tallies))
}

async fn yours(url: &str, ages: &str) -> Result<Vec<String>, BoxError> {
    let ages: Vec<f64> = ages.split(',').map(str::parse).collect::<Result<_, _>>()?;
    let around = [-0.003, -0.001, 0.0, 0.001, 0.003];
    let idles = ages.iter().flat_map(|age| around.map(|more| age + more));
    let idles: Vec<_> = idles
        .map(|age| Duration::from_secs_f64(age.max(0.0)))
        .collect();
    println!(
        "GET and POST, each after about {ages:?} s of idleness; how often your server executed them, its log can tell."
    );
    table::head(url);
    let racing = Kind::ALL.map(|kind| scenario::race(kind, url, idles.clone()));
    let [plain, layered, client] = racing;
    let (plain, layered, client) = tokio::try_join!(plain, layered, client)?;
    let tallies: Vec<_> = Kind::ALL
        .into_iter()
        .zip([plain, layered, client])
        .collect();
    for (kind, tally) in &tallies {
        table::line("", *kind, tally);
    }
    Ok(table::foot(&tallies))
}
