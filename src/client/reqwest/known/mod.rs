//! The connections of reqwest's clients, by their addresses.
//!
//! A connection is known from its opening, or, of a client that was handed in, from its first response. Nobody tells when
//! it ends; a new one of the same addresses takes its place, which the kernel does not allow while the old one lives.
//!
//! Before an attempt begins, those whose peers have ended them are closed for good: from then on nothing can be written to
//! them, whatever reqwest's pool makes of them. So an attempt that is lost on one of these was never sent.
//!
//! Invariants:
//!
//! - A connection is said to be reused only if it had been open before the attempt began, or had answered one.
//! - An attempt is said to have met a closed connection only if that was closed before the attempt began.

mod pair;
mod table;

use std::sync::{Mutex, MutexGuard, PoisonError};

use hyper_util::client::legacy::connect::Connected;
use reqwest::{Method, Response, StatusCode};
use tokio::time::Instant;

pub(super) use self::pair::{Origin, Pair};
use self::table::Table;
use super::begun::Begun;
use crate::conn::foreign::{Ends, Held, Hint};
use crate::evidence::{GateReason, Trace};

/// How many connections are held for an attempt.
const HELD: usize = 4;

/// What is known of all connections.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// `None`: the kernel is not asked.
    ends: Option<Ends>,
    table: Mutex<Table>,
}

/// An attempt that begins.
#[derive(Debug, Default)]
pub(super) struct Start {
    /// How many connections had been closed for good by then.
    closed: u64,
    /// The connections that it may get, as far as they lie idle.
    pub(super) held: Vec<(Pair, Held)>,
}

impl Start {
    /// The one that the attempt was sent on, if it was held; the others are let go.
    pub(super) fn into_held(self, pair: Pair) -> Option<Held> {
        let mut held = self.held.into_iter();
        held.find(|(other, _)| *other == pair).map(|(_, held)| held)
    }
}

impl Known {
    /// `asks`: whether the kernel is asked, where it can be.
    pub(super) fn new(asks: bool) -> Self {
        Self {
            ends: asks.then(Ends::new).flatten(),
            table: Mutex::default(),
        }
    }

    /// A connection is going to be opened.
    pub(super) fn hint(&self) -> Option<Hint> {
        self.ends.as_ref().and_then(Ends::hint)
    }

    /// A connection was opened, and is not in use yet.
    pub(super) fn opened(&self, connected: &Connected, hint: Option<Hint>) {
        let Some(pair) = Pair::connected(connected) else {
            return;
        };
        // Before it is watched: its end may come at once.
        let number = self.lock().open(pair);
        if let Some(ends) = &self.ends {
            let found = ends.find(pair.local, pair.remote, hint, number);
            self.lock().found(number, found);
        }
    }

    /// An attempt to this origin begins.
    pub(super) fn begin(&self, origin: Option<&Origin>) -> Start {
        let Some(ends) = &self.ends else {
            return Start::default();
        };
        let mut table = self.lock();
        if table.is_empty() {
            return Start::default();
        }
        // Under the lock, so that whoever begins meanwhile finds it done.
        table.close_ended(ends.arrived());
        let closed = table.closed();
        let likely = origin.map(|origin| table.likely(origin));
        drop(table);
        let likely = likely.into_iter().flatten();
        let held = likely.filter_map(|(pair, socket)| Some((pair, socket.hold()?)));
        Start {
            closed,
            held: held.take(HELD).collect(),
        }
    }

    /// A response came to an attempt.
    pub(super) fn answered(&self, response: &Response, begun: &Begun) {
        let Some(pair) = Pair::of(response.extensions()) else {
            return;
        };
        if response.status() == StatusCode::SWITCHING_PROTOCOLS || begun.method == Method::CONNECT {
            // What is spoken there now may go on when one side has ended.
            self.lock().forget(pair);
        } else {
            let is_http2 = response.version() == reqwest::Version::HTTP_2;
            self.lock().answered(pair, begun.origin.clone(), is_http2);
        }
    }

    /// What is known of a connection, seen from an attempt that began then. Nothing was counted on it.
    pub(super) fn trace(&self, pair: Pair, begun: Instant) -> Option<Trace> {
        self.lock().trace(pair, begun)
    }

    /// Why nothing of the attempt can have been written to the connection, if nothing can.
    pub(super) fn gate(&self, pair: Pair, start: &Start) -> Option<GateReason> {
        self.lock().gate(pair, start.closed)
    }

    fn lock(&self) -> MutexGuard<'_, Table> {
        // Nothing that can panic is done under the lock.
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
