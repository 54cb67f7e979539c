//! Random peers: whatever becomes of their connections and streams, no request hangs, no POST is executed twice, and nothing
//! that could be sent again is told as lost.

use std::sync::Arc;

use http::{Method, StatusCode};
use tokio::task::JoinSet;
use unstale::verdict::Refusal;
use unstale::{Client, Error};

use super::play::{Answer, METHODS, WIRES, builder, request, send};
use crate::kernel;
use crate::peer_h2::{Code, Peer2, Script2, Stream};
use crate::random::Dice;
use crate::scenario::mode::{Flavour, Mode};

const SEEDS: u64 = 30;
const WORKERS: usize = 12;
const ROUNDS: usize = 6;

/// Serves some, and comes to an end of any kind. A stream that is refused is none that was executed.
fn script(dice: &mut Dice) -> Script2 {
    let begin = match dice.below(3) {
        0 => Script2::new(),
        n => Script2::max_streams([3, 100][n - 1]),
    };
    let script = begin.serve(dice.below(12));
    let one = || Script2::bare().read_all();
    let script = script.then(match dice.below(8) {
        0 => one(),
        1 => one().execute(),
        2 => one().execute().answer(),
        3 => one().execute().half_answer(),
        4 => one().goaway(Stream::BeforeLast, Code::NoError),
        5 => one()
            .reset(Stream::Last, Code::RefusedStream)
            .serve(dice.below(4)),
        6 => one()
            .execute()
            .reset(Stream::Last, Code::InternalError)
            .serve(dice.below(4)),
        _ => Script2::bare()
            .goaway(Stream::MAX, Code::NoError)
            .serve(dice.below(3)),
    });
    match dice.below(3) {
        0 => script.close(),
        1 => script.rst(),
        _ => script.fin().discard(),
    }
}

/// One worker's requests, one after the other. Gives the paths of its POSTs, with what became of them.
async fn work(
    client: Client,
    peer: Arc<Peer2>,
    worker: usize,
) -> Vec<(String, Method, Result<Answer, Error>)> {
    let mut done = Vec::new();
    for round in 0..ROUNDS {
        let method = METHODS[(worker + round) % METHODS.len()].clone();
        let path = format!("/{worker}/{round}");
        let sent = send(&client, request(&peer, &method, &path)).await;
        done.push((path, method, sent));
    }
    done
}

async fn play(peer: Arc<Peer2>, name: String) {
    let client = builder(&peer).build().unwrap();
    let mut workers = JoinSet::new();
    for worker in 0..WORKERS {
        workers.spawn(work(client.clone(), Arc::clone(&peer), worker));
    }
    for (path, method, sent) in workers.join_all().await.into_iter().flatten() {
        let executed = peer.executed(method.as_str(), &path);
        let is_idempotent = method != Method::POST;
        assert!(executed <= 1 || is_idempotent, "{name} {path}: {sent:?}");
        match sent {
            Ok(answer) => {
                assert_eq!(answer.status, StatusCode::OK, "{name} {path}");
                assert!(executed >= 1, "{name} {path}: {answer:?}");
            }
            Err(error) if is_idempotent => {
                // Once more on a connection that had served before, or never on one that had not.
                let told = [
                    Refusal::FreshConnection,
                    Refusal::AttemptsExhausted,
                    Refusal::Policy,
                ];
                assert!(told.contains(&error.refusal()), "{name} {path}: {error:?}");
            }
            Err(_) => {}
        }
    }
    client.close().await;
    assert!(client.connections().all().is_empty(), "{name}");
    let left = || kernel::established(peer.addr()) + kernel::half_closed(peer.addr());
    kernel::until("no socket is left", || left() == 0).await;
}

#[test]
fn no_random_peer_makes_a_request_hang_or_a_post_run_twice() {
    for tls in WIRES {
        for seed in 0..SEEDS {
            let mut dice = Dice(seed);
            let peer = Arc::new(Peer2::start(tls, move |_| script(&mut dice)));
            let name = format!("{tls:?} {seed}");
            Mode::of(Flavour::MultiThread).run(false, play(peer, name));
        }
    }
}
