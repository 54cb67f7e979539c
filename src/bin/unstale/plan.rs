//! Which idle age is looked at next, and when enough is known.
//!
//! Apart from the survey, and without a clock, because it is arithmetic. Invariant: the bounds that were announced hold:
//! ages, connections at once and in all, and time.
//!
//! Two connections lie idle for as long as anybody looks: if the server closes by itself, they show when. The others try ages
//! below that: each new one halves, by ratio, the widest gap between two ages of which something is known, or will be. If it
//! closes by itself at ages that do not agree, three more lie idle, and again.

use std::time::Duration;

use crate::agreement::{AGREEING, Agreement};
use crate::trial::Seen;

/// The youngest age that is tried.
const YOUNGEST: Duration = Duration::from_millis(250);
/// Connections that lie idle for the whole time; fewer if they were more than half.
const WATCHERS: usize = 2;
/// Where closes do not agree, no more than so many are looked at.
const CLOSES: usize = 4 * AGREEING;
/// And only where there is time for another one, that comes a little late.
const LATE: f64 = 1.1;
/// Gaps wider than this are looked into as long as nothing is known, and once a request has been lost.
const COARSE: f64 = 1.3;
const FINE: f64 = 1.05;
/// Nor is a gap narrower than this.
const NARROW: Duration = Duration::from_millis(50);

/// What bounds a survey.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    /// The longest idle age.
    pub(crate) longest: Duration,
    /// Connections at once.
    pub(crate) at_once: usize,
    /// Connections in all.
    pub(crate) in_all: usize,
    /// How long an answer may take.
    pub(crate) patience: Duration,
}

impl Bounds {
    /// Within this all trials end, silence aside. If requests are lost the ages must be bisected: the longest age, and again.
    pub(crate) fn time(&self) -> Duration {
        self.longest * 2
    }

    /// When it ends, come what may: the last trial may have met silence.
    pub(crate) fn end(&self) -> Duration {
        self.time() + self.patience * 2 + Duration::from_secs(5)
    }
}

/// What is known, and what is being tried.
#[derive(Debug)]
pub(crate) struct Plan {
    bounds: Bounds,
    opened: usize,
    pending: Vec<Duration>,
    answered: Duration,
    closed: Vec<Duration>,
    lost: Vec<Duration>,
    /// How many connections are to lie idle once more.
    again: usize,
}

impl Plan {
    pub(crate) fn new(bounds: Bounds) -> Self {
        Self {
            bounds,
            opened: 0,
            pending: Vec::new(),
            answered: Duration::ZERO,
            closed: Vec::new(),
            lost: Vec::new(),
            again: 0,
        }
    }

    /// The age for the next connection; `None`: none now. `elapsed`: since the survey began.
    pub(crate) fn next(&mut self, elapsed: Duration) -> Option<Duration> {
        let is_full =
            self.pending.len() >= self.bounds.at_once || self.opened >= self.bounds.in_all;
        if is_full {
            return None;
        }
        let age = if let Some(first) = self.first_close() {
            self.once_more(first, elapsed)?
        } else if self.opened < WATCHERS.min(self.bounds.at_once / 2) {
            self.bounds.longest
        } else {
            self.widest(elapsed)?
        };
        self.opened += 1;
        self.pending.push(age);
        Some(age)
    }

    /// The youngest age at which the server closed.
    fn first_close(&self) -> Option<Duration> {
        self.closed.iter().min().copied()
    }

    /// For whom the closes that have been seen do not agree, and all that were to come have come.
    fn once_more(&mut self, first: Duration, elapsed: Duration) -> Option<Duration> {
        let are_to_come = self.pending.iter().any(|age| *age >= first);
        if self.again == 0 && !are_to_come && self.is_worth_more(first, elapsed) {
            self.again = AGREEING;
        }
        self.again = self.again.checked_sub(1)?;
        Some(self.bounds.longest.saturating_sub(elapsed))
    }

    /// Whether closes do not agree, and it can be looked for more.
    fn is_worth_more(&self, first: Duration, elapsed: Duration) -> bool {
        let is_time = elapsed + first.mul_f64(LATE) <= self.bounds.longest;
        let agree = Agreement::of(&self.closed).is_some_and(|found| found.is_close());
        !agree && is_time && self.closed.len() < CLOSES && self.opened < self.bounds.in_all
    }

    /// The middle of the widest gap that there is time for.
    fn widest(&self, elapsed: Duration) -> Option<Duration> {
        let (time, fine) = if self.lost.is_empty() {
            (self.bounds.longest, COARSE)
        } else {
            (self.bounds.time(), FINE)
        };
        let left = time.saturating_sub(elapsed);
        let (low, high) = self.bracket();
        let mut ages = self.pending.clone();
        ages.retain(|age| low < *age && *age < high);
        ages.extend([low, high]);
        ages.sort_unstable();
        let gaps = ages.iter().zip(ages.iter().skip(1));
        let gaps = gaps.filter_map(|(low, high)| {
            let low = low.max(&YOUNGEST).as_secs_f64();
            let (ratio, width) = (high.as_secs_f64() / low, high.as_secs_f64() - low);
            let middle = Duration::from_secs_f64((low * high.as_secs_f64()).sqrt());
            let is_worth_it = ratio > fine && width > NARROW.as_secs_f64() && middle <= left;
            is_worth_it.then_some((ratio, middle))
        });
        // Of gaps that are as wide the one at younger ages: its trial is over sooner.
        let widest = gaps.reduce(|widest, gap| if gap.0 > widest.0 * 1.01 { gap } else { widest });
        widest.map(|(_, middle)| middle)
    }

    /// The longest age that was answered, and the shortest beyond that was not; or the longest that is looked at. What was
    /// lost at an age below one that was answered was lost by chance.
    fn bracket(&self) -> (Duration, Duration) {
        let beyond = self.lost.iter().filter(|age| **age > self.answered);
        let high = beyond.min().copied().unwrap_or(self.bounds.longest);
        (self.answered.min(high), high)
    }

    /// A trial for `planned` is over.
    pub(crate) fn note(&mut self, planned: Duration, age: Duration, seen: &Seen) {
        self.drop_pending(planned);
        match seen {
            Seen::Answered => self.answered = self.answered.max(age),
            Seen::Closed(_) => self.closed.push(age),
            Seen::Lost(_) | Seen::Silent | Seen::Unanswered => {
                self.lost.push(age);
            }
            Seen::Open => {}
        }
    }

    /// A trial for `planned` came to nothing.
    pub(crate) fn drop_pending(&mut self, planned: Duration) {
        if let Some(at) = self.pending.iter().position(|age| *age == planned) {
            self.pending.swap_remove(at);
        }
    }

    /// Whether enough is known. `open`: how long each connection that is open has been idle.
    pub(crate) fn is_done(&self, elapsed: Duration, open: &[Duration]) -> bool {
        if let Some(first) = self.first_close() {
            // Whoever is older than the first that closed will close as well, or contradicts: it is waited for.
            let is_due = open.iter().any(|age| *age >= first);
            let are_enough = self.closed.len() >= AGREEING || open.is_empty();
            return !is_due && are_enough && !self.is_worth_more(first, elapsed);
        }
        let (low, high) = self.bracket();
        if self.lost.is_empty() || high == self.bounds.longest && low == high {
            return self.answered >= self.bounds.longest || self.pending.is_empty();
        }
        let is_narrow = high.as_secs_f64() <= low.as_secs_f64() * FINE || high <= low + NARROW;
        is_narrow || elapsed >= self.bounds.time() || self.pending.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::line::How;
    use crate::manners::Close;

    const BOUNDS: Bounds = Bounds {
        longest: Duration::from_secs(80),
        at_once: 8,
        in_all: 40,
        patience: Duration::from_secs(10),
    };

    const CLOSE: Close = Close {
        how: How::Reset,
        said: None,
        lingers: None,
        fin_after: None,
    };

    /// A server, and what its survey came to: time is played, not waited for.
    struct Played {
        plan: Plan,
        opened: u32,
        took: Duration,
    }

    /// Plays a survey; `server` says of an idle age when and how its trial ends.
    fn play(server: impl Fn(Duration) -> (Duration, Seen)) -> Played {
        play_each(|_, age| server(age))
    }

    /// As [`play`], at a server that treats each connection in its own way, by its number.
    fn play_each(server: impl Fn(u32, Duration) -> (Duration, Seen)) -> Played {
        let mut plan = Plan::new(BOUNDS);
        let mut open: Vec<(u32, Duration, Duration)> = Vec::new();
        let (mut now, mut opened) = (Duration::ZERO, 0);
        loop {
            while let Some(age) = plan.next(now) {
                open.push((opened, now, age));
                opened += 1;
            }
            assert!(open.len() <= BOUNDS.at_once && opened as usize <= BOUNDS.in_all);
            let ages: Vec<_> = open
                .iter()
                .map(|(_, since, _)| now.saturating_sub(*since))
                .collect();
            if plan.is_done(now, &ages) {
                let took = now;
                return Played { plan, opened, took };
            }
            let ends =
                |(number, since, age): &(u32, Duration, Duration)| *since + server(*number, *age).0;
            let next = open.iter().enumerate().min_by_key(|(_, trial)| ends(trial));
            let (at, trial) = next.map(|(at, trial)| (at, *trial)).unwrap();
            now = ends(&trial);
            open.swap_remove(at);
            let (age, seen) = server(trial.0, trial.2);
            plan.note(trial.2, age, &seen);
        }
    }

    /// Closed after the timeout, unless it was to be used before.
    fn closed_after(timeout: Duration, age: Duration) -> (Duration, Seen) {
        if age > timeout {
            (timeout, Seen::Closed(CLOSE))
        } else {
            (age, Seen::Answered)
        }
    }

    fn seconds(seconds: f64) -> Duration {
        Duration::from_secs_f64(seconds)
    }

    #[test]
    fn a_server_that_closes_by_itself_is_known_as_soon_as_it_has() {
        for timeout in [0.1, 1.0, 5.0, 60.0, 75.0].map(seconds) {
            let played = play(|age| closed_after(timeout, age));
            assert!(played.plan.closed.len() >= 2, "{timeout:?}");
            assert!(played.took <= timeout * 2, "{timeout:?}: {:?}", played.took);
        }
    }

    #[test]
    fn a_server_that_is_late_at_first_is_looked_at_again() {
        let played = play_each(|number, age| {
            let late = seconds(0.08) * 8_u32.saturating_sub(number);
            closed_after(seconds(1.0) + late, age)
        });
        let found = Agreement::of(&played.plan.closed).unwrap();
        assert_eq!(found.age, seconds(1.0));
        assert!(played.took <= seconds(4.0), "{:?}", played.took);
    }

    #[test]
    fn a_server_whose_closes_never_agree_is_not_looked_at_for_ever() {
        let played =
            play_each(|number, age| closed_after(seconds(1.0) + seconds(0.1) * number, age));
        assert!(played.plan.closed.len() < CLOSES + AGREEING);
        assert!(played.took < BOUNDS.longest);
    }

    #[test]
    fn a_server_that_closes_on_use_alone_is_bisected() {
        for timeout in [0.3, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 75.0].map(seconds) {
            let played = play(|age| {
                if age > timeout {
                    (age, Seen::Lost(CLOSE))
                } else {
                    (age, Seen::Answered)
                }
            });
            let (low, high) = played.plan.bracket();
            assert!(low <= timeout && timeout <= high);
            let is_near = high <= low.mul_f64(FINE) || high <= low + NARROW;
            assert!(is_near, "{timeout:?}: {low:?} to {high:?}");
            assert!(played.took <= BOUNDS.time());
        }
    }

    #[test]
    fn a_server_that_keeps_connections_is_watched_for_the_whole_time_and_no_longer() {
        let played = play(|age| (age, Seen::Answered));
        assert_eq!(played.took, BOUNDS.longest);
        assert_eq!(played.plan.answered, BOUNDS.longest);
        assert!(played.opened <= 30, "{}", played.opened);
    }

    #[test]
    fn one_request_that_is_lost_by_chance_ends_nothing() {
        let once = std::cell::Cell::new(true);
        let played = play(|age| {
            if age < seconds(5.0) && once.replace(false) {
                (age, Seen::Lost(CLOSE))
            } else {
                (age, Seen::Answered)
            }
        });
        assert_eq!(played.plan.answered, BOUNDS.longest);
    }

    #[test]
    fn a_connection_that_outlives_a_close_is_waited_for() {
        let mut plan = Plan::new(BOUNDS);
        for _ in 0..4 {
            plan.note(seconds(80.0), seconds(5.0), &Seen::Closed(CLOSE));
        }
        assert!(plan.is_done(seconds(5.0), &[seconds(4.0)]));
        assert!(!plan.is_done(seconds(30.0), &[seconds(30.0)]));
    }
}
