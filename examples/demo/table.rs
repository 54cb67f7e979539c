//! The table: plain text, a line for each client in each scenario.

use std::collections::BTreeMap;

use crate::clients::Kind;
use crate::tally::Tally;

pub(crate) fn head(what: &str) {
    println!(
        "{what:<33} {:<12} {:>8} {:>15} {:>15}  replays, by grounds",
        "client", "requests", "errors", "executed twice"
    );
    println!(
        "{:33} {:12} {:>8} {:>15} {:>15}",
        "", "", "", "GET + POST", "GET + POST"
    );
}

pub(crate) fn line(title: &str, kind: Kind, tally: &Tally) {
    let [get, post] = ["GET", "POST"].map(|method| tally.errors.get(method).unwrap_or(&0));
    let errors = format!("{get} + {post}");
    let twice = match tally.twice {
        Some([get, post]) => format!("{get} + {post}"),
        None => "not known".to_owned(),
    };
    println!(
        "{title:<33} {:<12} {:>8} {errors:>15} {twice:>15}  {}",
        kind.name(),
        tally.requests,
        replays(&tally.replays)
    );
}

/// What the callers read; and everything that the rule forbids.
pub(crate) fn foot(tallies: &[(Kind, Tally)]) -> Vec<String> {
    for kind in Kind::ALL {
        let mut tallies = tallies.iter().filter(|(other, _)| *other == kind);
        if let Some(error) = tallies.find_map(|(_, tally)| tally.example.as_ref()) {
            println!("\nAn error of {}: {error}", kind.name());
        }
    }
    let ours = tallies.iter().filter(|(kind, _)| kind.is_ours());
    ours.flat_map(|(_, tally)| tally.violations()).collect()
}

fn replays(replays: &BTreeMap<String, usize>) -> String {
    if replays.is_empty() {
        return "-".to_owned();
    }
    let each: Vec<_> = replays
        .iter()
        .map(|(grounds, count)| format!("{grounds} {count}"))
        .collect();
    each.join(", ")
}
