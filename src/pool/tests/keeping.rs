//! What is kept, for how long, and what goes first; by a paused clock.

use std::time::Duration;

use super::*;

const SECOND: Duration = Duration::from_secs(1);

/// Opens one to each of these hosts, and gives them back in this order, a second apart.
async fn idle_at(pool: &Arc<Pool>, hosts: &[&str]) {
    let mut taken = Vec::new();
    for host in hosts {
        taken.push(lease(pool, host).await);
    }
    for taken in taken {
        tokio::time::advance(SECOND).await;
        give_back(taken);
        settle().await;
    }
}

fn idle_hosts(pool: &Pool) -> Vec<String> {
    let connections = pool.connections();
    let mut hosts: Vec<_> = connections
        .iter()
        .filter(|one| one.idle().is_some())
        .map(|one| one.origin().to_owned())
        .collect();
    hosts.sort_unstable();
    hosts
}

#[tokio::test(start_paused = true)]
async fn of_too_many_idle_ones_at_a_host_the_longest_idle_goes() {
    let pool = pool_with(Settings {
        max_idle_per_host: 2,
        ..Settings::default()
    });
    idle_at(&pool, &["a", "a", "a", "b"]).await;
    assert_eq!(idle_hosts(&pool), ["http://a", "http://a", "http://b"]);
    assert_eq!(pool.counters().discarded(DiscardReason::IdleLimit), 1);
    let connections = pool.connections();
    let idle = connections.iter().filter_map(Connection::idle);
    assert_eq!(idle.max().unwrap(), 2 * SECOND, "the oldest is gone");
}

#[tokio::test(start_paused = true)]
async fn of_too_many_idle_ones_the_longest_idle_goes_wherever_it_leads() {
    let pool = pool_with(Settings {
        max_idle: 2,
        ..Settings::default()
    });
    idle_at(&pool, &["a", "b", "c", "b"]).await;
    assert_eq!(idle_hosts(&pool), ["http://b", "http://c"]);
    assert_eq!(pool.counters().discarded(DiscardReason::IdleLimit), 2);
}

#[tokio::test(start_paused = true)]
async fn none_is_kept_idle_where_none_may_be() {
    for settings in [
        Settings {
            max_idle: 0,
            ..Settings::default()
        },
        Settings {
            max_idle_per_host: 0,
            ..Settings::default()
        },
    ] {
        let pool = pool_with(settings);
        idle_at(&pool, &["a", "a"]).await;
        assert!(pool.connections().all().is_empty());
        assert!(!lease(&pool, "a").await.is_reused);
    }
}

#[tokio::test(start_paused = true)]
async fn one_that_is_idle_for_too_long_is_neither_used_nor_kept() {
    let pool = pool_with(Settings {
        idle_timeout: Some(5 * SECOND),
        ..Settings::default()
    });
    idle_at(&pool, &["a"]).await;
    tokio::time::advance(Duration::from_millis(4_999)).await;
    assert!(lease(&pool, "a").await.is_reused, "not yet");
    settle().await;
    idle_at(&pool, &["b"]).await;
    tokio::time::advance(5 * SECOND).await;
    // Nobody has swept yet, and it is not used all the same.
    assert!(!lease(&pool, "b").await.is_reused);
    assert_eq!(pool.counters().discarded(DiscardReason::IdleTimeout), 1);
    idle_at(&pool, &["c"]).await;
    tokio::time::sleep(6 * SECOND).await;
    // Nobody has asked for it, and it is not kept all the same.
    assert!(pool.connections().all().is_empty());
    assert_eq!(pool.counters().discarded(DiscardReason::IdleTimeout), 2);
}

#[tokio::test(start_paused = true)]
async fn one_that_is_open_for_too_long_serves_no_further_request() {
    let pool = pool_with(Settings {
        max_lifetime: Some(5 * SECOND),
        ..Settings::default()
    });
    let first = lease(&pool, "a").await;
    settle().await;
    tokio::time::advance(4 * SECOND).await;
    give_back(first);
    let second = lease(&pool, "a").await;
    assert!(second.is_reused, "not yet");
    settle().await;
    tokio::time::advance(SECOND).await;
    give_back(second);
    settle().await;
    assert_eq!(pool.counters().discarded(DiscardReason::Lifetime), 1);
    assert!(!lease(&pool, "a").await.is_reused);
}

#[tokio::test(start_paused = true)]
async fn one_that_is_idle_is_given_up_when_it_is_too_old() {
    let pool = pool_with(Settings {
        max_lifetime: Some(5 * SECOND),
        idle_timeout: None,
        ..Settings::default()
    });
    idle_at(&pool, &["a"]).await;
    let (why, left) = pool.connections().all()[0].ends().unwrap();
    assert_eq!((why, left), (DiscardReason::Lifetime, 4 * SECOND));
    tokio::time::sleep(5 * SECOND).await;
    assert!(pool.connections().all().is_empty());
}

#[tokio::test(start_paused = true)]
async fn one_serves_as_many_requests_as_it_may() {
    let pool = pool_with(Settings {
        max_exchanges: 2,
        ..Settings::default()
    });
    for reused in [false, true, false, true, false] {
        let taken = lease(&pool, "a").await;
        assert_eq!(taken.is_reused, reused);
        settle().await;
        give_back(taken);
        settle().await;
    }
    assert_eq!(pool.counters().discarded(DiscardReason::ExchangeLimit), 2);
}

#[tokio::test(start_paused = true)]
async fn a_request_that_wants_a_new_connection_gets_one_opened_after_its_word() {
    let pool = pool(9, 9);
    idle_at(&pool, &["a", "a"]).await;
    let fresh = Want {
        opened_after: Some(Instant::now()),
        idle_at_most: None,
        is_replay: false,
    };
    tokio::time::advance(SECOND).await;
    let taken = checkout(&pool, "a", fresh).await.unwrap();
    assert!(!taken.is_reused);
    settle().await;
    give_back(taken);
    settle().await;
    // It has been used since; it is new enough all the same.
    assert!(checkout(&pool, "a", fresh).await.unwrap().is_reused);
    assert_eq!(pool.counters().opened(), 3);
}

#[tokio::test(start_paused = true)]
async fn the_one_that_became_idle_last_is_taken_first() {
    let pool = pool(9, 9);
    idle_at(&pool, &["a", "a"]).await;
    let newest = lease(&pool, "a").await;
    let left = pool.connections();
    let left = left.iter().find_map(Connection::idle).unwrap();
    assert_eq!(left, SECOND, "the older one is left");
    settle().await;
    give_back(newest);
}
