//! The peer says that it did not process a stream: any method is sent again.

use super::play::Row;
use crate::peer_h2::{Code, Script2, Stream};

const CODES: [Code; 3] = [Code::NoError, Code::EnhanceYourCalm, Code::InternalError];

#[test]
fn a_refused_stream_is_sent_again_over_another_connection() {
    for row in [Row::reused, Row::fresh] {
        let script = Script2::bare()
            .read_all()
            .reset(Stream::Last, Code::RefusedStream)
            .read_forever();
        let script =
            if std::ptr::fn_addr_eq(row as fn(Script2) -> Row, Row::fresh as fn(Script2) -> Row) {
                Script2::new().then(script)
            } else {
                script
            };
        row(script).check(|played| {
            assert_eq!(played.answered(1).failed, 1, "{}", played.name);
            assert_eq!(played.peer.connections(), 2, "{}", played.name);
        });
    }
}

#[test]
fn a_goaway_below_the_stream_is_a_refusal_whatever_its_reason() {
    for code in CODES {
        let script = Script2::bare()
            .read_all()
            .goaway(Stream::BeforeLast, code)
            .read_forever();
        Row::reused(script).check(|played| {
            assert_eq!(played.answered(1).failed, 1, "{}", played.name);
            assert_eq!(played.peer.connections(), 2, "{}", played.name);
        });
    }
}

#[test]
fn a_goaway_while_idle_is_never_noticed() {
    for code in CODES {
        let script = Script2::bare().goaway(Stream::Last, code);
        Row::idle(script).check(|played| {
            // It may yet have crossed the request; then the peer says that it did not process it.
            assert!(played.answered(1).failed <= 1, "{}", played.name);
            assert_eq!(played.peer.connections(), 2, "{}", played.name);
        });
    }
}

#[test]
fn a_goaway_at_the_stream_or_above_lets_it_be_answered() {
    for last in [Stream::Last, Stream::MAX] {
        for code in CODES {
            let script = Script2::bare()
                .read_all()
                .execute()
                .goaway(last, code)
                .answer()
                .read_forever();
            Row::reused(script).check(|played| {
                assert_eq!(played.answered(1).failed, 0, "{}", played.name);
                assert_eq!(played.peer.connections(), 1, "{}", played.name);
            });
        }
    }
}

#[test]
fn a_goaway_above_the_stream_and_then_one_below_it_is_a_refusal() {
    // How a server leaves in good order: first it warns, then it says how far it has come.
    let script = Script2::bare()
        .read_all()
        .goaway(Stream::MAX, Code::NoError)
        .goaway(Stream::BeforeLast, Code::NoError)
        .fin()
        .discard();
    Row::reused(script).check(|played| {
        assert_eq!(played.answered(1).failed, 1, "{}", played.name);
        assert_eq!(played.peer.connections(), 2, "{}", played.name);
    });
}
