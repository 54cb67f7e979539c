//! What the observations mean.
//!
//! Apart from how they are told. Invariant: everything here follows from what was observed; what was not looked at is said to
//! be not known.

mod survival;

use std::net::SocketAddr;
use std::time::Duration;

pub(crate) use self::survival::{Step, survival};

use crate::agreement::Agreement;
use crate::connection::Protocol;
use crate::line::How;
use crate::manners::Close;
use crate::quota::{First, Quota};
use crate::survey::Surveyed;
use crate::trial::{Observation, Seen};

/// Everything that is known of a server by one protocol.
#[derive(Debug)]
pub(crate) struct Findings {
    pub(crate) protocol: Protocol,
    pub(crate) addr: SocketAddr,
    pub(crate) first: First,
    pub(crate) quota: Option<Quota>,
    /// By age.
    pub(crate) observations: Vec<Observation>,
    /// Connections that could not be opened or used.
    pub(crate) failures: usize,
    pub(crate) interrupted: bool,
    pub(crate) took: Duration,
}

/// For how long an idle connection is of use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Idle {
    /// The server closes it at that age, where most agree; and the first and the last of so many. To rely on is the first.
    Closes {
        age: Duration,
        first: Duration,
        last: Duration,
        count: usize,
    },
    /// It looks open, and a request on it is lost: answered at the one age, and not at the other.
    Fails {
        answered: Duration,
        lost: Duration,
        how: Failing,
    },
    /// For longer than this, which is as long as anybody looked.
    Longer { than: Duration },
}

/// What a request meets on a connection that is not open any more and looks as if it were.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failing {
    /// A close, or a 408: the server closes when it is asked.
    Closed(Close),
    /// Silence: something on the way has forgotten the connection.
    Silence,
    /// No answer, though somebody acknowledges.
    NoAnswer,
}

impl Findings {
    pub(crate) fn of(
        (protocol, addr): (Protocol, SocketAddr),
        first: First,
        quota: Option<Quota>,
        surveyed: Surveyed,
        took: Duration,
    ) -> Self {
        let mut observations = surveyed.observations;
        observations.sort_by_key(|observation| observation.age);
        Self {
            protocol,
            addr,
            first,
            quota,
            observations,
            failures: surveyed.failures.len(),
            interrupted: surveyed.interrupted,
            took,
        }
    }

    pub(crate) fn idle(&self) -> Idle {
        let answered = self.longest_answered();
        let closed = self.closed();
        let first_close = closed.first().copied();
        // A request that crosses a close is lost to it, and is none of its own.
        let before_closes =
            |age: &Duration| first_close.is_none_or(|close| *age < close.mul_f64(0.9));
        let lost = self
            .failing()
            .find(|(age, _)| *age > answered && before_closes(age));
        if let Some((lost, how)) = lost {
            return Idle::Fails {
                answered,
                lost,
                how,
            };
        }
        if let (Some(first), Some(last)) = (first_close, closed.last().copied()) {
            return Idle::Closes {
                age: Agreement::of(&closed).map_or(first, |found| found.age),
                first,
                last,
                count: closed.len(),
            };
        }
        let open = self.observations.iter().map(|observation| observation.age);
        Idle::Longer {
            than: open.max().unwrap_or_default(),
        }
    }

    /// The longest idle age after which a request was answered.
    pub(crate) fn longest_answered(&self) -> Duration {
        let answered = |seen: &Seen| matches!(seen, Seen::Answered);
        let ages = self.observations.iter();
        let ages = ages.filter(|observation| answered(&observation.seen));
        ages.map(|observation| observation.age)
            .max()
            .unwrap_or_default()
    }

    /// The ages at which the server closed, in order.
    pub(crate) fn closed(&self) -> Vec<Duration> {
        let closed = |observation: &&Observation| matches!(observation.seen, Seen::Closed(_));
        let closed = self.observations.iter().filter(closed);
        closed.map(|observation| observation.age).collect()
    }

    fn failing(&self) -> impl Iterator<Item = (Duration, Failing)> {
        self.observations.iter().filter_map(|observation| {
            let how = match observation.seen {
                Seen::Lost(close) => Failing::Closed(close),
                Seen::Silent => Failing::Silence,
                Seen::Unanswered => Failing::NoAnswer,
                Seen::Answered | Seen::Closed(_) | Seen::Open => return None,
            };
            Some((observation.age, how))
        })
    }

    /// How it closes: each manner that was seen, with how often, the most frequent first.
    pub(crate) fn manners(&self) -> Vec<(Close, usize)> {
        let mut manners: Vec<(Close, usize)> = Vec::new();
        for observation in &self.observations {
            let Seen::Closed(close) = observation.seen else {
                continue;
            };
            match manners
                .iter_mut()
                .find(|(known, _)| is_alike(known, &close))
            {
                Some((_, count)) => *count += 1,
                None => manners.push((close, 1)),
            }
        }
        manners.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        manners
    }

    /// For how long a connection may have been idle to be used, to a hundredth of a second: a request then arrives before the
    /// end, by 200 ms or a fifth. `None`: there is no time worth naming.
    pub(crate) fn usable(&self) -> Option<Duration> {
        let round_trip = self.first.round_trip.unwrap_or_default();
        let margin = |end: Duration| (end / 5).min(Duration::from_millis(200)) + round_trip;
        let usable = match self.idle() {
            Idle::Closes { first, .. } => {
                let deaths = self.observations.iter().filter(|one| one.seen.is_death());
                let first = deaths.map(|one| one.age).min().unwrap_or(first);
                first.saturating_sub(margin(first))
            }
            Idle::Fails { answered, .. } => answered.saturating_sub(margin(answered)),
            // What was not asked may have been forgotten on the way.
            Idle::Longer { .. } => self.longest_answered(),
        };
        // The server may keep connections for longer than it says, and need not.
        let announced = self
            .first
            .keep_alive
            .as_ref()
            .and_then(|known| known.timeout);
        let announced = announced.map(|end| end.saturating_sub(margin(end)));
        let usable = announced.map_or(usable, |announced| usable.min(announced));
        let hundredths = (usable + Duration::from_millis(5)).as_millis() / 10;
        let usable = Duration::from_millis(u64::try_from(hundredths * 10).ok()?);
        (usable >= Duration::from_millis(50)).then_some(usable)
    }

    /// Whether the closes came at ages that have little to do with each other, or connections outlived them.
    pub(crate) fn is_scattered(&self) -> bool {
        let closed = self.closed();
        let (Some(first), Some(last)) = (closed.first(), closed.last()) else {
            return false;
        };
        let allowed = first.mul_f64(1.1) + Duration::from_millis(300);
        let oldest = self.observations.last().map_or(*last, |oldest| oldest.age);
        oldest > allowed
    }
}

/// The stream named in a GOAWAY, and by how much its FIN is late, differ from one to the next.
fn is_alike(a: &Close, b: &Close) -> bool {
    let how = match (a.how, b.how) {
        (How::GoAway(a), How::GoAway(b)) => a.code == b.code,
        (a, b) => a == b,
    };
    let fin = a.fin_after.is_some() == b.fin_after.is_some();
    how && fin && a.said == b.said && a.lingers == b.lingers
}

#[cfg(test)]
mod tests;
