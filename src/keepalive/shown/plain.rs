//! Nothing is shown of an origin.

#![allow(
    clippy::unused_self,
    reason = "it stands for what has something to show"
)]

use std::time::Duration;

/// Nothing.
#[derive(Debug)]
pub(super) struct Shown;

const _: () = assert!(size_of::<Shown>() == 0, "it takes no byte");

impl Shown {
    #[inline]
    pub(super) fn new(_: &str) -> Self {
        Self
    }

    #[inline]
    pub(super) fn tell(&self, _: Option<Duration>) {}
}
