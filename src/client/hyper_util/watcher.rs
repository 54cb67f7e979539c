//! The watch over an attempt whose connection hyper-util picks.

use std::task::Context;
use std::time::Duration;

use tokio::time::Instant;

use super::silenced::SilencedOrigin;
use crate::body::Progress;
use crate::client::watch::Watch;
use crate::conn::Seen;
use crate::conn::scope::Slot;
use crate::evidence::Patience;

/// Watches whichever connection hyper-util has named last.
pub(super) struct Watcher {
    origin: SilencedOrigin,
    patience: Patience,
    body: Progress,
    on: Option<On>,
}

/// The connection that the attempt goes by.
struct On {
    connection: u64,
    idle: Duration,
    /// `None`: it had not been idle for long enough to be watched.
    watch: Option<Watch>,
}

impl Watcher {
    pub(super) fn new(origin: SilencedOrigin, patience: Patience, body: Progress) -> Self {
        Self {
            origin,
            patience,
            body,
            on: None,
        }
    }

    /// Connections that have been idle since then, or longer, are silent by all that is known.
    pub(super) fn silent_since(&self) -> Option<Instant> {
        self.origin.silent_since()
    }

    /// Hyper-util waits. The attempt is captured, so the connection is named in the poll in which it is handed the request.
    pub(super) fn poll(&mut self, slot: &Slot, cx: &mut Context<'_>) {
        let Some(seen) = &slot.seen else {
            return;
        };
        let is_another = |on: &On| on.connection != seen.ledger.id();
        if self.on.as_ref().is_none_or(is_another) {
            self.on = Some(self.on(seen, slot.started));
        }
        if let Some(watch) = self.on.as_mut().and_then(|on| on.watch.as_mut()) {
            watch.poll(cx);
        }
    }

    fn on(&self, seen: &Seen, started: Instant) -> On {
        let now = Instant::now();
        let idle = seen.ledger.idle(seen, started, now);
        let is_watched = idle.is_some_and(|idle| idle >= self.patience.idle);
        let body = (!self.patience.whatever_is_lost).then(|| self.body.clone());
        On {
            connection: seen.ledger.id(),
            idle: idle.unwrap_or_default(),
            watch: is_watched.then(|| Watch::new(&seen.ledger, now, body)),
        }
    }

    /// The connection was silent: those that have been idle for as long as it had are not to be used any more.
    pub(super) fn condemn(&self) {
        if let Some(on) = &self.on {
            if let Some(since) = Instant::now().checked_sub(on.idle) {
                self.origin.condemn(since);
            }
        }
    }
}
