//! How much the budget grants, and that it never grants more.

use proptest::prelude::*;

use super::*;

fn budget(ratio: f64, reserve: u32) -> Budget {
    Budget::new(ratio, reserve).unwrap()
}

fn granted(budget: &Budget, now: Now, tries: usize) -> usize {
    (0..tries).filter(|_| budget.withdraw(now)).count()
}

#[test]
fn a_ratio_outside_0_to_10_is_an_error_that_names_the_budget() {
    for ratio in [-0.1, 10.1, f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let error = Budget::new(ratio, 100).unwrap_err();
        assert_eq!(error.field(), "budget", "{ratio}");
    }
    for ratio in [0.0, 0.2, 10.0] {
        assert!(Budget::new(ratio, u32::MAX).is_ok(), "{ratio}");
    }
}

#[test]
fn the_default_is_a_fifth_of_the_requests_and_a_reserve_of_100() {
    let (budget, now) = (Budget::default(), Now::now());
    assert_eq!(granted(&budget, now, 1_000), 100);
    (0..10).for_each(|_| budget.deposit());
    assert_eq!(granted(&budget, now, 1_000), 2);
}

#[test]
fn the_reserve_refills_within_ten_seconds() {
    let (budget, start) = (budget(0.0, 100), Now::now());
    assert_eq!(granted(&budget, start, 1_000), 100);
    let later = |ms| start + Duration::from_millis(ms);
    assert_eq!(granted(&budget, later(99), 1_000), 0);
    assert_eq!(granted(&budget, later(100), 1_000), 1);
    assert_eq!(granted(&budget, later(1_100), 1_000), 10);
    assert_eq!(granted(&budget, later(11_100), 1_000), 100);
    assert_eq!(granted(&budget, later(3_600_000), 1_000), 100);
}

#[test]
fn asking_often_does_not_keep_the_reserve_from_refilling() {
    let (budget, start) = (budget(0.0, 3), Now::now());
    assert_eq!(granted(&budget, start, 10), 3);
    let grants = (0..10_000)
        .filter(|ms| budget.withdraw(start + Duration::from_millis(*ms)))
        .count();
    assert_eq!(grants, 2, "the third is due at the tenth second");
}

#[test]
fn a_quiet_hour_saves_up_no_more_than_ten_reserves() {
    let (budget, now) = (budget(0.5, 7), Now::now());
    (0..100_000).for_each(|_| budget.deposit());
    assert_eq!(granted(&budget, now, 10_000), 70 + 7);
}

#[test]
fn without_a_reserve_the_deposits_still_count() {
    let (budget, now) = (budget(0.5, 0), Now::now());
    assert!(!budget.withdraw(now));
    budget.deposit();
    assert!(!budget.withdraw(now));
    budget.deposit();
    assert!(budget.withdraw(now));
    assert!(!budget.withdraw(now + Duration::from_secs(3_600)));
}

#[test]
fn a_void_budget_grants_nothing() {
    let void = budget(0.0, 0);
    void.deposit();
    assert!(void.is_void() && !void.withdraw(Now::now()));
    assert!(!budget(0.1, 0).is_void() && !budget(0.0, 1).is_void());
}

#[test]
fn clones_share_one_budget() {
    let (budget, now) = (budget(1.0, 0), Now::now());
    budget.clone().deposit();
    assert!(budget.withdraw(now));
    assert!(!budget.clone().withdraw(now));
}

#[test]
fn time_that_goes_backwards_neither_grants_nor_takes() {
    let (budget, earlier) = (budget(0.0, 10), Now::now());
    let start = earlier + Duration::from_secs(60);
    assert_eq!(granted(&budget, start, 100), 10);
    assert_eq!(granted(&budget, earlier, 100), 0);
    assert_eq!(granted(&budget, start + Duration::from_secs(1), 100), 1);
}

#[test]
fn threads_together_get_what_one_would_get() {
    let (budget, now) = (budget(1.0, 50), Now::now());
    let total: usize = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    (0..100).for_each(|_| budget.deposit());
                    granted(&budget, now, 500)
                })
            })
            .collect();
        threads.into_iter().map(|t| t.join().unwrap()).sum()
    });
    assert_eq!(total, 450);
}

#[derive(Clone, Debug)]
enum Step {
    Deposit,
    Withdraw,
    Forward(u64),
    Backward(u64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => Just(Step::Deposit),
        3 => Just(Step::Withdraw),
        1 => (0..20_000_u64).prop_map(Step::Forward),
        1 => (0..20_000_u64).prop_map(Step::Backward),
    ]
}

proptest! {
    #[test]
    fn no_more_is_granted_than_deposits_reserve_and_refill(
        thousandths in 0..10_000_u32,
        reserve in 0..50_u32,
        steps in prop::collection::vec(step(), 0..300),
    ) {
        let budget = budget(f64::from(thousandths) / 1_000.0, reserve);
        let mut now = Now::now() + Duration::from_secs(100_000);
        let mut asked: Option<(Now, Now)> = None;
        let (mut deposits, mut grants) = (0_u64, 0_u64);
        for step in steps {
            match step {
                Step::Deposit => { budget.deposit(); deposits += 1; }
                Step::Withdraw => {
                    let (first, latest) = asked.unwrap_or((now, now));
                    asked = Some((first.min(now), latest.max(now)));
                    grants += u64::from(budget.withdraw(now));
                }
                Step::Forward(ms) => now += Duration::from_millis(ms),
                Step::Backward(ms) => now = now.checked_sub(Duration::from_millis(ms)).unwrap(),
            }
            // All in thousandths of a token; a millisecond refills a ten-thousandth of the reserve.
            let elapsed = asked.map_or(0, |(first, latest)| latest.duration_since(first).as_millis());
            let elapsed = u64::try_from(elapsed).unwrap();
            let refilled = u64::from(reserve) * elapsed / 10;
            let limit = deposits * u64::from(thousandths) + u64::from(reserve) * 1_000 + refilled;
            prop_assert!(grants * 1_000 <= limit + 1);
        }
    }

    #[test]
    fn with_a_ratio_of_one_every_request_may_be_replayed_once(requests in 0..100_usize) {
        let budget = budget(1.0, 10);
        (0..requests).for_each(|_| budget.deposit());
        prop_assert_eq!(granted(&budget, Now::now(), 1_000), requests + 10);
    }
}
