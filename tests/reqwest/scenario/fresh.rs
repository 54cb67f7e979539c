//! A connection that was opened for the request dies: that is no stale connection, and no loop.

use unstale::evidence::{Delivery, Reuse};
use unstale::verdict::Refusal;

use super::row::Row;
use crate::peer::Script;

#[test]
fn an_end_after_it_read_the_request_is_not_stale() {
    for end in [
        Script::new().close(),
        Script::new().rst(),
        Script::new().fin().discard(),
    ] {
        for begun in [Script::new().read_all(), Script::new().read_all().execute()] {
            let row = Row::fresh(&begun.then(end.clone()));
            row.check(|played| {
                let error = played.failed_at_once(Delivery::Unknown);
                assert!(!error.is_stale(), "{played}: {error:?}");
                assert_eq!(error.refusal(), Refusal::FreshConnection, "{played}");
                assert_eq!(error.evidence().unwrap().reuse(), Reuse::Fresh);
                assert!(played.executed() <= 1, "{played}");
                played.opened(1);
            });
        }
    }
}

#[test]
fn a_peer_that_accepts_and_closes_at_once_is_tried_three_times_at_most() {
    for end in [
        Script::new().close(),
        Script::new().rst(),
        Script::new().fin().discard(),
    ] {
        let row = Row::fresh(&end);
        row.also_tls12().check(|played| {
            let error = played.failed();
            let attempts = error.attempts().len();
            assert!((1..=3).contains(&attempts), "{played}: {error:?}");
            let opened = played.peer.connections();
            assert!((1..=3).contains(&opened), "{played}: {opened} {error:?}");
            played.executed_times(0);
        });
    }
}
