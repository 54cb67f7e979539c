//! Trials side by side, as the plan wants them.
//!
//! Apart from the plan, which has no clock, and from the trial, which knows of no other. Invariant: whenever it is stopped,
//! what every connection has shown by then is handed out.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, interval, sleep};

use crate::connection::{Ask, Protocol};
use crate::failure::Failure;
use crate::line::Dialer;
use crate::plan::{Bounds, Plan};
use crate::probe::Interrupt;
use crate::progress::Progress;
use crate::trial::{self, IdleSince, Observation, Seen};

/// Connections are opened so far apart: what ends them at one age ends them at different moments, and a restart does not.
const APART: Duration = Duration::from_millis(40);
/// How often it is looked whether enough is known.
const BEAT: Duration = Duration::from_millis(50);

/// What a survey came to.
#[derive(Debug)]
pub(crate) struct Surveyed {
    pub(crate) observations: Vec<Observation>,
    /// Connections that could not be opened, or had no first answer.
    pub(crate) failures: Vec<Failure>,
    pub(crate) interrupted: bool,
}

/// A trial that is under way.
struct Open {
    id: tokio::task::Id,
    planned: Duration,
    idle: Arc<IdleSince>,
}

/// A survey of one server by one protocol.
pub(crate) struct Survey<'a> {
    pub(crate) dialer: Arc<Dialer>,
    pub(crate) protocol: Protocol,
    pub(crate) ask: Ask,
    pub(crate) bounds: Bounds,
    pub(crate) progress: &'a Progress,
}

impl Survey<'_> {
    pub(crate) async fn run(&self, interrupt: &Interrupt) -> Surveyed {
        let begun = Instant::now();
        let mut plan = Plan::new(self.bounds);
        let mut trials = JoinSet::new();
        let mut open: Vec<Open> = Vec::new();
        let mut surveyed = Surveyed {
            observations: Vec::new(),
            failures: Vec::new(),
            interrupted: false,
        };
        let mut beat = interval(BEAT);
        loop {
            // A server that takes no more connections is not asked for more.
            if surveyed.failures.is_empty() {
                self.open_next(&mut plan, begun, &mut trials, &mut open)
                    .await;
            }
            let ages: Vec<_> = open.iter().filter_map(Open::age).collect();
            self.progress.beat(begun.elapsed(), open.len());
            let is_late = begun.elapsed() >= self.bounds.end();
            if plan.is_done(begun.elapsed(), &ages) || open.is_empty() || is_late {
                break;
            }
            tokio::select! {
                Some(ended) = trials.join_next_with_id() => {
                    // A trial has no way to panic that is not a mistake of ours.
                    let Ok((id, result)) = ended else { continue };
                    let Some(at) = open.iter().position(|open| open.id == id) else { continue };
                    let planned = open.swap_remove(at).planned;
                    surveyed.take(&mut plan, planned, result, self.progress);
                }
                _ = beat.tick() => {}
                () = interrupt.come() => {
                    surveyed.interrupted = true;
                    break;
                }
            }
        }
        let left = open.iter().filter_map(Open::age).map(|age| Observation {
            age,
            seen: Seen::Open,
        });
        surveyed.observations.extend(left);
        surveyed
    }

    async fn open_next(
        &self,
        plan: &mut Plan,
        begun: Instant,
        trials: &mut JoinSet<Result<Observation, Failure>>,
        open: &mut Vec<Open>,
    ) {
        while let Some(planned) = plan.next(begun.elapsed()) {
            let idle = Arc::new(IdleSince::new(None));
            let dialer = Arc::clone(&self.dialer);
            let trial = trial::run(dialer, self.protocol, self.ask, planned, Arc::clone(&idle));
            let id = trials.spawn(trial).id();
            open.push(Open { id, planned, idle });
            sleep(APART).await;
        }
    }
}

impl Open {
    fn age(&self) -> Option<Duration> {
        (*self.idle.borrow()).map(|since| since.elapsed())
    }
}

impl Surveyed {
    fn take(
        &mut self,
        plan: &mut Plan,
        planned: Duration,
        result: Result<Observation, Failure>,
        progress: &Progress,
    ) {
        match result {
            Ok(observation) => {
                plan.note(planned, observation.age, &observation.seen);
                progress.note(&observation);
                self.observations.push(observation);
            }
            Err(failure) => {
                plan.drop_pending(planned);
                self.failures.push(failure);
            }
        }
    }
}
