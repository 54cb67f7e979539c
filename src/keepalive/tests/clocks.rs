//! Whether a sleep is noticed, and nothing else is taken for one.

use std::time::Duration;

use proptest::prelude::*;

use super::{SECOND, Time, millis};
use crate::keepalive::Reading;
use crate::keepalive::vigil::Vigil;

#[test]
fn a_sleep_is_noticed_at_the_next_look() {
    let (mut vigil, mut time) = (Vigil::default(), Time::begin());
    vigil.look(time.read());
    time.pass(SECOND);
    let since = time.now();
    time.sleep(3600 * SECOND);
    time.pass(millis(1));
    vigil.look(time.read());
    assert_eq!(vigil.slept_since(since), 3600 * SECOND);
    assert!(vigil.has_woken_since(since));
    time.pass(millis(1));
    let later = time.now();
    assert_eq!(
        vigil.slept_since(later),
        Duration::ZERO,
        "not what came after"
    );
    assert!(!vigil.has_woken_since(later));
}

#[test]
fn either_clock_shows_it() {
    let readings: [fn(Reading) -> Reading; 2] = [
        // A snapshot: only the wall clock was set.
        |now| Reading {
            wall: now.wall + 600 * SECOND,
            ..now
        },
        // The wall clock is not kept.
        |now| Reading {
            boot: now.boot + 600 * SECOND,
            ..now
        },
    ];
    for slept in readings {
        let (mut vigil, mut time) = (Vigil::default(), Time::begin());
        vigil.look(time.read());
        let since = time.now();
        time.pass(SECOND);
        vigil.look(slept(time.read()));
        assert_eq!(vigil.slept_since(since), 600 * SECOND);
    }
}

#[test]
fn a_wall_clock_that_is_set_back_hides_no_sleep() {
    let (mut vigil, mut time) = (Vigil::default(), Time::begin());
    vigil.look(time.read());
    let back = |now: Reading| Reading {
        wall: now.wall.saturating_sub(7200 * SECOND),
        ..now
    };
    time.pass(SECOND);
    vigil.look(back(time.read()));
    let since = time.now();
    assert_eq!(vigil.slept_since(since), Duration::ZERO);
    time.sleep(600 * SECOND);
    time.pass(SECOND);
    vigil.look(back(time.read()));
    assert_eq!(vigil.slept_since(since), 600 * SECOND);
}

#[test]
fn who_does_not_look_when_promised_stood_still() {
    let (mut vigil, mut time) = (Vigil::default(), Time::begin());
    vigil.look(time.read());
    vigil.expect(Some(time.read().boot + 10 * SECOND));
    let since = time.now();
    time.pass(10 * SECOND);
    vigil.look(time.read());
    assert!(!vigil.has_woken_since(since), "in time");
    time.pass(millis(1));
    vigil.look(time.read());
    assert!(vigil.has_woken_since(since));
    assert_eq!(
        vigil.slept_since(since),
        Duration::ZERO,
        "no clock has lost time"
    );
    time.pass(millis(1));
    let later = time.now();
    time.pass(100 * SECOND);
    vigil.look(time.read());
    assert!(!vigil.has_woken_since(later), "once");
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Pass(u64),
    Sleep(u64),
    Look,
    /// The thread lost its processor between two readings.
    LookLate(u64),
}

fn any_steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        (0..60_000_u64).prop_map(Step::Pass),
        (1_000..100_000_u64).prop_map(Step::Sleep),
        Just(Step::Look),
        (0..100_u64).prop_map(Step::LookLate),
    ];
    prop::collection::vec(step, 0..60)
}

fn late(now: Reading, by: u64) -> Reading {
    Reading {
        boot: now.boot + millis(by),
        wall: now.wall + millis(by),
        ..now
    }
}

proptest! {
    #[test]
    fn of_what_was_slept_since_a_moment_nothing_is_lost(steps in any_steps(), at in 0..60_usize) {
        let (mut vigil, mut time) = (Vigil::default(), Time::begin());
        vigil.look(time.read());
        let mut since = time;
        for (n, step) in steps.into_iter().enumerate() {
            if n == at {
                since = time;
            }
            match step {
                Step::Pass(millis) => time.pass(super::millis(millis)),
                Step::Sleep(millis) => time.sleep(super::millis(millis)),
                Step::Look => vigil.look(time.read()),
                Step::LookLate(by) => vigil.look(late(time.read(), by)),
            }
        }
        vigil.look(time.read());
        let noticed = vigil.slept_since(since.now());
        prop_assert!(noticed + millis(100) + since.asleep >= time.asleep, "{noticed:?}");
    }

    #[test]
    fn who_was_awake_is_not_taken_to_have_slept(steps in any_steps()) {
        let (mut vigil, mut time) = (Vigil::default(), Time::begin());
        let begin = time.now();
        vigil.look(time.read());
        for step in steps {
            match step {
                Step::Pass(millis) => time.pass(super::millis(millis)),
                Step::Sleep(_) => {}
                Step::Look => vigil.look(time.read()),
                Step::LookLate(by) => vigil.look(late(time.read(), by)),
            }
        }
        prop_assert_eq!(vigil.slept_since(begin), Duration::ZERO);
        prop_assert!(!vigil.has_woken_since(begin));
    }
}
