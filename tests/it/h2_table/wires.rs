//! A sample of the rows over the other wires: TLS 1.2, and peers that end without `close_notify`.

use super::play::Row;
use super::unknown::idempotent_alone;
use crate::peer_h2::{Code, Script2, Stream, Tls};
use crate::scenario::mode::Flavour;

const OTHERS: [(Tls, Flavour); 4] = [
    (Tls::V12 { close_notify: true }, Flavour::CurrentThread),
    (
        Tls::V12 {
            close_notify: false,
        },
        Flavour::MultiThread,
    ),
    (
        Tls::V13 {
            close_notify: false,
        },
        Flavour::CurrentThread,
    ),
    (
        Tls::V13 {
            close_notify: false,
        },
        Flavour::MultiThread,
    ),
];

const ENDS: [fn(Script2) -> Script2; 3] = [Script2::close, Script2::rst, |script| {
    script.fin().discard()
}];

#[test]
fn an_answer_with_the_end_behind_it_is_an_answer_on_every_wire() {
    for end in ENDS {
        let script = Script2::bare().read_all().execute().answer();
        Row::reused(end(script)).check_on(&OTHERS, |played| {
            assert_eq!(played.answered(1).failed, 0, "{}", played.name);
        });
    }
}

#[test]
fn an_end_after_the_request_was_executed_is_unknown_on_every_wire() {
    for end in ENDS {
        let script = Script2::bare().read_all().execute();
        Row::reused(end(script)).check_on(&OTHERS, |played| idempotent_alone(played, 1));
    }
}

#[test]
fn a_goaway_below_the_stream_is_a_refusal_on_every_wire() {
    for end in ENDS {
        let script = Script2::bare()
            .read_all()
            .goaway(Stream::BeforeLast, Code::NoError);
        Row::reused(end(script)).check_on(&OTHERS, |played| {
            assert_eq!(played.answered(1).failed, 1, "{}", played.name);
            assert_eq!(played.peer.connections(), 2, "{}", played.name);
        });
    }
}

#[test]
fn an_end_while_idle_is_never_noticed_on_any_wire() {
    for end in ENDS {
        Row::idle_closed(end(Script2::bare())).check_on(&OTHERS, |played| {
            assert_eq!(played.answered(1).failed, 0, "{}", played.name);
            assert_eq!(played.peer.connections(), 2, "{}", played.name);
        });
    }
}
