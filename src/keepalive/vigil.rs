//! Whether the machine has slept, or the process stood still.
//!
//! The runtime's clock (`CLOCK_MONOTONIC` on Linux) stops while the machine sleeps, so a connection that was idle for a night
//! looks idle for seconds. `CLOCK_BOOTTIME` goes on; but when a virtual machine is put away and taken out again as a
//! snapshot, it stops as well, and only the wall clock shows it, once it was set. So all three are read together: where one
//! of the others has gained on the runtime's clock since they were last read, that much was slept.
//!
//! A process that is stopped (`SIGSTOP`, a debugger, a container that is frozen) loses no time on any clock. It shows
//! in that somebody who promised to look again by some time has not.
//!
//! Invariant: of what lay idle since some moment, the time slept is not counted too low, but for less than [`NOTICED`].

use std::time::Duration;

use super::Moment;

/// What the clocks are apart by chance: a thread may lose its processor between two readings.
const NOTICED: Duration = Duration::from_millis(100);
/// From here on it is a sleep, after which connections are suspect of which nothing is known.
const SLEEP: Duration = Duration::from_secs(1);
/// So many naps are told apart.
const NAPS: usize = 8;

/// The clocks, read together.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reading {
    /// The runtime's clock, by which everything else is timed.
    pub(crate) runtime: Moment,
    /// A clock that goes on while the machine sleeps, from any beginning.
    pub(crate) boot: Duration,
    /// The wall clock.
    pub(crate) wall: Duration,
}

/// What was noticed of the clocks.
#[derive(Debug, Default)]
pub(super) struct Vigil {
    first: Option<Moment>,
    /// By how much the two other clocks are ahead of the runtime's, in nanoseconds; the least since a nap was noticed.
    ahead: [i128; 2],
    /// When naps were noticed, and how long they were; the latest last.
    naps: Vec<(Moment, Duration)>,
    /// When it was last noticed that the machine had slept, or the process had stood still.
    woke: Option<Moment>,
    /// When somebody is to have looked again, by the clock that goes on.
    due: Option<Duration>,
}

impl Vigil {
    /// Looks at the clocks.
    pub(super) fn look(&mut self, now: Reading) {
        let Some(first) = self.first else {
            self.first = Some(now.runtime);
            self.ahead = ahead(now, now.runtime);
            return;
        };
        let ahead = ahead(now, first);
        let gained = ahead.iter().zip(self.ahead);
        let gained = gained.map(|(now, before)| now - before).max();
        let slept = gained.and_then(|gained| u64::try_from(gained).ok());
        let slept = Duration::from_nanos(slept.unwrap_or(0));
        if slept >= NOTICED {
            self.ahead = ahead;
            self.add(now.runtime, slept);
        } else {
            self.ahead = [ahead[0].min(self.ahead[0]), ahead[1].min(self.ahead[1])];
        }
        if slept >= SLEEP || self.due.is_some_and(|due| now.boot > due) {
            self.woke = Some(now.runtime);
            self.due = None;
        }
    }

    /// Somebody promises to look again by this time of the clock that goes on; `None`: nobody does.
    pub(super) fn expect(&mut self, due: Option<Duration>) {
        self.due = due;
    }

    /// How much the machine has slept since.
    pub(super) fn slept_since(&self, since: Moment) -> Duration {
        let after = self.naps.iter().filter(|(noticed, _)| *noticed >= since);
        after.map(|(_, slept)| *slept).sum()
    }

    /// Whether the machine has slept, or the process stood still, since.
    pub(super) fn has_woken_since(&self, since: Moment) -> bool {
        self.woke.is_some_and(|woke| woke >= since)
    }

    fn add(&mut self, noticed: Moment, slept: Duration) {
        if self.naps.len() == NAPS {
            // Counted as if it had been slept later: too much, and not too little, for what lay idle since between the two.
            let (_, oldest) = self.naps.remove(0);
            if let Some((_, next)) = self.naps.first_mut() {
                *next = next.saturating_add(oldest);
            }
        }
        self.naps.push((noticed, slept));
    }
}

fn ahead(now: Reading, first: Moment) -> [i128; 2] {
    let nanos = |time: Duration| i128::try_from(time.as_nanos()).unwrap_or(i128::MAX / 4);
    let runtime = nanos(now.runtime.saturating_duration_since(first));
    [nanos(now.boot) - runtime, nanos(now.wall) - runtime]
}
