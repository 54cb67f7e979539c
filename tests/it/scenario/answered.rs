//! A response has begun: nothing is sent again, whatever becomes of it.

use http::StatusCode;
use unstale::evidence::{Delivery, End};
use unstale::verdict::Refusal;

use super::call::Call;
use super::play::Played;
use super::row::Row;
use crate::peer::Script;

/// Error `Received`, one attempt, executed once.
#[track_caller]
fn received(played: &Played) {
    let error = played.failed_at_once(Delivery::Received);
    assert_eq!(error.refusal(), Refusal::ResponseBegan, "{played}");
    assert!(!error.is_stale(), "{played}: {error:?}");
    played.executed_times(1);
    played.opened(1);
}

fn executes() -> Script {
    Script::new().read_all().execute()
}

#[test]
fn a_fin_within_the_response_head_is_an_error_after_one_attempt() {
    for part in ["H", "HTTP/1.1", "HTTP/1.1 200 OK\r\nContent-Le"] {
        let row = Row::idle(&executes().send(part).close());
        row.check(received);
    }
}

#[test]
fn a_half_close_within_the_response_head_is_an_error_after_one_attempt() {
    let head = executes().send("HTTP/1.1 200 OK\r\nContent-Le");
    let row = Row::idle(&head.fin().discard());
    row.check(received);
}

#[test]
fn a_reset_within_the_response_head_never_executes_a_post_twice() {
    // The reset may throw away what the client has not read yet; then it has received nothing.
    let head = executes().send("HTTP/1.1 200 OK\r\nContent-Le");
    Row::idle(&head.rst()).check(|played| {
        let executed = played.executed();
        match &played.outcome {
            Ok(_) => {
                assert!(played.call.is_repeatable(), "{played}");
                assert_eq!(played.answered().len(), 1, "{played}");
                assert_eq!(executed, 2, "{played}");
            }
            Err(error) => {
                let delivery = error.evidence().unwrap().delivery();
                let is_post = !played.call.is_repeatable();
                let nothing_came = is_post && delivery == Delivery::Unknown;
                assert!(nothing_came || delivery == Delivery::Received, "{error:?}");
                assert_eq!(error.attempts().len(), 1, "{played}: {error:?}");
                assert_eq!(executed, 1, "{played}");
            }
        }
    });
}

#[test]
fn an_interim_response_and_then_a_fin_is_an_error_after_one_attempt() {
    for interim in [
        "HTTP/1.1 100 Continue\r\n\r\n",
        "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n",
    ] {
        let row = Row::idle(&executes().send(interim).close());
        row.check(received);
    }
}

#[test]
fn a_fin_within_the_response_body_is_an_error_of_the_body() {
    for half in [
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\no",
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\no\r\n",
    ] {
        let row = Row::idle(&executes().send(half).close());
        row.check(|played| {
            let answer = played.response();
            assert_eq!(answer.status, StatusCode::OK, "{played}");
            assert!(answer.body.is_err(), "{played}: {answer:?}");
            assert_eq!(answer.failed.len(), 0, "{played}: {answer:?}");
            played.executed_times(1);
            played.opened(1);
        });
    }
}

#[test]
fn an_answer_and_a_fin_at_once_is_an_answer() {
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
    let row = Row::idle(&executes().send(super::idle::REQUEST_TIMEOUT).close());
    row.check(|played| {
        let answer = played.response();
        assert_eq!(answer.status, StatusCode::REQUEST_TIMEOUT, "{played}");
        assert_eq!(answer.failed.len(), 0, "{played}: {answer:?}");
        played.executed_times(1);
        played.opened(1);
    });
}

#[test]
fn what_is_no_http_response_is_an_error_after_one_attempt() {
    for garbage in [
        "SSH-2.0-OpenSSH_9.6\r\n",
        "HTTP/9.9 777\u{0}\r\n\r\n",
        "\u{0}\u{1}\u{2}\u{3}",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nok",
    ] {
        for end in [Script::new().close(), Script::new().fin().discard()] {
            let row = Row::idle(&executes().send(garbage).then(end));
            row.calls(&[Call::Get, Call::Post]).check(|played| {
                received(played);
                let end = played.failed().evidence().unwrap().end();
                assert!(matches!(end, End::Malformed | End::Closed(_)), "{end:?}");
            });
        }
    }
}

#[test]
fn what_is_no_http_response_without_an_end_is_an_error_after_one_attempt() {
    let row = Row::idle(&executes().send("SSH-2.0-OpenSSH_9.6\r\n").stall());
    row.check(|played| {
        received(played);
        let end = played.failed().evidence().unwrap().end();
        assert_eq!(end, End::Malformed, "{played}");
    });
}

#[test]
fn what_is_no_http_response_on_a_new_connection_is_received_too() {
    let row = Row::fresh(&executes().send("SSH-2.0-OpenSSH_9.6\r\n").close());
    row.check(received);
}
