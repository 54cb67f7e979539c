//! A pool whose connections all die at once, under as many requests at once.

use std::sync::Arc;

use tokio::task::JoinSet;
use tower::ServiceExt;
use unstale::evidence::Delivery;

use super::call::{Call, With};
use super::mode::Mode;
use super::play::{Answer, Stage, read};
use super::row::Moment;
use crate::client::client;
use crate::peer::{Peer, Script};

const HERD: usize = 100;

type Outcome = Result<Answer, unstale::Error>;

/// Opens as many connections as there are requests, lets them all come to this end, and sends all requests at once.
fn stampede(mode: Mode, call: Call, end: &Script, moment: Moment) -> (Arc<Peer>, Vec<Outcome>) {
    let end = end.clone();
    let peer = Arc::new(Peer::start(mode.tls, move |n| {
        let first = Script::new().read_all().execute().wait("warm").answer();
        if n < HERD {
            first.wait("end").then(end.clone())
        } else {
            Script::serve_forever()
        }
    }));
    let stage = Stage {
        client: client(mode.stack, &peer, mode.tls),
        peer: Arc::clone(&peer),
        tls: mode.tls,
        stack: mode.stack,
    };
    let outcomes = mode.run(moment == Moment::Blocked, async move {
        stage.warm_up(HERD).await;
        stage.come_to(moment).await;
        let mut requests = JoinSet::new();
        for n in 0..HERD {
            let request = call.request(&stage.url(&path(n)), With::Nothing);
            let response = stage.client.clone().oneshot(request);
            requests.spawn(async move { (n, read(response).await) });
        }
        let mut outcomes = requests.join_all().await;
        outcomes.sort_by_key(|(n, _)| *n);
        outcomes.into_iter().map(|(_, outcome)| outcome).collect()
    });
    (peer, outcomes)
}

fn path(n: usize) -> String {
    format!("/{n}")
}

#[test]
fn when_all_deaths_are_known_every_request_is_answered_and_executed_once() {
    for end in [
        Script::new().close(),
        Script::new().fin().discard(),
        Script::new().rst(),
    ] {
        Mode::each(&Mode::all(), |mode| {
            for call in [Call::Get, Call::Post] {
                let (peer, outcomes) = stampede(mode, call, &end, Moment::Blocked);
                for (n, outcome) in outcomes.iter().enumerate() {
                    let answer = outcome.as_ref().unwrap();
                    assert_eq!(answer.body.as_ref().unwrap(), "ok", "{call:?} {mode:?}");
                    let executed = peer.executed(call.method().as_str(), &path(n));
                    assert_eq!(executed, 1, "{call:?} {mode:?} {n}");
                }
                assert!(peer.connections() <= 2 * HERD, "{call:?} {mode:?}");
            }
        });
    }
}

#[test]
fn when_all_die_at_the_first_byte_only_posts_are_lost() {
    let end = Script::new().wait_first_byte().close();
    Mode::each(&Mode::all(), |mode| {
        for call in [Call::Get, Call::Post] {
            let (peer, outcomes) = stampede(mode, call, &end, Moment::Before);
            check_each(&peer, call, &outcomes);
        }
    });
}

/// A GET is answered. A POST is answered, or may have been processed; it is never executed twice.
fn check_each(peer: &Peer, call: Call, outcomes: &[Outcome]) {
    for (n, outcome) in outcomes.iter().enumerate() {
        let executed = peer.executed(call.method().as_str(), &path(n));
        match outcome {
            Ok(answer) => {
                assert_eq!(answer.body.as_ref().unwrap(), "ok");
                assert_eq!(executed, 1, "{call:?} {n}: {answer:?}");
            }
            Err(error) => {
                assert_eq!(call, Call::Post, "{error:?}");
                let delivery = error.evidence().unwrap().delivery();
                assert_eq!(delivery, Delivery::Unknown, "{error:?}");
                assert_eq!(executed, 0, "{error:?}");
            }
        }
    }
    assert!(peer.connections() <= 3 * HERD, "{}", peer.connections());
}
