//! Nobody listens.

#![allow(
    clippy::unused_self,
    reason = "it stands for what has something to tell"
)]

use std::error::Error as StdError;

use crate::pool::route::{Dialed, Route};
use crate::pool::state::Told;

/// No span.
#[derive(Clone, Debug, Default)]
pub(in crate::pool) struct Watch(());

const _: () = assert!(size_of::<Watch>() == 0, "it takes no byte");

impl Watch {
    #[inline]
    pub(in crate::pool) fn within<F: Future>(self, work: F) -> F {
        work
    }
}

/// No span.
pub(in crate::pool) struct Connecting;

impl Connecting {
    #[inline]
    pub(in crate::pool) fn begin(_: &Route) -> Self {
        Self
    }

    #[inline]
    pub(in crate::pool) fn within<F: Future>(&self, work: F) -> F {
        work
    }

    #[inline]
    pub(super) fn failed(self, _: &(dyn StdError + 'static)) {}

    #[inline]
    pub(in crate::pool) fn opened(self, _: &Route, _: &Dialed) -> Watch {
        Watch(())
    }
}

#[inline]
pub(in crate::pool) fn hears_of_reuse() -> bool {
    false
}

#[inline]
pub(super) fn tell(told: &Told) {
    let Watch(()) = told.watch;
}
