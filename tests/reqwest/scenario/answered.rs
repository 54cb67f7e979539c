//! A response has begun: nothing is sent again, where that can be known.

use http::StatusCode;
use unstale::evidence::Delivery;
use unstale::verdict::Refusal;

use super::call::Call;
use super::row::Row;
use crate::peer::{Script, Tls};

const HEAD: &str = "HTTP/1.1 200 OK\r\nContent-Le";
const REQUEST_TIMEOUT: &str =
    "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";

fn executes() -> Script {
    Script::new().read_all().execute()
}

#[test]
fn a_part_of_a_response_is_seen_where_the_kernel_is_asked() {
    for end in [
        executes().send(HEAD).close(),
        executes().send(HEAD).fin().discard(),
        executes().send("HTTP/1.1 100 Continue\r\n\r\n").close(),
    ] {
        let row = Row::idle(&end);
        row.check(|played| {
            if played.asks() {
                let error = played.failed_at_once(Delivery::Received);
                assert_eq!(error.refusal(), Refusal::ResponseBegan, "{played}");
                assert!(!error.is_stale(), "{played}: {error:?}");
                played.executed_times(1);
            } else if played.is_safe() {
                // hyper says of it what it says of an end without a byte.
                played.repeated_once();
            } else {
                played.executed_times(1);
            }
        });
    }
}

/// Over TLS a record that holds so few bytes is as long as an alert, or shorter.
#[test]
fn the_first_bytes_of_a_response_are_told_from_an_alert_where_the_kernel_is_asked() {
    for length in [1, 2, 9] {
        for end in [
            Script::new().close(),
            Script::new().fin().discard(),
            Script::new().rst(),
        ] {
            let row = Row::idle(&executes().send(&HEAD[..length]).then(end)).also_tls12();
            row.calls(&[Call::Get, Call::Put, Call::Post])
                .check(|played| {
                    if played.asks() {
                        let error = played.failed_at_once(Delivery::Received);
                        assert_eq!(error.refusal(), Refusal::ResponseBegan, "{played}");
                        played.executed_times(1);
                    }
                    assert!(
                        played.call != Call::Post || played.executed() <= 1,
                        "{played}"
                    );
                });
        }
    }
}

#[test]
fn an_alert_alone_is_no_response() {
    let wires = [
        Tls::V12 { close_notify: true },
        Tls::V13 { close_notify: true },
    ];
    for end in [
        Script::new().close(),
        Script::new().fin().discard(),
        Script::new().close_notify().rst(),
    ] {
        let row = Row::idle(&executes().then(end)).only(&wires);
        row.calls(&[Call::Get]).check(|played| {
            played.repeated_once();
        });
    }
}

#[test]
fn what_is_no_http_response_is_an_error_after_one_attempt() {
    for garbage in ["SSH-2.0-OpenSSH_9.6\r\n", "HTTP/9.9 777\u{0}\r\n\r\n"] {
        let row = Row::idle(&executes().send(garbage).close());
        row.calls(&[Call::Get, Call::Post]).check(|played| {
            let error = played.failed_at_once(Delivery::Received);
            assert_eq!(error.refusal(), Refusal::ResponseBegan, "{played}");
            played.executed_times(1);
        });
    }
}

#[test]
fn a_fin_within_the_response_body_is_an_error_of_the_body() {
    let half = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\no";
    let row = Row::idle(&executes().send(half).close());
    row.check(|played| {
        let answer = played.response();
        assert_eq!(answer.status, StatusCode::OK, "{played}");
        assert!(answer.body.is_err(), "{played}: {answer:?}");
        played.executed_times(1);
        played.opened(1);
    });
}

#[test]
fn an_answer_and_an_end_at_once_is_an_answer() {
    for end in [Script::new().close(), Script::new().fin().discard()] {
        let row = Row::idle(&executes().answer().then(end));
        row.check(|played| {
            assert_eq!(played.answered().len(), 0, "{played}");
            played.executed_times(1);
            played.opened(1);
        });
    }
}

#[test]
fn a_408_to_a_request_that_was_read_is_the_response() {
    let row = Row::idle(&executes().send(REQUEST_TIMEOUT).close());
    row.check(|played| {
        let answer = played.response();
        assert_eq!(answer.status, StatusCode::REQUEST_TIMEOUT, "{played}");
        assert_eq!(answer.failed.len(), 0, "{played}: {answer:?}");
        played.executed_times(1);
        played.opened(1);
    });
}
