//! Requests that do not accept every connection: what they get, and that the others are left for others.

use std::time::Duration;

use super::*;

const SECOND: Duration = Duration::from_secs(1);

fn idle_at_most(limit: Duration) -> Want {
    Want {
        idle_at_most: Some(limit),
        ..Want::default()
    }
}

/// So many connections that lie idle from now on.
async fn idle(pool: &Arc<Pool>, connections: usize) {
    let mut taken = Vec::new();
    for _ in 0..connections {
        taken.push(lease(pool, "a").await);
    }
    for taken in taken {
        give_back(taken);
    }
    settle().await;
}

#[tokio::test(start_paused = true)]
async fn a_request_takes_none_that_was_idle_for_longer_than_it_accepts() {
    let pool = pool(9, 9);
    idle(&pool, 1).await;
    tokio::time::advance(SECOND).await;
    let taken = checkout(&pool, "a", idle_at_most(SECOND)).await.unwrap();
    assert!(taken.is_reused, "exactly so long is accepted");
    give_back(taken);
    settle().await;

    tokio::time::advance(SECOND + Duration::from_millis(1)).await;
    let taken = checkout(&pool, "a", idle_at_most(SECOND)).await.unwrap();
    assert!(!taken.is_reused);
    assert!(lease(&pool, "a").await.is_reused, "it is left for others");
    assert_eq!(pool.counters().opened(), 2);
}

#[tokio::test(start_paused = true)]
async fn one_that_comes_back_while_a_request_waits_has_not_been_idle() {
    let pool = pool(1, 9);
    let busy = lease(&pool, "a").await;
    settle().await;
    tokio::time::advance(9 * SECOND).await;
    let mut waiting = checkout(&pool, "a", idle_at_most(SECOND));
    waits(&mut waiting).await;
    give_back(busy);
    assert!(soon(waiting).await.unwrap().is_reused);
    assert_eq!(pool.counters().opened(), 1);
}

#[tokio::test(start_paused = true)]
async fn what_was_given_to_a_request_that_never_fetched_it_has_been_idle_since() {
    let pool = pool(1, 9);
    let busy = lease(&pool, "a").await;
    settle().await;
    let mut gone = checkout(&pool, "a", Want::default());
    waits(&mut gone).await;
    let mut waiting = checkout(&pool, "a", idle_at_most(SECOND));
    waits(&mut waiting).await;
    give_back(busy);
    tokio::time::advance(9 * SECOND).await;
    drop(gone);
    assert!(!soon(waiting).await.unwrap().is_reused);
    assert_eq!(pool.counters().opened(), 2);
}

#[tokio::test(start_paused = true)]
async fn where_a_limit_leaves_no_place_the_one_that_is_not_accepted_makes_room() {
    for pool in [pool(1, 9), pool(9, 1)] {
        idle(&pool, 1).await;
        tokio::time::advance(2 * SECOND).await;
        let taken = soon(checkout(&pool, "a", idle_at_most(SECOND))).await;
        assert!(!taken.unwrap().is_reused);
        assert_eq!(pool.counters().discarded(DiscardReason::MadeRoom), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_is_given_up_for_a_wish_where_there_is_a_place() {
    let pool = pool(9, 9);
    idle(&pool, 3).await;
    tokio::time::advance(2 * SECOND).await;
    let fresh = Want {
        opened_after: Some(Instant::now()),
        ..Want::default()
    };
    tokio::time::advance(SECOND).await;
    for want in [idle_at_most(SECOND), fresh] {
        let taken = checkout(&pool, "a", want).await.unwrap();
        assert!(!taken.is_reused);
        settle().await;
        discard(taken);
    }
    settle().await;
    assert_eq!(pool.connections().all().len(), 3);
    assert_eq!(pool.counters().discarded(DiscardReason::MadeRoom), 0);
}
