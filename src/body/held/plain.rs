//! How many bytes a record holds.

/// Bytes held.
#[derive(Default)]
pub(super) struct Held(usize);

impl Held {
    pub(super) const fn bytes(&self) -> usize {
        self.0
    }

    pub(super) const fn grow_to(&mut self, bytes: usize) {
        self.0 = bytes;
    }
}
