//! What closes teach, and what they do not.

use std::time::Duration;

use proptest::prelude::*;

use super::{SECOND, Time, millis};
use crate::keepalive::learned::{Close, FLOOR, Learned, REMEMBERED};

/// A connection that was idle since so long after the begin, and was closed at that age.
fn close(since: Duration, age: Duration) -> Close {
    let begin = *BEGIN;
    Close {
        since: begin + since,
        at: begin + since + age,
        age,
    }
}

static BEGIN: std::sync::LazyLock<crate::keepalive::Moment> =
    std::sync::LazyLock::new(|| Time::begin().now());

fn learned_from(closes: impl IntoIterator<Item = Close>) -> Learned {
    let mut learned = Learned::default();
    for close in closes {
        learned.closed(close);
    }
    learned
}

fn timeout(closes: impl IntoIterator<Item = Close>) -> Option<Duration> {
    learned_from(closes).timeout()
}

#[test]
fn one_close_teaches_nothing_and_two_that_agree_do() {
    let (first, second) = (close(SECOND, 5 * SECOND), close(7 * SECOND, millis(5_100)));
    assert_eq!(timeout([first]), None);
    assert_eq!(
        timeout([first, second]),
        Some(5 * SECOND),
        "the shorter one"
    );
    assert_eq!(timeout([second, first]), Some(5 * SECOND), "in any order");
}

#[test]
fn two_that_disagree_teach_nothing_until_a_third_agrees_with_one() {
    let (first, second) = (close(SECOND, 5 * SECOND), close(7 * SECOND, 9 * SECOND));
    assert_eq!(timeout([first, second]), None);
    let third = close(20 * SECOND, 5 * SECOND);
    assert_eq!(timeout([first, second, third]), Some(5 * SECOND));
}

#[test]
fn a_restart_after_a_burst_is_one_observation() {
    // Sixty-four that became idle within a moment, and are closed within a moment.
    let burst = |at: Duration| (0..64).map(move |n| close(at + millis(n), 20 * SECOND));
    assert_eq!(timeout(burst(SECOND)), None);
    // The restart takes its time: idle since one moment is enough.
    let slow = (0..64_u64).map(|n| close(SECOND + millis(n), 20 * SECOND + millis(150 * n)));
    assert_eq!(timeout(slow), None);
    // They became idle one after the other, and are closed together.
    let spread = (0..64_u64).map(|n| close(millis(100 * n), millis(20_000 - 100 * n)));
    assert_eq!(timeout(spread), None);
}

#[test]
fn an_early_close_teaches_nothing_however_often() {
    let early = (0..100).map(|n| close(3 * n * SECOND, FLOOR.saturating_sub(millis(1))));
    assert_eq!(timeout(early), None);
    let at_the_floor = (0..2).map(|n| close(3 * n * SECOND, FLOOR));
    assert_eq!(timeout(at_the_floor), Some(FLOOR));
}

#[test]
fn a_server_that_comes_to_close_earlier_is_learned_anew() {
    let mut learned = learned_from([close(SECOND, 60 * SECOND), close(90 * SECOND, 60 * SECOND)]);
    assert_eq!(learned.timeout(), Some(60 * SECOND));
    learned.closed(close(200 * SECOND, 5 * SECOND));
    assert_eq!(learned.timeout(), Some(60 * SECOND), "once is not enough");
    learned.closed(close(210 * SECOND, 5 * SECOND));
    assert_eq!(learned.timeout(), Some(5 * SECOND));
}

#[test]
fn what_is_learned_does_not_slide_with_closes_that_come_a_little_earlier_each_time() {
    let ages = [1_000, 1_000, 950, 930, 910, 950];
    let closes = (0..).zip(ages);
    let closes = closes.map(|(n, age)| close(3 * n * SECOND, millis(age)));
    assert_eq!(timeout(closes), Some(SECOND));
}

#[test]
fn what_disagrees_with_closes_that_confirm_is_taken_for_chance() {
    let ages = [1_000, 1_000, 600, 1_000, 600, 1_010, 1_500, 990, 1_500];
    let closes = (0..).zip(ages);
    let closes = closes.map(|(n, age)| close(3 * n * SECOND, millis(age)));
    assert_eq!(timeout(closes), Some(SECOND));
}

#[test]
fn what_was_learned_too_short_is_learned_anew_from_connections_that_lived_longer() {
    let ages = [600, 600, 1_000, 1_000];
    let closes = (0..).zip(ages);
    let closes = closes.map(|(n, age)| close(3 * n * SECOND, millis(age)));
    assert_eq!(timeout(closes), Some(SECOND));
}

#[test]
fn what_two_connections_outlive_at_different_moments_is_forgotten() {
    let learned = || learned_from([close(SECOND, 5 * SECOND), close(7 * SECOND, 5 * SECOND)]);
    let older = |since: u32| close(since * SECOND, 6 * SECOND);
    let mut once = learned();
    once.lives(older(20));
    assert!(once.timeout().is_some(), "one is not enough");
    let mut together = learned();
    for _ in 0..64 {
        together.lives(older(20));
    }
    assert!(together.timeout().is_some(), "nor are many of one moment");
    let mut confirmed = learned();
    confirmed.lives(older(20));
    confirmed.closed(close(30 * SECOND, 5 * SECOND));
    confirmed.lives(older(40));
    assert!(
        confirmed.timeout().is_some(),
        "nor two with a close between"
    );
    let mut twice = learned();
    twice.lives(older(20));
    twice.lives(older(30));
    assert_eq!(twice.timeout(), None);
    let mut young = learned();
    for n in 0..10 {
        young.lives(close((20 + 10 * n) * SECOND, millis(5_400)));
    }
    assert!(young.timeout().is_some(), "not yet outlived");
}

#[test]
fn what_nothing_has_confirmed_for_long_is_forgotten() {
    let mut learned = learned_from([close(SECOND, 5 * SECOND), close(7 * SECOND, 5 * SECOND)]);
    let confirmed = 12 * SECOND;
    learned.forget_old(*BEGIN + confirmed + REMEMBERED);
    assert!(learned.timeout().is_some());
    learned.forget_old(*BEGIN + confirmed + REMEMBERED + millis(1));
    assert_eq!(learned.timeout(), None);
    // Half of an observation is not kept for ever either.
    let mut half = learned_from([close(SECOND, 5 * SECOND)]);
    half.closed(close(SECOND + 2 * REMEMBERED, 5 * SECOND));
    assert_eq!(half.timeout(), None);
}

fn any_closes(since: Duration, age: Duration) -> impl Strategy<Value = Vec<Close>> {
    let longest = |time: Duration| u64::try_from(time.as_millis()).unwrap();
    let one = (0..=longest(since), 0..=longest(age));
    let one = one.prop_map(|(since, age)| close(millis(since), millis(age)));
    prop::collection::vec(one, 0..40)
}

proptest! {
    #[test]
    fn closes_of_one_moment_teach_nothing(closes in any_closes(900 * SECOND, Duration::ZERO), at in 901..1_000_u32, within in 0..1_000_u64) {
        // Idle since whenever, and closed within a second.
        let mut n = 0;
        let moved = closes.into_iter().map(|idle| {
            n = (n + 7) % (within + 1);
            let at = at * SECOND + millis(n);
            close(idle.since - *BEGIN, at.saturating_sub(idle.since - *BEGIN))
        });
        prop_assert_eq!(timeout(moved), None);
    }

    #[test]
    fn closes_of_what_became_idle_at_one_moment_teach_nothing(closes in any_closes(millis(999), 900 * SECOND)) {
        prop_assert_eq!(timeout(closes), None);
    }

    #[test]
    fn what_is_learned_is_the_age_of_two_that_agree_and_above_the_floor(closes in any_closes(600 * SECOND, 100 * SECOND)) {
        if let Some(learned) = timeout(closes.clone()) {
            prop_assert!(learned >= FLOOR);
            let apart = |age: Duration| age.max(learned).saturating_sub(age.min(learned));
            let agreeing = closes.iter().filter(|close| apart(close.age) <= millis(150).max(close.age / 20));
            prop_assert!(agreeing.count() >= 2);
            prop_assert!(closes.iter().any(|close| close.age == learned));
        }
    }

    #[test]
    fn a_server_that_keeps_to_its_time_is_learned(timeout in 600..100_000_u64, late in prop::collection::vec(0..100_u64, 2..20)) {
        let mut learned = Learned::default();
        let mut since = Duration::ZERO;
        for late in &late {
            let age = millis(timeout + late);
            learned.closed(close(since, age));
            since += age + SECOND;
        }
        let found = learned.timeout().unwrap();
        prop_assert!(found >= millis(timeout) && found <= millis(timeout + 100));
    }
}
