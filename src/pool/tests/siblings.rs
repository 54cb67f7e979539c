//! A connection is found dead: which of the others are suspect, and for whom.

use std::time::Duration;

use super::*;

const A_REPLAY: Want = Want {
    opened_after: None,
    idle_at_most: None,
    is_replay: true,
};

/// Connections that became idle a second apart, the first the first; the one in the middle is then found dead.
async fn middle_of_three_dies(pool: &Arc<Pool>) {
    let mut taken = Vec::new();
    for _ in 0..3 {
        taken.push(lease(pool, "a").await);
    }
    let mut numbers = Vec::new();
    for taken in taken {
        tokio::time::advance(Duration::from_secs(1)).await;
        numbers.push(taken.ledger().id());
        give_back(taken);
        settle().await;
    }
    let newest = lease(pool, "a").await;
    let middle = lease(pool, "a").await;
    assert_eq!(
        [newest.ledger().id(), middle.ledger().id()],
        [numbers[2], numbers[1]]
    );
    // The newest one lies as if it had not been taken.
    let (id, since) = {
        let state = pool.state();
        let slots = state.slots.iter();
        let found =
            slots.filter(|(_, slot)| slot.ledger.as_ref().map(|it| it.id()) == Some(numbers[2]));
        found.map(|(at, slot)| (at, slot.since)).next().unwrap()
    };
    give_back(newest);
    settle().await;
    pool.state().slots[id].since = since;
    let stale = DiscardReason::Stale(crate::evidence::GateReason::HalfClosed);
    middle.lease.discard_stale(stale);
}

#[tokio::test(start_paused = true)]
async fn a_replay_goes_by_those_that_had_lain_idle_longer_and_takes_those_that_had_not() {
    let pool = pool(9, 9);
    middle_of_three_dies(&pool).await;
    let newest = checkout(&pool, "a", A_REPLAY).await.unwrap();
    assert!(newest.is_reused, "it had lain idle for less long");
    let another = checkout(&pool, "a", A_REPLAY).await.unwrap();
    assert!(!another.is_reused, "the oldest is suspect");
    assert_eq!(pool.counters().opened(), 4);
}

#[tokio::test(start_paused = true)]
async fn other_requests_take_those_that_were_found_alive() {
    let pool = pool(9, 9);
    middle_of_three_dies(&pool).await;
    for _ in 0..2 {
        assert!(lease(&pool, "a").await.is_reused);
    }
    assert_eq!(pool.counters().opened(), 3);
}

#[tokio::test(start_paused = true)]
async fn one_that_serves_again_is_no_longer_suspect() {
    let pool = pool(9, 9);
    middle_of_three_dies(&pool).await;
    let (one, other) = (lease(&pool, "a").await, lease(&pool, "a").await);
    for taken in [one, other] {
        give_back(taken);
        settle().await;
    }
    for _ in 0..2 {
        assert!(checkout(&pool, "a", A_REPLAY).await.unwrap().is_reused);
    }
    assert_eq!(pool.counters().opened(), 3);
}
