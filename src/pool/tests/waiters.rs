//! Who leaves the line, whenever that is, leaves no trace, and nobody behind waits for ever.

use super::*;

const CAP: usize = 8;
const REQUESTS: usize = 1_000;

/// The same numbers in every run.
fn random() -> impl FnMut(usize) -> usize {
    let mut state: u64 = 0x5eed;
    move |below| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap() % below
    }
}

fn busy(state: &State) -> usize {
    let slots = state.slots.iter();
    slots.filter(|(_, slot)| !slot.is_idle()).count()
}

fn assert_no_trace(pool: &Pool) {
    let mut state = pool.state();
    assert_eq!(state.in_line(), 0, "requests are in line");
    assert_eq!(busy(&state), 0, "connections are nobody's and not idle");
    let mut fx = Effects::default();
    state.close(Instant::now(), &mut fx);
    drop(state);
    pool.apply(fx);
}

async fn assert_nothing_is_left(pool: &Pool) {
    // On other threads sockets may yet be being closed.
    soon(async {
        while busy(&pool.state()) > 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert_no_trace(pool);
    soon(pool.close()).await;
    let state = pool.state();
    assert_eq!((state.hosts.len(), state.slots.len()), (0, 0));
}

/// A request that holds its connection while others run, and is cancelled perhaps.
async fn exchange(pool: Arc<Pool>, host: String, turns: usize) {
    let taken = soon(checkout(&pool, &host, Want::default())).await.unwrap();
    for _ in 0..turns {
        tokio::task::yield_now().await;
    }
    if turns % 3 == 0 {
        discard(taken);
    } else {
        give_back(taken);
    }
}

async fn half_are_cancelled(pool: Arc<Pool>, hosts: usize) {
    let mut random = random();
    let mut tasks = Vec::new();
    for _ in 0..REQUESTS {
        let host = format!("h{}", random(hosts));
        tasks.push(tokio::spawn(exchange(Arc::clone(&pool), host, random(5))));
    }
    // In line, connecting, handed a connection and not polled, in the exchange: wherever they are.
    let mut left = REQUESTS / 2;
    while left > 0 {
        let n = random(tasks.len());
        if random(4) == 0 {
            tokio::task::yield_now().await;
        }
        tasks.swap_remove(n).abort();
        left -= 1;
        let open = pool.state().slots.len();
        assert!(open <= CAP, "{open} connections");
    }
    for task in tasks {
        task.await.unwrap();
    }
    assert_nothing_is_left(&pool).await;
}

#[tokio::test]
async fn of_a_thousand_requests_half_are_cancelled_and_the_rest_is_served_at_a_full_host() {
    half_are_cancelled(pool(CAP, usize::MAX), 1).await;
}

#[tokio::test]
async fn of_a_thousand_requests_half_are_cancelled_and_the_rest_is_served_in_a_full_pool() {
    half_are_cancelled(pool(usize::MAX, CAP), 5).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_a_thousand_requests_on_four_threads_half_are_cancelled_and_the_rest_is_served() {
    half_are_cancelled(pool(3, CAP), 5).await;
}

#[tokio::test]
async fn what_was_handed_to_a_request_that_is_dropped_before_it_is_polled_goes_to_the_next() {
    let pool = pool(1, 9);
    let held = lease(&pool, "a").await;
    let mut first = checkout(&pool, "a", Want::default());
    let mut second = checkout(&pool, "a", Want::default());
    waits(&mut first).await;
    waits(&mut second).await;
    give_back(held);
    settle().await;
    // The connection is the first one's now, and nobody has told it.
    assert!(pool.state().slots.iter().all(|(_, slot)| !slot.is_idle()));
    let reused = pool.counters().reused();
    drop(first);
    let taken = soon(second).await.unwrap();
    assert!(taken.is_reused);
    assert_eq!(pool.counters().reused(), reused, "it was taken once");
    give_back(taken);
    assert_nothing_is_left(&pool).await;
}

#[tokio::test]
async fn a_connection_whose_request_is_dropped_while_it_is_opened_lies_idle_and_counts_as_reused() {
    let pool = pool(9, 9);
    let mut first = checkout(&pool, "a", Want::default());
    waits(&mut first).await;
    drop(first);
    settle().await;
    let second = lease(&pool, "a").await;
    assert!(second.is_reused, "it has lain idle");
    assert_eq!(pool.counters().opened(), 1);
    give_back(second);
    assert_nothing_is_left(&pool).await;
}

#[tokio::test]
async fn a_lease_dropped_in_a_panic_gives_its_place_to_the_next() {
    let pool = pool(1, 9);
    let held = lease(&pool, "a").await;
    let mut next = checkout(&pool, "a", Want::default());
    waits(&mut next).await;
    let task = tokio::spawn(async move {
        let _held = held;
        panic!("on purpose: the consumer of a response fails");
    });
    assert!(task.await.unwrap_err().is_panic());
    give_back(soon(next).await.unwrap());
    assert_nothing_is_left(&pool).await;
}
