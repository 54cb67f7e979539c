//! A row of the table: what the peer does, when the request under test comes, and what that is checked for.
//!
//! ```text
//! warm connections are opened, each by one request ─▶ all idle ─▶ the moment ─▶ the request under test ─▶ check
//! ```

use std::sync::Arc;
use std::time::Duration;

use super::call::{Call, With};
use super::mode::Mode;
use super::play::{self, Played, Stage};
use crate::client::client;
use crate::peer::{Peer, Script, Tls};

/// When the request under test comes, seen from what the peer does to the idle connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// First; what the peer does, it does because of the request.
    Before,
    /// So long after it, while the runtime works on.
    After(Duration),
    /// After it, but the runtime was blocked meanwhile, and has polled nothing since.
    Blocked,
}

type Scripts = dyn Fn(usize) -> Script + Send + Sync;

/// A row; played by [`check`](Self::check).
#[must_use]
pub struct Row {
    scripts: Arc<Scripts>,
    warm: usize,
    moment: Moment,
    with: With,
    modes: Vec<Mode>,
    calls: Vec<Call>,
}

impl Row {
    /// The connections that lie idle when the request comes all end like this; any further one serves.
    pub fn idle(end: &Script) -> Self {
        Self::idle_many(1, end)
    }

    /// As [`idle`](Self::idle), with so many idle connections.
    pub fn idle_many(warm: usize, end: &Script) -> Self {
        let end = end.clone();
        let scripts = move |n| {
            if n >= warm {
                return Script::serve_forever();
            }
            let first = Script::new().read_all().execute().wait("warm").answer();
            first.wait("end").then(end.clone())
        };
        Self::new(warm, scripts)
    }

    /// No connection is there when the request comes, and every one does this.
    pub fn fresh(script: &Script) -> Self {
        let script = script.clone();
        Self::new(0, move |_| script.clone())
    }

    fn new(warm: usize, scripts: impl Fn(usize) -> Script + Send + Sync + 'static) -> Self {
        Self {
            scripts: Arc::new(scripts),
            warm,
            moment: Moment::Before,
            with: With::Nothing,
            modes: Mode::all(),
            calls: Call::ALL.to_vec(),
        }
    }

    /// When the request comes.
    pub fn moment(mut self, moment: Moment) -> Self {
        self.moment = moment;
        self
    }

    /// Plays TLS 1.2 too.
    pub fn also_tls12(mut self) -> Self {
        self.modes.extend(Mode::tls12());
        self
    }

    /// Only these wires.
    pub fn only(mut self, wires: &[Tls]) -> Self {
        self.modes = Mode::on_both(wires);
        self
    }

    /// What the request under test says beyond its kind.
    pub fn with(mut self, with: With) -> Self {
        self.with = with;
        self
    }

    /// Only these requests.
    pub fn calls(mut self, calls: &[Call]) -> Self {
        self.calls = calls.to_vec();
        self
    }

    /// Plays the row in every column, and checks every play.
    pub fn check(self, check: impl Fn(&Played) + Sync) {
        let in_mode = |mode| {
            let plays = self.calls.iter().map(|&call| self.play(mode, call));
            plays.for_each(|played| check(&played));
        };
        Mode::each(&self.modes, in_mode);
    }

    fn play(&self, mode: Mode, call: Call) -> Played {
        let scripts = Arc::clone(&self.scripts);
        let peer = Arc::new(Peer::start(mode.tls, move |n| scripts(n)));
        let stage = Stage {
            client: client(mode.stack, &peer, mode.tls),
            peer: Arc::clone(&peer),
            tls: mode.tls,
            stack: mode.stack,
        };
        let (warm, moment, with) = (self.warm, self.moment, self.with);
        let (read_before, outcome) = mode.run(moment == Moment::Blocked, async move {
            stage.warm_up(warm).await;
            let read_before = play::read_on(&stage.peer, warm);
            stage.come_to(moment).await;
            (read_before, play::send(&stage, call, with).await)
        });
        Played {
            mode,
            call,
            with,
            warm,
            peer,
            outcome,
            read_before,
        }
    }
}
