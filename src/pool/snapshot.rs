//! The connections of a client at one moment, as `netstat` would show them.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::Pool;
use super::reason::DiscardReason;
use super::sender::Protocol;
use super::slot::{Phase, Slot};
use super::state::State;
use crate::conn::Ledger;

/// What a connection is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Activity {
    /// It carries a request, or of HTTP/2 one or more.
    Busy,
    /// It waits for a request.
    Idle,
    /// The caller is done with it, and it is not free yet: the rest of an upload, or a task that has yet to run.
    Settling,
    /// It takes nothing more, and is closed when what runs on it has ended.
    Closing,
}

impl Activity {
    /// The word in the table.
    pub fn name(self) -> &'static str {
        match self {
            Self::Busy => "busy",
            Self::Idle => "idle",
            Self::Settling => "settling",
            Self::Closing => "closing",
        }
    }
}

/// One connection at one moment.
#[derive(Clone, Debug)]
pub struct Connection {
    number: u64,
    origin: String,
    protocol: Protocol,
    state: &'static str,
    activity: Activity,
    age: Duration,
    idle: Option<Duration>,
    exchanges: u64,
    ends: Option<(DiscardReason, Duration)>,
}

impl Connection {
    /// Its number, unique in this process; the same as [`Trace::connection`](crate::evidence::Trace::connection).
    pub fn number(&self) -> u64 {
        self.number
    }

    /// Where it leads, like `https://example.com`.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// What it speaks.
    pub fn protocol(&self) -> Protocol {
        self.protocol
    }

    /// The state of its socket as the kernel says, in the words of `netstat`: `ESTABLISHED`, `CLOSE_WAIT` (the peer has
    /// closed it), `CLOSE`; `OTHER` for the rest; `CLOSED` once there is no socket any more, `UNKNOWN` where the kernel
    /// cannot be asked.
    pub fn state(&self) -> &'static str {
        self.state
    }

    /// What the pool does with it.
    pub fn activity(&self) -> Activity {
        self.activity
    }

    /// How long it has been open.
    pub fn age(&self) -> Duration {
        self.age
    }

    /// How long it has been idle; `None` if it is not.
    pub fn idle(&self) -> Option<Duration> {
        self.idle
    }

    /// How many exchanges it was given.
    pub fn exchanges(&self) -> u64 {
        self.exchanges
    }

    /// What will end it if nothing else does, [`IdleTimeout`](DiscardReason::IdleTimeout),
    /// [`Lifetime`](DiscardReason::Lifetime) or [`Expiring`](DiscardReason::Expiring) (by what the server says, or what was
    /// learned of it), and in how long; `None` if nothing of this client's will. What has been learned may be kept unused for
    /// a moment longer, to see whether it is so.
    pub fn ends(&self) -> Option<(DiscardReason, Duration)> {
        self.ends
    }
}

/// The connections of a client at one moment. Its [`Display`](fmt::Display) is a table.
#[derive(Clone, Debug)]
pub struct Connections {
    all: Vec<Connection>,
}

impl Connections {
    /// All of them, the one opened first first.
    pub fn all(&self) -> &[Connection] {
        &self.all
    }

    /// One after the other.
    pub fn iter(&self) -> std::slice::Iter<'_, Connection> {
        self.all.iter()
    }
}

impl<'a> IntoIterator for &'a Connections {
    type Item = &'a Connection;
    type IntoIter = std::slice::Iter<'a, Connection>;

    fn into_iter(self) -> Self::IntoIter {
        self.all.iter()
    }
}

impl Pool {
    /// What there is now. The kernel is asked about each socket, under no lock.
    pub(crate) fn connections(&self) -> Connections {
        let now = Instant::now();
        let seen: Vec<_> = {
            let state = self.state();
            let seen = state.slots.iter();
            seen.filter_map(|(at, slot)| Some((see(&state, at, slot, now)?, slot.ledger.clone()?)))
                .collect()
        };
        let mut all: Vec<_> = seen
            .into_iter()
            .map(
                |(connection, ledger): (Connection, Arc<Ledger>)| Connection {
                    state: ledger.kernel_state(),
                    ..connection
                },
            )
            .collect();
        all.sort_unstable_by_key(Connection::number);
        Connections { all }
    }
}

fn see(state: &State, at: usize, slot: &Slot, now: Instant) -> Option<Connection> {
    let idle = slot.is_idle();
    let activity = match &slot.phase {
        Phase::Connecting => return None,
        Phase::Closing => Activity::Closing,
        Phase::Settling(_) => Activity::Settling,
        _ if idle => Activity::Idle,
        _ => Activity::Busy,
    };
    let ledger = slot.ledger.as_ref()?;
    Some(Connection {
        number: ledger.id(),
        origin: state.hosts.get(slot.host)?.route.origin(),
        protocol: slot.protocol,
        state: "",
        activity,
        age: now.saturating_duration_since(ledger.opened()),
        idle: idle.then(|| now.saturating_duration_since(slot.since)),
        exchanges: slot.exchanges.into(),
        ends: state.ends(at, now),
    })
}

impl fmt::Display for Connections {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.all.iter().map(|one| one.origin.len()).max();
        let width = width.unwrap_or(0).max("ORIGIN".len());
        writeln!(
            f,
            "{:>6}  {:width$}  {:8}  {:11}  {:8}  {:>9}  {:>9}  {:>9}  ENDS",
            "NUMBER", "ORIGIN", "PROTOCOL", "STATE", "ACTIVITY", "AGE", "IDLE", "EXCHANGES"
        )?;
        for one in &self.all {
            let idle = one.idle.map_or_else(|| "-".to_owned(), seconds);
            let ends = one.ends.map_or_else(
                || "-".to_owned(),
                |(reason, left)| format!("{} in {}", what_ends(reason), seconds(left)),
            );
            writeln!(
                f,
                "{:>6}  {:width$}  {:8}  {:11}  {:8}  {:>9}  {idle:>9}  {:>9}  {ends}",
                one.number,
                one.origin,
                one.protocol.name(),
                one.state,
                one.activity.name(),
                seconds(one.age),
                one.exchanges,
            )?;
        }
        Ok(())
    }
}

fn what_ends(reason: DiscardReason) -> &'static str {
    match reason {
        DiscardReason::IdleTimeout => "idle timeout",
        DiscardReason::Lifetime => "lifetime",
        DiscardReason::Expiring => "server's timeout",
        other => other.explain(),
    }
}

fn seconds(duration: Duration) -> String {
    format!("{:.1} s", duration.as_secs_f64())
}
