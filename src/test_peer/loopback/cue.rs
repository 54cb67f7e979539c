//! Cues between the test and the scripts, and the end of the play: all waiting that is not for a socket.
//!
//! One condition variable for everything, so that [`Cues::stop`] wakes every waiter at once. Invariant: a name once given or
//! reached stays so; nothing un-happens.

use std::collections::HashSet;
use std::io;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How long the test waits for a script.
const PATIENCE: Duration = Duration::from_secs(10);

#[derive(Debug, Default)]
pub struct Cues {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    given: HashSet<&'static str>,
    reached: HashSet<&'static str>,
    stopped: bool,
}

impl Cues {
    /// The test lets the scripts go on.
    pub fn go(&self, name: &'static str) {
        self.change(|state| {
            state.given.insert(name);
        });
    }

    /// A script waits for [`go`](Self::go).
    pub fn wait(&self, name: &'static str) -> io::Result<()> {
        let waiting = |state: &mut State| !state.stopped && !state.given.contains(name);
        let state = self.changed.wait_while(self.lock(), waiting);
        going_on(&state.unwrap_or_else(PoisonError::into_inner))
    }

    /// Whether [`go`](Self::go) was called, for a script that does something else meanwhile.
    pub fn given(&self, name: &'static str) -> bool {
        self.lock().given.contains(name)
    }

    /// A script says where it is.
    pub fn signal(&self, name: &'static str) {
        self.change(|state| {
            state.reached.insert(name);
        });
    }

    /// The test waits for [`signal`](Self::signal).
    pub fn reached(&self, name: &'static str) {
        let waiting = |state: &mut State| !state.stopped && !state.reached.contains(name);
        let state = self
            .changed
            .wait_timeout_while(self.lock(), PATIENCE, waiting);
        let (state, _) = state.unwrap_or_else(PoisonError::into_inner);
        let reached = state.stopped || state.reached.contains(name);
        drop(state);
        assert!(reached, "no script signalled {name:?} within {PATIENCE:?}");
    }

    /// Whether [`signal`](Self::signal) was called.
    pub fn has_reached(&self, name: &'static str) -> bool {
        self.lock().reached.contains(name)
    }

    /// A script does nothing for a while.
    pub fn pause(&self, duration: Duration) -> io::Result<()> {
        let waiting = |state: &mut State| !state.stopped;
        let state = self
            .changed
            .wait_timeout_while(self.lock(), duration, waiting);
        going_on(&state.unwrap_or_else(PoisonError::into_inner).0)
    }

    /// A script does nothing for ever.
    pub fn stall(&self) -> io::Result<()> {
        let state = self.changed.wait_while(self.lock(), |state| !state.stopped);
        going_on(&state.unwrap_or_else(PoisonError::into_inner))
    }

    /// Ends everything.
    pub fn stop(&self) {
        self.change(|state| state.stopped = true);
    }

    pub fn stopped(&self) -> bool {
        self.lock().stopped
    }

    /// An error once the peer is being dropped: what ends a script wherever it stands.
    pub fn check(&self) -> io::Result<()> {
        going_on(&self.lock())
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.lock());
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn going_on(state: &State) -> io::Result<()> {
    if state.stopped {
        // Not `Interrupted`: std's read loops would try again.
        return Err(io::Error::other("the peer was dropped"));
    }
    Ok(())
}
