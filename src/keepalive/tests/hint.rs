//! What servers write into `Keep-Alive`.

use std::time::Duration;

use proptest::prelude::*;

use super::{SECOND, millis};
use crate::keepalive::Hint;

fn parse(values: &[&str]) -> (Option<Duration>, Option<u64>) {
    let hint = Hint::parse(values.iter().map(|value| value.as_bytes()));
    (hint.timeout, hint.max)
}

#[test]
fn what_servers_write_is_understood() {
    let five = Some(5 * SECOND);
    for (values, expected) in [
        (&["timeout=5"][..], (five, None)),
        (&["timeout=5, max=100"], (five, Some(100))),
        (&["max=100,timeout=5"], (five, Some(100))),
        (&["Timeout=5; MAX=100"], (five, Some(100))),
        (&[" timeout = 5 ,\tmax= 100 "], (five, Some(100))),
        (&["timeout=\"5\""], (five, None)),
        (&["timeout=5", "max=7"], (five, Some(7))),
        (&["timeout=0"], (Some(Duration::ZERO), None)),
        (&["timeout=005"], (five, None)),
    ] {
        assert_eq!(parse(values), expected, "{values:?}");
    }
}

#[test]
fn what_makes_no_sense_is_passed_over() {
    for values in [
        &[""][..],
        &["timeout"],
        &["timeout="],
        &["timeout=five"],
        &["timeout=-5"],
        &["timeout=+5"],
        &["timeout=5.5"],
        &["timeout=5s"],
        &["timeout=\"5"],
        &["timeout=5 max=3"],
        &["=5"],
        &["300"],
        &["timeouts=5, tim eout=5, x-timeout=5"],
        &[",,;;=,="],
    ] {
        assert_eq!(parse(values), (None, None), "{values:?}");
    }
    let rest = parse(&["timeout=five, max=3, nonsense, timeout=5, other=9"]);
    assert_eq!(rest, (Some(5 * SECOND), Some(3)), "and the rest is read");
}

#[test]
fn of_several_the_strictest_counts() {
    assert_eq!(parse(&["timeout=60, timeout=5"]).0, Some(5 * SECOND));
    assert_eq!(parse(&["timeout=5", "timeout=60"]).0, Some(5 * SECOND));
    assert_eq!(parse(&["max=3, max=7"]).1, Some(3));
}

#[test]
fn a_huge_number_is_a_long_time() {
    let (timeout, max) = parse(&["timeout=99999999999999999999999, max=99999999999999999999999"]);
    assert_eq!(timeout, Some(millis(u64::from(u32::MAX) * 1000)));
    assert_eq!(max, Some(u64::MAX));
}

proptest! {
    #[test]
    fn nothing_that_a_server_writes_does_harm(values in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..60), 0..4)) {
        let hint = Hint::parse(values.iter().map(Vec::as_slice));
        if hint != Hint::default() {
            prop_assert!(values.iter().any(|value| value.contains(&b'=')));
        }
    }

    #[test]
    fn what_is_written_is_read(timeout in 0..=u64::from(u32::MAX), max: u64, noise in "[a-z]{0,8}(=[a-z]{0,8})?") {
        prop_assume!(!noise.starts_with("timeout") && !noise.starts_with("max"));
        let value = format!("{noise}, timeout={timeout}, {noise}, max={max}");
        prop_assert_eq!(parse(&[&value]), (Some(Duration::from_secs(timeout)), Some(max)));
    }
}
