//! Nobody counts.

#![allow(
    clippy::unused_self,
    reason = "it stands for what has something to count"
)]

use crate::pool::DiscardReason;
use crate::pool::slot::Slot;
use crate::pool::state::What;

/// No state.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::pool) struct Place(());

/// No change.
#[derive(Debug, Default)]
pub(in crate::pool) struct Moves(());

const _: () = assert!(
    size_of::<Place>() + size_of::<Moves>() == 0,
    "they take no byte"
);

impl Moves {
    #[inline]
    pub(in crate::pool) fn note(&mut self, slot: &mut Slot) {
        let (Self(()), Place(())) = (self, slot.place);
    }

    #[inline]
    pub(in crate::pool) fn forget(&mut self, _: &Slot) {}

    #[inline]
    pub(in crate::pool) fn publish(self) {}
}

#[inline]
pub(in crate::pool) fn refused(_: DiscardReason) {}

#[inline]
pub(super) fn failed() {}

#[inline]
pub(super) fn tell(_: What) {}
