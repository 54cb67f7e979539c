//! What observations mean, as a table.

use http::StatusCode;

use super::*;
use crate::connection::Ask;
use crate::quota::KeepAlive;

const FIN: Close = Close {
    how: How::Fin { close_notify: None },
    said: None,
    lingers: None,
    fin_after: None,
};

fn seconds(seconds: f64) -> Duration {
    Duration::from_secs_f64(seconds)
}

fn findings(observed: &[(f64, Seen)]) -> Findings {
    let first = First {
        status: StatusCode::OK,
        server: None,
        keep_alive: None,
        round_trip: Some(seconds(0.05)),
        ping: None,
        ask: Ask {
            head: false,
            keep_alive: false,
        },
    };
    let observations = observed.iter().map(|(age, seen)| Observation {
        age: seconds(*age),
        seen: seen.clone(),
    });
    let surveyed = Surveyed {
        observations: observations.collect(),
        failures: Vec::new(),
        interrupted: false,
    };
    let about = (Protocol::Http1, ([127, 0, 0, 1], 80).into());
    Findings::of(about, first, None, surveyed, Duration::ZERO)
}

#[track_caller]
fn assert_usable(findings: &Findings, usable: f64) {
    assert_eq!(findings.usable(), Some(seconds(usable)), "{findings:?}");
}

#[test]
fn the_first_close_is_the_timeout_less_a_margin_and_a_round_trip() {
    let findings = findings(&[
        (5.01, Seen::Closed(FIN)),
        (4.0, Seen::Answered),
        (5.0, Seen::Closed(FIN)),
    ]);
    let closes = Idle::Closes {
        age: seconds(5.0),
        first: seconds(5.0),
        last: seconds(5.01),
        count: 2,
    };
    assert_eq!(findings.idle(), closes);
    assert!(!findings.is_scattered());
    assert_usable(&findings, 4.75);
}

#[test]
fn the_timeout_is_where_most_closes_are_and_the_first_is_what_is_relied_on() {
    let ages = [0.8, 1.0, 1.002, 1.004, 1.06];
    let findings = findings(&ages.map(|age| (age, Seen::Closed(FIN))));
    let closes = Idle::Closes {
        age: seconds(1.002),
        first: seconds(0.8),
        last: seconds(1.06),
        count: 5,
    };
    assert_eq!(findings.idle(), closes);
    assert_usable(&findings, 0.59);
}

#[test]
fn a_request_that_crosses_a_close_is_no_finding_of_its_own_and_is_kept_clear_of() {
    let findings = findings(&[(4.9, Seen::Lost(FIN)), (5.0, Seen::Closed(FIN))]);
    assert!(matches!(findings.idle(), Idle::Closes { count: 1, .. }));
    assert_usable(&findings, 4.65);
}

#[test]
fn what_is_forgotten_before_the_server_closes_comes_first() {
    let findings = findings(&[
        (2.0, Seen::Answered),
        (3.0, Seen::Silent),
        (60.0, Seen::Closed(FIN)),
    ]);
    let fails = Idle::Fails {
        answered: seconds(2.0),
        lost: seconds(3.0),
        how: Failing::Silence,
    };
    assert_eq!(findings.idle(), fails);
    assert_usable(&findings, 1.75);
}

#[test]
fn closes_at_ages_that_do_not_agree_are_said_to_be_scattered() {
    let closed = |age| (age, Seen::Closed(FIN));
    assert!(findings(&[closed(2.0), closed(3.5)]).is_scattered());
    assert!(findings(&[closed(2.0), (9.0, Seen::Open)]).is_scattered());
    assert!(!findings(&[closed(2.0), (2.2, Seen::Open)]).is_scattered());
}

#[test]
fn of_a_server_that_keeps_connections_no_more_is_used_than_was_answered() {
    let findings = findings(&[(30.0, Seen::Answered), (80.0, Seen::Open)]);
    let longer = Idle::Longer {
        than: seconds(80.0),
    };
    assert_eq!(findings.idle(), longer);
    assert_usable(&findings, 30.0);
}

#[test]
fn a_server_that_keeps_connections_for_longer_than_it_says_is_taken_at_its_word() {
    let mut findings = findings(&[(6.0, Seen::Closed(FIN))]);
    findings.first.keep_alive = Some(KeepAlive {
        timeout: Some(seconds(5.0)),
        max: None,
        when_asked: false,
    });
    assert_usable(&findings, 4.75);
}

#[test]
fn where_nothing_was_answered_nothing_is_known_to_be_of_use() {
    assert_eq!(findings(&[]).usable(), None);
    assert_eq!(findings(&[(1.0, Seen::Lost(FIN))]).usable(), None);
    assert_eq!(findings(&[(0.02, Seen::Closed(FIN))]).usable(), None);
}
