//! A few seconds of one wire: a peer, its workers, and the judgement by what the peer has executed.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::Instant;
use unstale::Client;

use crate::judge::Case;
use crate::random::Dice;
use crate::report::Report;
use crate::traffic::{Plan, Sent, rest};
use crate::wire::{AnyPeer, Manners, Wire};

const WORKERS: usize = 16;
const LENGTH: Duration = Duration::from_secs(4);

/// One wire for as long as the run lasts.
pub struct Stage {
    pub wire: Wire,
    pub client: Client,
    pub until: Instant,
    pub seed: u64,
}

/// What one peer has met.
pub struct Round {
    wire: Wire,
    manners: Manners,
    is_last: bool,
    peer: AnyPeer,
    sent: Vec<Sent>,
}

impl Stage {
    /// Round after round. The last one's peer is still there.
    pub async fn play(self) -> (Report, Round) {
        let mut report = Report::default();
        for number in 0.. {
            let round = self.round(number).await;
            if round.is_last {
                return (report, round);
            }
            report.add(round.judge().await);
        }
        unreachable!("a run has an end")
    }

    async fn round(&self, number: u64) -> Round {
        let seed = Dice(self.seed ^ (self.wire as u64) << 56 ^ number << 32).next();
        let manners = match number % 3 {
            2 => Manners::Polite,
            _ => Manners::None,
        };
        let peer = self.wire.peer(manners, seed);
        let scheme = match self.wire {
            Wire::Http1 | Wire::Http2 => "http",
            Wire::Http1Tls | Wire::Http2Tls => "https",
        };
        let base = format!("{scheme}://{}", peer.addr());
        // The last round ends when the client is closed, whatever is under way then.
        let until = Instant::now() + LENGTH;
        let is_last = self.until <= until;
        let mut workers = JoinSet::new();
        for worker in 0..WORKERS {
            let shift = Shift {
                client: self.client.clone(),
                base: base.clone(),
                dice: Dice(seed ^ worker as u64),
                until: (!is_last).then_some(until),
            };
            workers.spawn(shift.work(worker));
        }
        let sent = workers.join_all().await.into_iter().flatten().collect();
        Round {
            wire: self.wire,
            manners,
            // A request of the round before may have waited so long that it met a closed client, too.
            is_last: is_last || Instant::now() >= self.until,
            peer,
            sent,
        }
    }
}

/// One worker's part of a round.
struct Shift {
    client: Client,
    base: String,
    dice: Dice,
    /// `None`: until the client is closed.
    until: Option<Instant>,
}

impl Shift {
    async fn work(mut self, worker: usize) -> Vec<Sent> {
        let mut sent: Vec<Sent> = Vec::new();
        loop {
            let is_over = match self.until {
                Some(until) => Instant::now() >= until,
                None => sent.last().is_some_and(Sent::met_a_closed_client),
            };
            if is_over {
                return sent;
            }
            let path = format!("/{worker}/{}", sent.len());
            let plan = Plan::by_chance(&mut self.dice);
            sent.push(plan.send(&self.client, &self.base, path).await);
            rest(&mut self.dice).await;
        }
    }
}

impl Round {
    pub fn addr(&self) -> SocketAddr {
        self.peer.addr()
    }

    /// Ends the peer, and holds what the workers saw against what it executed.
    pub async fn judge(self) -> Report {
        let Self {
            wire,
            manners,
            is_last,
            peer,
            sent,
        } = self;
        let connections = peer.connections();
        let finished = tokio::task::spawn_blocking(|| peer.finish());
        let mut executed: HashMap<String, usize> = HashMap::new();
        for path in finished.await.unwrap() {
            *executed.entry(path).or_default() += 1;
        }
        let mut report = Report::default();
        report.met(wire, connections);
        for sent in sent {
            let executed = executed.get(&sent.path).copied().unwrap_or(0);
            let case = Case {
                sent,
                executed,
                manners,
                is_last,
            };
            report.take(wire, &case);
        }
        report
    }
}
