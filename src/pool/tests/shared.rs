//! HTTP/2 connections need never be idle: they are not in the way of others for ever all the same.

use std::sync::atomic::{AtomicBool, Ordering};

use hyper::client::conn::http2;
use hyper_util::rt::TokioExecutor;

use super::*;

/// Opens connections by HTTP/2 whose peer allows a hundred streams, and says nothing else.
#[derive(Debug)]
struct Silent;

impl Dial for Silent {
    fn route(&self, key: Key) -> Result<Route, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Route::direct(key, Speaks::Http2)?)
    }

    fn dial(&self, _: &Arc<Route>, member: Arc<Member>) -> Dialing {
        Box::pin(async move {
            let (ours, theirs) = tokio::io::duplex(4_096);
            let io = PlainIo::alone(TokioIo::new(ours));
            let ledger = io.ledger();
            let builder = http2::Builder::new(TokioExecutor::new());
            let (sender, mut connection) = builder.handshake(io).await?;
            let mut has_said = false;
            let driver = poll_fn(move |cx| {
                let _open = &theirs;
                if !std::mem::replace(&mut has_said, true) {
                    member.allows_streams(100);
                }
                Pin::new(&mut connection).poll(cx).map(|_| ())
            });
            Ok(Dialed {
                sender: Sender::Http2(sender),
                ledger,
                driver: Driving::new(driver),
            })
        })
    }
}

fn silent(per_host: usize, in_all: usize) -> Arc<Pool> {
    let settings = Settings {
        max_connections_per_host: per_host,
        max_connections: in_all,
        ..Settings::default()
    };
    Pool::new(settings, Box::new(Silent), None, None)
}

/// Streams to `a` without end: before the last of them is over there is another.
fn keep_busy(pool: &Arc<Pool>) -> Arc<AtomicBool> {
    let stop = Arc::new(AtomicBool::new(false));
    for turns in 1..5 {
        let (pool, stop) = (Arc::clone(pool), Arc::clone(&stop));
        tokio::spawn(async move {
            while !stop.load(Ordering::SeqCst) {
                let taken = lease(&pool, "a").await;
                for _ in 0..turns {
                    tokio::task::yield_now().await;
                }
                give_back(taken);
            }
        });
    }
    stop
}

#[tokio::test]
async fn a_host_that_waits_for_a_place_is_not_starved_by_a_shared_connection() {
    let pool = silent(9, 1);
    let held = lease(&pool, "a").await;
    let stop = keep_busy(&pool);
    settle().await;
    let waiting = tokio::spawn(checkout(&pool, "b", Want::default()));
    let made_room = async {
        while pool.counters().discarded(DiscardReason::MadeRoom) == 0 {
            tokio::task::yield_now().await;
        }
    };
    soon(made_room).await;
    // What ran on it has to end, and nothing new has begun.
    give_back(held);
    let taken = soon(waiting).await.unwrap().unwrap();
    assert_eq!(taken.route.origin(), "http://b");
    stop.store(true, Ordering::SeqCst);
}

#[tokio::test]
async fn a_request_that_wants_a_new_connection_is_not_starved_by_a_shared_one() {
    let pool = silent(1, 9);
    let stop = keep_busy(&pool);
    settle().await;
    let fresh = Want {
        opened_after: Some(Instant::now()),
        idle_at_most: None,
        is_replay: true,
    };
    let taken = soon(checkout(&pool, "a", fresh)).await.unwrap();
    assert!(taken.ledger().opened() > fresh.opened_after.unwrap());
    assert_eq!(pool.counters().discarded(DiscardReason::MadeRoom), 1);
    stop.store(true, Ordering::SeqCst);
}

#[test]
fn what_was_handed_to_a_request_may_end_with_its_runtime_before_the_request_is_dropped() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let pool = silent(1, 9);
    let mut dropped = checkout(&pool, "a", Want::default());
    runtime.block_on(async {
        // In line; what it is given when the connection is there it does not come for.
        waits(&mut dropped).await;
        settle().await;
    });
    drop(runtime);
    // In a thread of its own, as the fault that this would show is one that never ends.
    let (done, is_done) = std::sync::mpsc::channel();
    let thread = std::thread::spawn(move || {
        drop(dropped);
        done.send(()).unwrap();
    });
    let limit = std::time::Duration::from_secs(5);
    is_done
        .recv_timeout(limit)
        .expect("the pool waits for itself");
    thread.join().unwrap();
    let state = pool.state();
    assert_eq!((state.hosts.len(), state.slots.len()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_shared_connection_is_idle_while_nothing_runs_on_it_and_not_else() {
    let second = std::time::Duration::from_secs(1);
    let recent = Want {
        idle_at_most: Some(second),
        ..Want::default()
    };
    let pool = silent(9, 9);
    let held = lease(&pool, "a").await;
    settle().await;
    tokio::time::advance(9 * second).await;
    let stream = checkout(&pool, "a", recent).await.unwrap();
    assert_eq!(stream.ledger().id(), held.ledger().id());
    for taken in [stream, held] {
        give_back(taken);
    }
    settle().await;
    tokio::time::advance(9 * second).await;
    soon(checkout(&pool, "a", recent)).await.unwrap();
    assert_eq!(pool.counters().opened(), 2);
}
