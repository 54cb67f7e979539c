//! A closure or object that the user gave, so that what holds it can be cloned and printed.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

/// A shared object of the user's, of which nothing can be printed.
pub(super) struct Given<T: ?Sized>(pub(super) Arc<T>);

impl<T: ?Sized> Clone for Given<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T: ?Sized> Deref for Given<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: ?Sized> fmt::Debug for Given<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("..")
    }
}
