//! All origins of one client, and the one watch over the clocks.
//!
//! Apart from the pool because what is known of an origin outlives its connections: the last of them is closed by the very
//! close that teaches something.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
#[cfg(feature = "client")]
use std::time::Duration;

use super::origin::Origin;
use super::vigil::{Reading, Vigil};
use super::{Moment, Prevention};

/// So many origins are remembered; with one more, those go that nobody has a connection to.
const REMEMBERED_ORIGINS: usize = 1024;

/// The origins, by their names.
#[derive(Debug)]
pub(crate) struct Table {
    shared: Arc<Shared>,
    origins: Mutex<HashMap<Box<str>, Arc<Origin>>>,
}

/// What all origins of a table share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) settings: Prevention,
    vigil: Mutex<Vigil>,
}

impl Shared {
    pub(super) fn vigil(&self) -> MutexGuard<'_, Vigil> {
        self.vigil.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Table {
    pub(crate) fn new(settings: Prevention) -> Self {
        Self {
            shared: Arc::new(Shared {
                settings,
                vigil: Mutex::default(),
            }),
            origins: Mutex::default(),
        }
    }

    /// What is known of the origin of this name, like `https://example.com`.
    pub(crate) fn origin(&self, name: &str) -> Arc<Origin> {
        let mut origins = self.origins.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = origins.get(name) {
            return Arc::clone(known);
        }
        if origins.len() >= REMEMBERED_ORIGINS {
            origins.retain(|_, origin| Arc::strong_count(origin) > 1);
        }
        let origin = Arc::new(Origin::new(Arc::clone(&self.shared), name));
        origins.insert(name.into(), Arc::clone(&origin));
        origin
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.origins.lock().unwrap().len()
    }

    /// Whether somebody is to look at the clocks now and then.
    #[cfg(feature = "client")]
    pub(crate) fn wants_vigil(&self) -> bool {
        self.shared.settings.idle_after_sleep.is_some()
    }

    /// Looks at the clocks, and nobody promises to do so again. Whether the machine has slept, or the process stood still,
    /// since that moment.
    pub(crate) fn look(&self, now: Reading, since: Moment) -> bool {
        let mut vigil = self.shared.vigil();
        vigil.look(now);
        vigil.expect(None);
        vigil.has_woken_since(since)
    }

    /// Somebody promises to look again within this time.
    #[cfg(feature = "client")]
    pub(crate) fn look_again_within(&self, now: Reading, time: Duration) {
        let due = now.boot.saturating_add(time);
        self.shared.vigil().expect(Some(due));
    }
}
