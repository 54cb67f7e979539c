//! The table itself: plain data under one lock.

use std::collections::HashMap;
use std::mem;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::time::Instant;

use super::pair::{Origin, Pair};
use crate::conn::foreign::{Foreign, Outlook};
use crate::evidence::{GateReason, Reuse, Trace};

/// How many connections are remembered; the half of them that answered last is kept when there are more.
const MOST: usize = 16 * 1024;

/// How many connections of an origin are remembered in the order in which they answered. reqwest's pool hands out the last
/// that came back.
const RECENT: usize = 8;

static NEXT: AtomicU64 = AtomicU64::new(1);

#[derive(Debug, Default)]
pub(super) struct Table {
    records: HashMap<Pair, Record>,
    pairs: HashMap<u64, Pair>,
    /// The last that answered is the last.
    recent: HashMap<Origin, Vec<Pair>>,
    /// Ended by their peers, and yet to be closed.
    ended: Vec<u64>,
    /// How many were closed for good.
    closed: u64,
}

#[derive(Debug)]
struct Record {
    number: u64,
    opened: Instant,
    /// Requests that were answered on it.
    exchanges: u64,
    /// When it was opened, or has last answered.
    active: Instant,
    is_http2: bool,
    /// `None`: it was not found.
    socket: Option<Foreign>,
    closed: Option<Closed>,
}

/// Nothing is written to the connection any more.
#[derive(Clone, Copy, Debug)]
struct Closed {
    reason: GateReason,
    /// Which one it was.
    count: u64,
}

impl Table {
    pub(super) fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    pub(super) fn closed(&self) -> u64 {
        self.closed
    }

    /// Notes a new connection; its number.
    pub(super) fn open(&mut self, pair: Pair) -> u64 {
        if self.records.len() >= MOST {
            self.forget_half();
        }
        let record = Record::new();
        let number = record.number;
        self.pairs.insert(number, pair);
        if let Some(old) = self.records.insert(pair, record) {
            self.pairs.remove(&old.number);
        }
        number
    }

    /// Its socket was found, or not.
    pub(super) fn found(&mut self, number: u64, socket: Option<Foreign>) {
        if let Some(record) = self.record(number) {
            record.socket = socket;
        }
    }

    /// Closes for good what its peers have ended: these, and those that could not be closed before.
    pub(super) fn close_ended(&mut self, mut ended: Vec<u64>) {
        ended.append(&mut self.ended);
        for number in ended {
            let Some(record) = self.record(number) else {
                continue;
            };
            // One that is not there is being found.
            let outlook = record.socket.as_ref().map(Foreign::close_if_ended);
            match outlook.unwrap_or(Outlook::Open) {
                Outlook::Open => self.ended.push(number),
                Outlook::Gone => {}
                Outlook::Sealed(reason) => {
                    self.closed += 1;
                    let count = self.closed;
                    if let Some(record) = self.record(number) {
                        record.closed = Some(Closed { reason, count });
                    }
                }
            }
        }
    }

    /// What an attempt to this origin may be sent on, the likeliest first.
    pub(super) fn likely(&self, origin: &Origin) -> Vec<(Pair, Foreign)> {
        let recent = self.recent.get(origin).into_iter().flatten().rev();
        let fit = recent.filter_map(|pair| {
            let record = self.records.get(pair)?;
            let is_fit = record.closed.is_none() && !record.is_http2;
            Some((*pair, record.socket.filter(|_| is_fit)?))
        });
        fit.collect()
    }

    /// A response came on this connection.
    pub(super) fn answered(&mut self, pair: Pair, origin: Option<Origin>, is_http2: bool) {
        if !self.records.contains_key(&pair) {
            self.open(pair);
        }
        if let Some(record) = self.records.get_mut(&pair) {
            record.exchanges += 1;
            record.active = Instant::now();
            record.is_http2 = is_http2;
        }
        if let Some(origin) = origin {
            let recent = self.recent.entry(origin).or_default();
            recent.retain(|other| *other != pair);
            if recent.len() >= RECENT {
                recent.remove(0);
            }
            recent.push(pair);
        }
    }

    /// Nothing is to be done to this connection, nor to be said of it.
    pub(super) fn forget(&mut self, pair: Pair) {
        if let Some(record) = self.records.remove(&pair) {
            self.pairs.remove(&record.number);
        }
    }

    pub(super) fn trace(&self, pair: Pair, begun: Instant) -> Option<Trace> {
        let record = self.records.get(&pair)?;
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

    pub(super) fn gate(&self, pair: Pair, closed_before: u64) -> Option<GateReason> {
        let closed = self.records.get(&pair)?.closed?;
        (closed.count <= closed_before).then_some(closed.reason)
    }

    fn record(&mut self, number: u64) -> Option<&mut Record> {
        self.records.get_mut(self.pairs.get(&number)?)
    }

    /// Forgets the half that answered least lately.
    fn forget_half(&mut self) {
        let mut moments: Vec<Instant> = self.records.values().map(|it| it.active).collect();
        let middle = moments.len() / 2;
        let (_, median, _) = moments.select_nth_unstable(middle);
        let median = *median;
        let mut records = mem::take(&mut self.records);
        records.retain(|_, record| record.active > median);
        self.pairs.retain(|_, pair| records.contains_key(pair));
        self.recent.retain(|_, pairs| {
            pairs.retain(|pair| records.contains_key(pair));
            !pairs.is_empty()
        });
        self.records = records;
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
            is_http2: false,
            socket: None,
            closed: None,
        }
    }
}
