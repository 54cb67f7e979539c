//! The connections of reqwest's clients, by their addresses.
//!
//! A connection is known from its opening, or, of a client that was handed in, from its first response. Nobody tells when
//! it ends; a new one of the same addresses takes its place, which the kernel does not allow while the old one lives.
//!
//! Invariant: a connection is said to be reused only if it had been open before the attempt began, or had answered one.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use http::Extensions;
use hyper_util::client::legacy::connect::{Connected, HttpInfo};
use tokio::time::Instant;

use crate::evidence::{Reuse, Trace};

/// How many are remembered; the half of them that answered last is kept when there are more.
const MOST: usize = 16 * 1024;

static NEXT: AtomicU64 = AtomicU64::new(1);

/// The addresses of a connection: ours and the peer's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Pair {
    local: SocketAddr,
    remote: SocketAddr,
}

impl Pair {
    /// The pair that stands in a response's extensions; `None` of what is no TCP.
    pub(super) fn of(extensions: &Extensions) -> Option<Self> {
        extensions.get().map(|info: &HttpInfo| Self {
            local: info.local_addr(),
            remote: info.remote_addr(),
        })
    }

    /// The pair of a connection that hyper-util tells about.
    pub(super) fn connected(connected: &Connected) -> Option<Self> {
        let mut extensions = Extensions::new();
        connected.get_extras(&mut extensions);
        Self::of(&extensions)
    }
}

/// The table of connections.
#[derive(Debug, Default)]
pub(super) struct Known {
    table: Mutex<HashMap<Pair, Record>>,
}

#[derive(Debug)]
struct Record {
    number: u64,
    opened: Instant,
    /// Requests that were answered on it.
    exchanges: u64,
    /// When it was opened, or has last answered.
    active: Instant,
}

impl Known {
    /// A connection was opened.
    pub(super) fn opened(&self, connected: &Connected) {
        if let Some(pair) = Pair::connected(connected) {
            self.note(pair, Record::new());
        }
    }

    /// A response came on this connection.
    pub(super) fn answered(&self, extensions: &Extensions) {
        let Some(pair) = Pair::of(extensions) else {
            return;
        };
        if let Some(record) = self.lock().get_mut(&pair) {
            record.exchanges += 1;
            record.active = Instant::now();
            return;
        }
        let mut record = Record::new();
        record.exchanges = 1;
        self.note(pair, record);
    }

    /// What is known of a connection, seen from an attempt that began then. Nothing was counted on it.
    pub(super) fn trace(&self, pair: Pair, begun: Instant) -> Option<Trace> {
        let table = self.lock();
        let record = table.get(&pair)?;
        let is_reused = record.exchanges > 0 || record.opened < begun;
        let reuse = if is_reused {
            Reuse::Reused
        } else {
            Reuse::Fresh
        };
        let trace = Trace::new(record.number, reuse)
            .with_exchanges(record.exchanges)
            .with_age(record.opened.elapsed());
        Some(if is_reused {
            trace.with_idle(begun.saturating_duration_since(record.active))
        } else {
            trace
        })
    }

    fn note(&self, pair: Pair, record: Record) {
        let mut table = self.lock();
        if table.len() >= MOST {
            forget_half(&mut table);
        }
        table.insert(pair, record);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Pair, Record>> {
        // Nothing that can panic is done under the lock.
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Record {
    fn new() -> Self {
        let now = Instant::now();
        Self {
            number: NEXT.fetch_add(1, Ordering::Relaxed),
            opened: now,
            exchanges: 0,
            active: now,
        }
    }
}

/// Forgets the half that answered least lately.
fn forget_half(table: &mut HashMap<Pair, Record>) {
    let mut moments: Vec<Instant> = table.values().map(|record| record.active).collect();
    let middle = moments.len() / 2;
    let (_, median, _) = moments.select_nth_unstable(middle);
    let median = *median;
    table.retain(|_, record| record.active > median);
}
