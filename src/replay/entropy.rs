//! A random number for the jitter of a pause; not for secrets.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;

/// A number drawn evenly from all of `u64`.
pub(super) fn draw() -> u64 {
    // Keyed anew for each instance, from the operating system's randomness.
    RandomState::new().hash_one(())
}
