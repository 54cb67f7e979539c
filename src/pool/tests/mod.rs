//! Who gets a place, and when; over connections in memory.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::Uri;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::time::Instant;

use super::*;
use crate::conn::PlainIo;

mod fairness;
mod keeping;
#[cfg(feature = "http2")]
mod shared;
mod siblings;
mod told;
mod trust;
mod waiters;
mod wishes;

/// Opens connections whose peer says nothing; none to a host named `nowhere`.
#[derive(Debug)]
struct InMemory;

impl Dial for InMemory {
    fn route(&self, key: Key) -> Result<Route, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Route::direct(key, Speaks::Http1)?)
    }

    fn dial(&self, route: &Arc<Route>, member: Arc<Member>) -> Dialing {
        let is_nowhere = route.uri.host() == Some("nowhere");
        Box::pin(async move {
            if is_nowhere {
                return Err("there is no way there".into());
            }
            let (ours, theirs) = tokio::io::duplex(64);
            let io = PlainIo::alone(TokioIo::new(ours));
            let ledger = io.ledger();
            let (sender, mut connection) = http1::handshake(io).await?;
            let driver = poll_fn(move |cx| {
                let _open = &theirs;
                let done = Pin::new(&mut connection).poll(cx);
                member.polled();
                done.map(|_| ())
            });
            Ok(Dialed {
                sender: Sender::Http1(sender),
                ledger,
                driver: Driving::new(driver),
            })
        })
    }
}

fn pool(per_host: usize, in_all: usize) -> Arc<Pool> {
    pool_with(Settings {
        max_connections_per_host: per_host,
        max_connections: in_all,
        ..Settings::default()
    })
}

fn pool_with(settings: Settings) -> Arc<Pool> {
    Pool::new(settings, Box::new(InMemory), None, None)
}

/// A request that gets a connection.
struct Asking {
    checkout: Checkout,
    uri: Uri,
}

impl Future for Asking {
    type Output = Result<Taken, ConnectError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Self { checkout, uri } = &mut *self;
        checkout.poll(uri, cx)
    }
}

fn checkout(pool: &Arc<Pool>, host: &str, want: Want) -> Asking {
    Asking {
        checkout: pool.checkout(want),
        uri: format!("http://{host}/").parse().unwrap(),
    }
}

async fn lease(pool: &Arc<Pool>, host: &str) -> Taken {
    checkout(pool, host, Want::default()).await.unwrap()
}

// What is left of the taken one keeps the connection's place, so it must go, too.
fn discard(taken: Taken) {
    taken.lease.discard(DiscardReason::Failed);
}

fn give_back(taken: Taken) {
    taken.lease.give_back();
}

/// Polls once; it must have to wait.
async fn waits(checkout: &mut Asking) {
    let polled = poll_fn(|cx| Poll::Ready(Pin::new(&mut *checkout).poll(cx))).await;
    assert!(polled.is_pending(), "{polled:?}");
}

/// Lets the connections' tasks run.
async fn settle() {
    for _ in 0..20 {
        tokio::task::yield_now().await;
    }
}

/// What is waited for comes, or the test fails. How busy the machine is does not matter.
async fn soon<F: Future>(future: F) -> F::Output {
    let limit = std::time::Duration::from_secs(60);
    tokio::time::timeout(limit, future)
        .await
        .expect("nobody was woken")
}

#[tokio::test]
async fn a_free_place_passes_from_a_host_whose_request_is_gone_to_the_next() {
    let pool = pool(9, 1);
    let held = lease(&pool, "z").await;
    let (mut x, mut y) = (
        checkout(&pool, "x", Want::default()),
        checkout(&pool, "y", Want::default()),
    );
    waits(&mut x).await;
    waits(&mut y).await;
    discard(held);
    // `x` is woken to open a connection, and never comes to it.
    settle().await;
    drop(x);
    let got = soon(y).await.unwrap();
    assert_eq!(got.route.origin(), "http://y");
}

#[tokio::test]
async fn a_free_place_passes_from_a_request_that_was_served_otherwise_to_the_next() {
    let pool = pool(2, 9);
    let (one, two) = (lease(&pool, "a").await, lease(&pool, "a").await);
    let mut first = checkout(&pool, "a", Want::default());
    let mut second = checkout(&pool, "a", Want::default());
    waits(&mut first).await;
    waits(&mut second).await;
    let second = tokio::spawn(second);
    settle().await;
    discard(one);
    settle().await;
    give_back(two);
    settle().await;
    let first = soon(first).await.unwrap();
    let second = soon(second).await.unwrap().unwrap();
    // Which of them gets the one that came back is of no account.
    assert!(first.is_reused != second.is_reused);
}

#[tokio::test]
async fn a_free_place_passes_from_a_host_that_was_served_otherwise_to_the_next() {
    let pool = pool(9, 2);
    let (x, z) = (lease(&pool, "x").await, lease(&pool, "z").await);
    let mut first = checkout(&pool, "x", Want::default());
    let mut second = checkout(&pool, "y", Want::default());
    waits(&mut first).await;
    waits(&mut second).await;
    let second = tokio::spawn(second);
    settle().await;
    discard(z);
    settle().await;
    give_back(x);
    settle().await;
    let _first = soon(first).await.unwrap();
    soon(second).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_connection_that_suits_nobody_in_line_makes_room_at_a_full_host() {
    let pool = pool(1, 9);
    let old = lease(&pool, "a").await;
    let fresh = Want {
        opened_after: Some(Instant::now()),
        idle_at_most: None,
        is_replay: true,
    };
    let mut wants_fresh = checkout(&pool, "a", fresh);
    waits(&mut wants_fresh).await;
    // In a task, which is polled when it is woken and never else.
    let wants_fresh = tokio::spawn(wants_fresh);
    settle().await;
    give_back(old);
    let got = soon(wants_fresh).await.unwrap().unwrap();
    assert!(!got.is_reused);
}

#[tokio::test]
async fn nothing_is_kept_of_an_origin_that_could_not_be_reached() {
    let pool = pool(9, 9);
    for _ in 0..3 {
        let error = checkout(&pool, "nowhere", Want::default()).await;
        assert!(matches!(error, Err(ConnectError::Failed(_))));
        settle().await;
        let state = pool.state();
        assert_eq!((state.hosts.len(), state.slots.len()), (0, 0));
    }
}

#[tokio::test]
async fn of_many_that_wait_for_an_origin_that_cannot_be_reached_each_is_told() {
    for pool in [pool(2, 9), pool(9, 2)] {
        let mut tasks = Vec::new();
        for _ in 0..100 {
            let asking = checkout(&pool, "nowhere", Want::default());
            tasks.push(tokio::spawn(asking));
        }
        for task in tasks {
            let error = soon(task).await.unwrap();
            assert!(matches!(error, Err(ConnectError::Failed(_))));
        }
        settle().await;
        let state = pool.state();
        assert_eq!((state.hosts.len(), state.slots.len()), (0, 0));
        assert_eq!(state.in_line(), 0);
    }
}

/// Leases to three origins in turn, of which most are discarded, so that their hosts are forgotten.
async fn churn(pool: Arc<Pool>, from: usize) {
    for n in 0..500 {
        let host = format!("h{}", (from + n) % 3);
        let lease = lease(&pool, &host).await;
        assert_eq!(lease.route.uri.host(), Some(&*host));
        match n % 3 {
            0 => give_back(lease),
            _ => discard(lease),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_request_gets_a_connection_to_another_origin() {
    let pool = pool(9, 9);
    let tasks: Vec<_> = (0..8)
        .map(|from| tokio::spawn(churn(Arc::clone(&pool), from)))
        .collect();
    for task in tasks {
        soon(task).await.unwrap();
    }
}
