//! What follows for a connection that lies idle.

use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;

use super::{SECOND, Time, millis};
use crate::keepalive::{Hint, Idle, Moment, Origin, Past, Prevention, Seen, Table};

fn origin(prevention: Prevention) -> Arc<Origin> {
    Table::new(prevention).origin("http://a")
}

fn announce(origin: &Origin, timeout: Duration, time: Time) {
    let hint = Hint {
        timeout: Some(timeout),
        max: None,
    };
    origin.announced(hint, time.now());
}

fn idle_since(since: Moment) -> Idle {
    Idle {
        since,
        unheard: None,
        rtt: None,
    }
}

/// The server closes a connection that has been idle for so long; nobody is late.
fn close(origin: &Origin, time: &mut Time, age: Duration) {
    let since = time.now();
    time.pass(age);
    let seen = Seen {
        since,
        by_kernel: Some((Duration::ZERO, Duration::ZERO)),
    };
    origin.closed(seen, time.read());
}

#[test]
fn what_is_announced_learned_or_configured_is_used_up_to_a_margin() {
    let mut time = Time::begin();
    let announced = origin(Prevention::default());
    announce(&announced, 5 * SECOND, time);
    assert_eq!(announced.limit(), Some(millis(4_800)));
    let learned = origin(Prevention::default());
    for _ in 0..2 {
        assert_eq!(learned.limit(), None);
        close(&learned, &mut time, 5 * SECOND);
    }
    assert_eq!(learned.limit(), Some(millis(4_800)));
    let configured = origin(Prevention::default().server_idle_timeout(5 * SECOND));
    assert_eq!(configured.limit(), Some(millis(4_800)));
    assert_eq!(origin(Prevention::default()).limit(), None);
}

#[test]
fn what_the_server_does_and_says_goes_before_what_is_configured() {
    let mut time = Time::begin();
    let origin = origin(Prevention::default().server_idle_timeout(60 * SECOND));
    announce(&origin, 300 * SECOND, time);
    assert_eq!(origin.limit(), Some(millis(299_800)));
    for _ in 0..2 {
        close(&origin, &mut time, 30 * SECOND);
    }
    assert_eq!(
        origin.limit(),
        Some(millis(29_800)),
        "what it does goes before what it says"
    );
}

#[test]
fn a_round_trip_belongs_to_the_margin() {
    let mut time = Time::begin();
    let origin = origin(Prevention::default().margin(millis(300)));
    announce(&origin, 5 * SECOND, time);
    let since = time.now();
    time.pass(millis(4_599));
    let idle = Idle {
        rtt: Some(millis(100)),
        ..idle_since(since)
    };
    assert_eq!(origin.is_past(idle, time.read()), None);
    assert_eq!(origin.limit(), Some(millis(4_600)));
    time.pass(millis(1));
    assert_eq!(origin.is_past(idle, time.read()), Some(Past::Expiring));
}

#[test]
fn of_a_short_timeout_the_margin_is_a_part() {
    let origin = origin(Prevention::default().margin(SECOND));
    announce(&origin, SECOND, Time::begin());
    assert_eq!(origin.limit(), Some(millis(800)));
    announce(&origin, Duration::ZERO, Time::begin());
    assert_eq!(origin.limit(), Some(Duration::ZERO));
}

#[test]
fn what_the_kernel_has_not_heard_for_longer_counts() {
    // Who reads an answer slowly, and gives the connection back late, does not make it younger.
    let mut time = Time::begin();
    let origin = origin(Prevention::default());
    announce(&origin, 5 * SECOND, time);
    let idle = Idle {
        unheard: Some(millis(4_900)),
        ..idle_since(time.now())
    };
    time.pass(SECOND);
    assert_eq!(origin.is_past(idle, time.read()), Some(Past::Expiring));
}

#[test]
fn a_close_counts_from_when_it_came_and_not_from_when_it_was_noticed() {
    let mut time = Time::begin();
    let origin = origin(Prevention::default());
    for late in [millis(900), millis(400)] {
        let since = time.now();
        time.pass(5 * SECOND + late);
        let seen = Seen {
            since,
            by_kernel: Some((late, 5 * SECOND)),
        };
        origin.closed(seen, time.read());
    }
    assert_eq!(origin.limit(), Some(millis(4_800)));
}

#[test]
fn a_close_that_a_busy_process_noticed_teaches_nothing_where_the_kernel_does_not_tell_its_age() {
    let mut time = Time::begin();
    let origin = origin(Prevention::default());
    for late in [millis(101), millis(101), millis(101)] {
        let since = time.now();
        time.pass(5 * SECOND + late);
        let seen = Seen {
            since,
            by_kernel: Some((late, Duration::ZERO)),
        };
        origin.closed(seen, time.read());
    }
    assert_eq!(origin.limit(), None);
}

#[test]
fn a_close_that_was_noticed_much_later_teaches_nothing() {
    let mut time = Time::begin();
    let origin = origin(Prevention::default());
    for _ in 0..4 {
        let since = time.now();
        time.pass(8 * SECOND);
        let seen = Seen {
            since,
            by_kernel: Some((3 * SECOND, Duration::ZERO)),
        };
        origin.closed(seen, time.read());
    }
    assert_eq!(origin.limit(), None, "the process stood still");
}

#[test]
fn an_age_that_spans_a_sleep_teaches_nothing() {
    let mut time = Time::begin();
    let origin = origin(Prevention::default());
    for _ in 0..4 {
        let since = time.now();
        time.pass(5 * SECOND);
        time.sleep(600 * SECOND);
        origin.closed(
            Seen {
                since,
                by_kernel: None,
            },
            time.read(),
        );
    }
    assert_eq!(origin.limit(), None);
}

#[test]
fn a_sleep_counts_as_idle_time() {
    let mut time = Time::begin();
    let table = Table::new(Prevention::default());
    table.look(time.read(), time.now());
    let origin = table.origin("http://a");
    announce(&origin, 60 * SECOND, time);
    let since = time.now();
    time.pass(SECOND);
    assert_eq!(origin.is_past(idle_since(since), time.read()), None);
    time.sleep(30 * SECOND);
    let known = origin.is_past(idle_since(since), time.read());
    assert_eq!(known, None, "its server keeps it for longer");
    time.sleep(30 * SECOND);
    let past = origin.is_past(idle_since(since), time.read());
    assert_eq!(past, Some(Past::Expiring));
}

#[test]
fn after_a_sleep_all_are_suspect_of_which_nothing_is_known() {
    let mut time = Time::begin();
    for (prevention, past) in [
        (Prevention::default(), Some(Past::AfterSleep)),
        (Prevention::default().idle_after_sleep(millis(6_500)), None),
        (Prevention::default().idle_after_sleep(None), None),
    ] {
        let table = Table::new(prevention);
        table.look(time.read(), time.now());
        let origin = table.origin("http://a");
        let since = time.now();
        time.sleep(6 * SECOND);
        time.pass(millis(10));
        assert_eq!(origin.is_past(idle_since(since), time.read()), past);
        let is_past = past.is_some();
        assert_eq!(origin.has_slept(since, time.read()), is_past);
        time.pass(millis(1));
        let since = time.now();
        time.pass(50 * SECOND);
        let later = origin.is_past(idle_since(since), time.read());
        assert_eq!(later, None, "idle since it woke");
    }
}

#[test]
fn after_the_process_stood_still_all_are_suspect_of_which_nothing_is_known() {
    let mut time = Time::begin();
    let table = Table::new(Prevention::default());
    table.look(time.read(), time.now());
    table.look_again_within(time.read(), 10 * SECOND);
    let (known, unknown) = (table.origin("http://known"), table.origin("http://unknown"));
    announce(&known, 60 * SECOND, time);
    let since = time.now();
    time.pass(30 * SECOND);
    let idle = idle_since(since);
    assert_eq!(unknown.is_past(idle, time.read()), Some(Past::AfterSleep));
    assert_eq!(known.is_past(idle, time.read()), None);
    time.pass(30 * SECOND);
    assert_eq!(known.is_past(idle, time.read()), Some(Past::Expiring));
}

#[test]
fn connections_that_look_alive_because_nothing_is_heard_of_them_are_past_all_the_same() {
    // The machine slept, and a firewall has forgotten them: no FIN comes through, and all look alive. None may be used, and what
    // was learned stays.
    let mut time = Time::begin();
    let origin = origin(Prevention::default());
    for _ in 0..2 {
        close(&origin, &mut time, 5 * SECOND);
    }
    let since = time.now();
    time.pass(millis(100));
    time.sleep(600 * SECOND);
    for _ in 0..64 {
        time.pass(millis(20));
        let past = origin.is_past(idle_since(since), time.read());
        assert_eq!(past, Some(Past::Expiring));
    }
    assert_eq!(origin.limit(), Some(millis(4_800)));
}

#[test]
fn what_connections_outlive_is_no_longer_held_against_the_next() {
    let mut time = Time::begin();
    let origin = origin(Prevention::default());
    for _ in 0..2 {
        close(&origin, &mut time, 5 * SECOND);
    }
    for _ in 0..2 {
        let since = time.now();
        time.pass(10 * SECOND);
        let past = origin.is_past(idle_since(since), time.read());
        assert_eq!(past, Some(Past::Expiring), "nor is this one used yet");
    }
    assert_eq!(origin.limit(), None);
}

#[test]
fn what_a_server_announced_is_forgotten_after_an_hour() {
    let mut time = Time::begin();
    let origin = origin(Prevention::default());
    announce(&origin, SECOND, time);
    time.pass(3601 * SECOND);
    let since = time.now();
    time.pass(5 * SECOND);
    assert_eq!(origin.is_past(idle_since(since), time.read()), None);
}

#[test]
fn an_origin_is_remembered_though_nobody_has_a_connection_to_it() {
    let table = Table::new(Prevention::default());
    announce(&table.origin("http://a"), 5 * SECOND, Time::begin());
    assert!(table.origin("http://a").limit().is_some());
    assert!(table.origin("http://b").limit().is_none());
    let held = table.origin("http://a");
    for n in 0..2_000 {
        table.origin(&format!("http://{n}"));
    }
    assert!(table.len() <= 1_024, "and not any number of them");
    assert!(
        Arc::ptr_eq(&held, &table.origin("http://a")),
        "those in use stay"
    );
}

proptest! {
    #[test]
    fn no_connection_is_used_within_the_margin(
        timeout in 0..100_000_u64,
        margin in 0..2_000_u64,
        rtt in 0..2_000_u64,
        age in 0..110_000_u64,
        slept in prop_oneof![Just(0), 1_000..50_000_u64],
    ) {
        let mut time = Time::begin();
        let table = Table::new(Prevention::default().margin(millis(margin)));
        table.look(time.read(), time.now());
        let origin = table.origin("http://a");
        announce(&origin, millis(timeout), time);
        let since = time.now();
        time.pass(millis(age));
        time.sleep(millis(slept));
        let idle = Idle { rtt: Some(millis(rtt)), ..idle_since(since) };
        let is_used = origin.is_past(idle, time.read()).is_none();
        let margin = margin.min(timeout / 5);
        let arrives = age + slept + rtt;
        // To the millisecond.
        if is_used {
            prop_assert!(arrives + margin <= timeout, "{} of {}", arrives, timeout);
        } else {
            prop_assert!(arrives + margin + 2 > timeout, "{} of {}", arrives, timeout);
        }
    }
}
