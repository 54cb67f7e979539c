//! What is typed, and what `--help` says.
//!
//! Apart so that everything that can be set, and each default, stands in one place. Invariant: whatever is accepted here is
//! within the bounds that the probe announces.

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::{RangedU64ValueParser, TypedValueParser};
use clap::{Args, Parser, Subcommand, ValueEnum};

/// What to do about stale connections, from the command line.
#[derive(Debug, Parser)]
#[command(name = "unstale", version, about, arg_required_else_help = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    #[command(about = SHORT, long_about = LONG, after_long_help = CODES, args_override_self = true)]
    Probe(Options),
}

const SHORT: &str = "Find out how a server treats idle connections";

const LONG: &str = "\
Find out how a server treats idle connections: for how long it keeps them, whether it says so, how it closes them, how many \
requests it lets one of them carry, and whether something on the way forgets connections and says nothing. Prints a survival \
chart over idle age, a verdict in words, and what to set in hyper-util, reqwest and unstale.

Opens a few connections side by side, sends one GET over each, lets it lie idle, and sends a second one at an age of its own. \
It says beforehand how many connections and requests that may be, and for how long. Several URLs are probed one after another. \
Redirects are not followed, and proxies not used.

Ctrl-C prints what is known by then.";

const CODES: &str = "\
Exit codes:
    0  probed
    2  wrong usage, or a URL that is none
    3  the host cannot be reached: no such name, connection refused, or no answer to the connect
    4  the TLS handshake failed
    5  what answers is not HTTP
    6  the server closes every connection, after one answer or without any
    7  no answer to the first request
    8  a file could not be read or written
  130  interrupted by Ctrl-C; what was known by then has been printed

Of several URLs the first that failed decides.";

/// The options of `unstale probe`.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// What to ask for: an http or https URL whose GET is cheap and changes nothing
    #[arg(required = true, value_name = "URL")]
    pub(crate) urls: Vec<String>,

    /// The longest idle age to look at: seconds, or with a unit, as in 500ms, 90s, 6m
    #[arg(long, value_name = "TIME", default_value = "80s", value_parser = time)]
    pub(crate) longest: Duration,

    /// How many connections are open at once, at most
    #[arg(long, value_name = "N", default_value = "8", value_parser = within(4, 32))]
    pub(crate) connections: usize,

    /// How many requests one connection is tried with, at most, to find a limit; 2 leaves that out
    #[arg(long, value_name = "N", default_value = "120", value_parser = within(2, 10_000))]
    pub(crate) requests: usize,

    /// How long to wait for a connection, and for each answer
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = time)]
    pub(crate) patience: Duration,

    /// What to speak; auto: over TLS each that the server takes (ALPN), in cleartext HTTP/1
    #[arg(long, value_enum, default_value_t = Speak::Auto)]
    pub(crate) protocol: Speak,

    /// Send HEAD instead of GET; done by itself where the first answer has more than 64 KiB
    #[arg(long)]
    pub(crate) head: bool,

    /// Trust the certificates in this PEM file too, beside those that the platform trusts
    #[arg(long, value_name = "FILE")]
    pub(crate) cacert: Option<PathBuf>,

    /// Print JSON instead of words, a line for each URL
    #[arg(long)]
    pub(crate) json: bool,

    /// Write the survival chart as a picture
    #[arg(long, value_name = "FILE")]
    pub(crate) svg: Option<PathBuf>,

    /// No progress on standard error
    #[arg(long, short)]
    pub(crate) quiet: bool,
}

/// What to speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Speak {
    Auto,
    Http1,
    Http2,
}

fn within(least: u64, most: u64) -> impl TypedValueParser<Value = usize> {
    RangedU64ValueParser::<usize>::new().range(least..=most)
}

/// Seconds, or a number with a unit; from 1 second, as there is nothing to be seen in less, to an hour.
fn time(text: &str) -> Result<Duration, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let number: f64 = digits
        .parse()
        .map_err(|_| "a number is wanted, as in 90s".to_owned())?;
    let seconds = match text.get(digits.len()..).unwrap_or_default() {
        "ms" => number / 1000.0,
        "" | "s" => number,
        "m" | "min" => number * 60.0,
        unit => return Err(format!("{unit} is no unit of time; take ms, s or m")),
    };
    if (1.0..=3600.0).contains(&seconds) {
        Ok(Duration::from_secs_f64(seconds))
    } else {
        Err("from 1s to 60m".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_makes_sense() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn a_time_is_seconds_unless_it_says_otherwise() {
        assert_eq!(time("90"), Ok(Duration::from_secs(90)));
        assert_eq!(time("1500ms"), Ok(Duration::from_millis(1500)));
        assert_eq!(time("1.5m"), Ok(Duration::from_secs(90)));
        for wrong in ["", "s", "0", "-1s", "2h", "NaN", "0.5s", "61m"] {
            assert!(time(wrong).is_err(), "{wrong}");
        }
    }
}
