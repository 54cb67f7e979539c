//! Nobody counts.

use crate::verdict::Attempt;

#[inline]
pub(in crate::replay) fn attempted(_: &[Attempt]) {}

#[inline]
pub(super) fn decided(_: &Attempt) {}
