//! What a server's closes of idle connections tell of its idle timeout.
//!
//! A server that restarts closes sixty connections at once, and if they have been idle since the same burst, all at the same
//! age. That is one observation, and one is not enough: two closes must agree that came at different moments, on
//! connections that had been idle since different moments.
//!
//! Invariants: nothing is learned below [`FLOOR`]; nothing from closes of one moment, or of connections idle since one
//! moment, however many.

use std::time::Duration;

use super::Moment;

/// Closes of connections that were idle for less teach nothing: a server may end a connection right after an answer for
/// many reasons, and to use none twice would cost more than it prevents.
pub(super) const FLOOR: Duration = Duration::from_millis(500);
/// Closes, or begins of idleness, that are no further apart are of one moment.
const ONE_MOMENT: Duration = Duration::from_secs(1);
/// So long is remembered what nothing has confirmed.
pub(super) const REMEMBERED: Duration = Duration::from_secs(3600);
/// So many closes that have found none to agree with are remembered.
const REMEMBERED_CLOSES: usize = 8;
/// How far two ages that agree are apart at most, or a twentieth of the longer.
const APART: Duration = Duration::from_millis(150);
/// A close that is earlier by no more than this confirms what is known.
const A_LITTLE: Duration = Duration::from_millis(100);
/// A connection has outlived what was learned if it is older by this, or by a tenth.
const OUTLIVED: Duration = Duration::from_secs(1);

/// A server's close of an idle connection.
#[derive(Clone, Copy, Debug)]
pub(super) struct Close {
    /// Since when the connection had been idle.
    pub(super) since: Moment,
    /// When the close arrived.
    pub(super) at: Moment,
    /// For how long it had been idle then.
    pub(super) age: Duration,
}

impl Close {
    fn is_of_the_moment_of(&self, other: &Self) -> bool {
        apart(self.at, other.at) < ONE_MOMENT || apart(self.since, other.since) < ONE_MOMENT
    }

    fn agrees_with(&self, age: Duration) -> bool {
        let (shorter, longer) = (self.age.min(age), self.age.max(age));
        longer.saturating_sub(shorter) <= APART.max(longer / 20)
    }
}

fn apart(one: Moment, other: Moment) -> Duration {
    one.saturating_duration_since(other)
        .max(other.saturating_duration_since(one))
}

/// What was learned of one server.
#[derive(Debug, Default)]
pub(super) struct Learned {
    timeout: Option<Duration>,
    confirmed: Option<Moment>,
    closes: Vec<Close>,
    /// A connection that had outlived it, and none has since confirmed it.
    outlived: Option<Close>,
}

impl Learned {
    /// How long the server keeps an idle connection, if that is known.
    pub(super) fn timeout(&self) -> Option<Duration> {
        self.timeout
    }

    /// How old an idle connection must become to have outlived what was learned.
    pub(super) fn outlived_at(timeout: Duration) -> Duration {
        timeout + OUTLIVED.max(timeout / 10)
    }

    /// The server has closed an idle connection.
    pub(super) fn closed(&mut self, close: Close) {
        if close.age < FLOOR {
            return;
        }
        self.forget_old(close.at);
        if self.is_confirmed_by(close) {
            return self.learn(self.timeout, close.at);
        }
        if self
            .closes
            .iter()
            .any(|known| known.is_of_the_moment_of(&close))
        {
            return;
        }
        let agreeing = self.closes.iter().map(|known| known.age);
        if let Some(age) = agreeing.filter(|age| close.agrees_with(*age)).min() {
            return self.learn(Some(age.min(close.age)), close.at);
        }
        if self.closes.len() == REMEMBERED_CLOSES {
            self.closes.remove(0);
        }
        self.closes.push(close);
    }

    /// What is known does not slide with every close that is a little earlier: the margin is for that.
    fn is_confirmed_by(&self, close: Close) -> bool {
        self.timeout
            .is_some_and(|known| close.agrees_with(known) && close.age + A_LITTLE >= known)
    }

    /// What came before, and disagrees, was chance: two others must agree anew, with no close between that confirms this one.
    fn learn(&mut self, timeout: Option<Duration>, now: Moment) {
        *self = Self {
            timeout,
            confirmed: Some(now),
            ..Self::default()
        };
    }

    /// An idle connection looks alive at this age. If two, at different moments, have outlived what was learned, it was not so.
    ///
    /// One is not enough here either: after a firewall has forgotten them, all connections look alive.
    pub(super) fn lives(&mut self, alive: Close) {
        let Some(timeout) = self.timeout else {
            return;
        };
        if alive.age < Self::outlived_at(timeout) {
            return;
        }
        match &self.outlived {
            None => self.outlived = Some(alive),
            Some(first) if first.is_of_the_moment_of(&alive) => {}
            Some(_) => *self = Self::default(),
        }
    }

    /// Forgets what nothing has confirmed for long.
    pub(super) fn forget_old(&mut self, now: Moment) {
        let is_old = |at: Moment| now.saturating_duration_since(at) > REMEMBERED;
        if self.confirmed.is_some_and(is_old) {
            *self = Self::default();
        }
        self.closes.retain(|close| !is_old(close.at));
    }
}
