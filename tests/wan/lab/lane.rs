//! One way of the link: which packets come through, and when.
//!
//! Knows neither devices nor threads, and `now` is an argument, so that it can be tested without a kernel. Invariant: what
//! becomes of the n-th packet depends on the seed, on n and on the settings alone; packets leave in the order in which they
//! entered, those aside that are held back.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::conditions::Conditions;
use super::dice::Dice;

/// A reading of the clock.
#[expect(
    clippy::disallowed_types,
    reason = "kernels are at both ends of the link: no clock of a test governs them"
)]
pub(super) type Moment = std::time::Instant;

/// What was counted of one way, in packets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Sent into the link.
    pub entered: u64,
    /// Delivered.
    pub passed: u64,
    /// Lost by chance.
    pub lost: u64,
    /// Dropped by the switch.
    pub swallowed: u64,
    /// Held back, so that others could overtake. They are delivered, or swallowed, all the same.
    pub held_back: u64,
}

/// What became of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It was delivered, or is on its way.
    Passed,
    /// Lost by chance.
    Lost,
    /// Dropped by the switch.
    Swallowed,
}

#[derive(Debug)]
pub(super) struct Lane {
    conditions: Conditions,
    is_open: bool,
    dice: Dice,
    on_the_way: BinaryHeap<Reverse<OnTheWay>>,
    /// When the last packet leaves that is not held back.
    last: Option<Moment>,
    counters: Counters,
}

/// In the order of leaving.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct OnTheWay {
    due: Moment,
    number: u64,
    packet: Vec<u8>,
}

impl Lane {
    pub(super) fn new(conditions: Conditions, seed: u64) -> Self {
        Self {
            conditions,
            is_open: true,
            dice: Dice::new(seed),
            on_the_way: BinaryHeap::new(),
            last: None,
            counters: Counters::default(),
        }
    }

    /// For the packets from now on; those on their way arrive as they would have.
    pub(super) fn set(&mut self, conditions: Conditions) {
        self.conditions = conditions;
    }

    /// Packets pass again.
    pub(super) fn open(&mut self) {
        self.is_open = true;
    }

    /// Packets are swallowed from now on, those on their way too: the numbers of the latter, counted from 0.
    pub(super) fn shut(&mut self) -> Vec<u64> {
        self.is_open = false;
        self.last = None;
        let caught = std::mem::take(&mut self.on_the_way).into_iter();
        let numbers: Vec<u64> = caught.map(|Reverse(packet)| packet.number).collect();
        self.counters.swallowed += numbers.len() as u64;
        numbers
    }

    pub(super) fn counters(&self) -> Counters {
        self.counters
    }

    /// A packet is sent.
    pub(super) fn enter(&mut self, packet: &[u8], now: Moment) -> Fate {
        let number = self.counters.entered;
        self.counters.entered += 1;
        // Each packet draws all three, so that a setting does not change what chance has in store for the next.
        let [lost, late, held_back] = [(); 3].map(|()| self.dice.share());
        let conditions = &self.conditions;
        if !self.is_open {
            self.counters.swallowed += 1;
            return Fate::Swallowed;
        }
        if lost < conditions.loss {
            self.counters.lost += 1;
            return Fate::Lost;
        }
        let mut due = now + conditions.delay + conditions.jitter.mul_f64(late);
        if held_back < conditions.held_back {
            self.counters.held_back += 1;
            due += conditions.held_back_for;
        } else {
            due = self.last.map_or(due, |last| due.max(last));
            self.last = Some(due);
        }
        let packet = packet.to_vec();
        self.on_the_way.push(Reverse(OnTheWay {
            due,
            number,
            packet,
        }));
        Fate::Passed
    }

    /// The next packet that is to be delivered by now.
    pub(super) fn leave(&mut self, now: Moment) -> Option<Vec<u8>> {
        if self.next_due()? > now {
            return None;
        }
        let Reverse(arrived) = self.on_the_way.pop()?;
        self.counters.passed += 1;
        Some(arrived.packet)
    }

    /// When the next packet is to be delivered, if one is on its way.
    pub(super) fn next_due(&self) -> Option<Moment> {
        self.on_the_way.peek().map(|Reverse(next)| next.due)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const DELAY: Duration = Duration::from_millis(10);
    const LATER: Duration = Duration::from_secs(1);

    fn slow() -> Conditions {
        Conditions::delay(DELAY)
    }

    /// What becomes of so many packets that are sent at once, each of which is its own number.
    fn fates(lane: &mut Lane, packets: u8, now: Moment) -> Vec<Fate> {
        (0..packets).map(|n| lane.enter(&[n], now)).collect()
    }

    fn arrivals(lane: &mut Lane, now: Moment) -> Vec<u8> {
        let arrivals = std::iter::from_fn(|| lane.leave(now));
        arrivals.map(|packet| packet[0]).collect()
    }

    #[test]
    fn a_packet_arrives_after_the_delay_and_not_before() {
        let now = Moment::now();
        let mut lane = Lane::new(slow(), 1);
        lane.enter(&[7], now);
        assert_eq!(lane.next_due(), Some(now + DELAY));
        assert_eq!(lane.leave(now + DELAY / 100 * 99), None);
        assert_eq!(lane.leave(now + DELAY), Some(vec![7]));
        assert_eq!(lane.leave(now + LATER), None);
    }

    #[test]
    fn the_same_packets_are_lost_each_time_and_others_with_another_seed() {
        let now = Moment::now();
        let lossy = slow().with_loss(0.1);
        let with = |seed| fates(&mut Lane::new(lossy, seed), u8::MAX, now);
        assert_eq!(with(1), with(1));
        assert_ne!(with(1), with(2));
    }

    #[test]
    fn about_the_share_that_was_asked_for_is_lost() {
        let now = Moment::now();
        for percent in [0_u32, 1, 10, 100] {
            let mut lane = Lane::new(slow().with_loss(f64::from(percent) / 100.0), 1);
            (0..100).for_each(|_| drop(fates(&mut lane, 100, now)));
            let lost = lane.counters().lost;
            let expected = u64::from(percent) * 100;
            // Four standard deviations of the binomial distribution are 120 at the most.
            assert!(
                lost.abs_diff(expected) <= 120,
                "{lost} of 10,000 at {percent} %"
            );
            assert_eq!(arrivals(&mut lane, now + LATER).len() as u64, 10_000 - lost);
            assert!(percent % 100 != 0 || lost == expected);
        }
    }

    #[test]
    fn jitter_delays_and_never_reorders() {
        let now = Moment::now();
        let mut lane = Lane::new(slow().with_jitter(DELAY), 1);
        fates(&mut lane, 100, now);
        assert_eq!(arrivals(&mut lane, now + DELAY), []);
        let half = arrivals(&mut lane, now + DELAY * 3 / 2);
        let rest = arrivals(&mut lane, now + DELAY * 2);
        assert!(!rest.is_empty(), "none took longer");
        assert_eq!([half, rest].concat(), (0..100).collect::<Vec<u8>>());
    }

    #[test]
    fn a_packet_that_is_held_back_is_overtaken_and_not_lost() {
        let now = Moment::now();
        let mut lane = Lane::new(slow().with_reordering(0.2, DELAY), 1);
        fates(&mut lane, 100, now);
        let in_time = arrivals(&mut lane, now + DELAY);
        let overtaken = arrivals(&mut lane, now + DELAY * 2);
        assert_eq!(overtaken.len() as u64, lane.counters().held_back);
        assert!(!overtaken.is_empty() && in_time.len() > overtaken.len());
        let mut all = [in_time, overtaken].concat();
        all.sort_unstable();
        assert_eq!(all, (0..100).collect::<Vec<u8>>());
    }

    #[test]
    fn the_switch_swallows_what_comes_and_what_is_on_its_way() {
        let now = Moment::now();
        let mut lane = Lane::new(slow(), 1);
        fates(&mut lane, 2, now);
        assert_eq!(lane.shut().len(), 2);
        assert_eq!(lane.enter(&[3], now), Fate::Swallowed);
        lane.open();
        lane.set(Conditions::delay(Duration::ZERO));
        assert_eq!(lane.enter(&[4], now), Fate::Passed);
        assert_eq!(
            arrivals(&mut lane, now),
            [4],
            "those that are gone are not waited for"
        );
        let counted = Counters {
            entered: 4,
            passed: 1,
            lost: 0,
            swallowed: 3,
            held_back: 0,
        };
        assert_eq!(lane.counters(), counted);
    }

    #[test]
    fn a_shorter_delay_lets_nothing_overtake() {
        let now = Moment::now();
        let mut lane = Lane::new(slow(), 1);
        lane.enter(&[1], now);
        lane.set(Conditions::delay(Duration::ZERO));
        lane.enter(&[2], now);
        assert_eq!(arrivals(&mut lane, now), []);
        assert_eq!(arrivals(&mut lane, now + DELAY), [1, 2]);
    }
}
