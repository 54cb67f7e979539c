//! Lists through the slots of a slab: what lies idle, in the order in which it became so.
//!
//! Apart because two of them go through each slot (all idle connections of the pool, and those of one host) and an entry
//! must leave both from wherever it stands, whatever their length: a connection that dies, one that is too old, the one
//! that has been idle longest.
//!
//! Invariant: an entry is in a list exactly if its link says so; `push` and `remove` are the only ways in and out.

use std::num::NonZeroU32;

use slab::Slab;

/// The place of an entry in one list.
#[derive(Clone, Copy, Debug, Default)]
pub(super) enum Link {
    /// It is in no list.
    #[default]
    Out,
    /// Between these two.
    In {
        older: Option<Place>,
        newer: Option<Place>,
    },
}

/// The number of an entry, in few bytes: every connection has several.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place(NonZeroU32);

impl Place {
    /// `None` beyond four billion entries, which no machine has room for.
    #[inline]
    fn of(at: usize) -> Option<Self> {
        let one_more = u32::try_from(at).ok()?.checked_add(1)?;
        NonZeroU32::new(one_more).map(Self)
    }

    #[inline]
    fn at(self) -> usize {
        self.0.get() as usize - 1
    }
}

impl Link {
    /// The entry that came before this one.
    #[inline]
    pub(super) fn before(self) -> Option<usize> {
        match self {
            Self::In { older, .. } => older.map(Place::at),
            Self::Out => None,
        }
    }
}

/// An entry that has a link for the list `L`.
pub(super) trait Linked<L> {
    fn link(&mut self) -> &mut Link;
}

/// A list, from the longest idle to the one that came last. `L` tells lists through the same slots apart.
#[derive(Debug)]
pub(super) struct List<L> {
    oldest: Option<Place>,
    newest: Option<Place>,
    len: u32,
    which: std::marker::PhantomData<fn() -> L>,
}

impl<L> Default for List<L> {
    fn default() -> Self {
        Self {
            oldest: None,
            newest: None,
            len: 0,
            which: std::marker::PhantomData,
        }
    }
}

impl<L> List<L> {
    #[inline]
    pub(super) fn len(&self) -> usize {
        self.len as usize
    }

    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.len == 0
    }

    #[inline]
    pub(super) fn oldest(&self) -> Option<usize> {
        self.oldest.map(Place::at)
    }

    #[inline]
    pub(super) fn newest(&self) -> Option<usize> {
        self.newest.map(Place::at)
    }

    /// The entry that came after this one.
    pub(super) fn after<T: Linked<L>>(at: usize, slots: &mut Slab<T>) -> Option<usize> {
        match slots.get_mut(at).map(|slot| *link::<L, T>(slot)) {
            Some(Link::In { newer, .. }) => newer.map(Place::at),
            _ => None,
        }
    }

    /// Puts an entry at the newest end, unless it is in the list already.
    #[inline]
    pub(super) fn push<T: Linked<L>>(&mut self, at: usize, slots: &mut Slab<T>) {
        let (older, place) = (self.newest, Place::of(at));
        match slots.get_mut(at).map(link::<L, T>) {
            Some(link @ Link::Out) => *link = Link::In { older, newer: None },
            _ => return,
        }
        match older {
            Some(older) => set_newer::<L, T>(older, place, slots),
            None => self.oldest = place,
        }
        self.newest = place;
        self.len += 1;
    }

    /// Takes an entry out, wherever it stands. Returns whether it was in.
    #[inline]
    pub(super) fn remove<T: Linked<L>>(&mut self, at: usize, slots: &mut Slab<T>) -> bool {
        let link = slots
            .get_mut(at)
            .map(|slot| std::mem::take(link::<L, T>(slot)));
        let Some(Link::In { older, newer }) = link else {
            return false;
        };
        match older {
            Some(older) => set_newer::<L, T>(older, newer, slots),
            None => self.oldest = newer,
        }
        match newer {
            Some(newer) => set_older::<L, T>(newer, older, slots),
            None => self.newest = older,
        }
        self.len -= 1;
        true
    }
}

/// The link of the list `L`: an entry may have several.
fn link<L, T: Linked<L>>(entry: &mut T) -> &mut Link {
    <T as Linked<L>>::link(entry)
}

#[inline]
fn set_newer<L, T: Linked<L>>(of: Place, to: Option<Place>, slots: &mut Slab<T>) {
    if let Some(Link::In { newer, .. }) = slots.get_mut(of.at()).map(link::<L, T>) {
        *newer = to;
    }
}

#[inline]
fn set_older<L, T: Linked<L>>(of: Place, to: Option<Place>, slots: &mut Slab<T>) {
    if let Some(Link::In { older, .. }) = slots.get_mut(of.at()).map(link::<L, T>) {
        *older = to;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    struct All;

    impl Linked<All> for Link {
        fn link(&mut self) -> &mut Link {
            self
        }
    }

    fn content(list: &List<All>, slots: &mut Slab<Link>) -> Vec<usize> {
        let mut found = Vec::new();
        let mut next = list.newest();
        while let Some(at) = next {
            found.push(at);
            next = slots[at].before();
        }
        found.reverse();
        found
    }

    proptest! {
        #[test]
        fn it_holds_what_a_vector_would(steps in prop::collection::vec((any::<bool>(), 0_usize..8), 0..200)) {
            let mut slots = Slab::new();
            for _ in 0..8 {
                slots.insert(Link::Out);
            }
            let (mut list, mut model) = (List::<All>::default(), Vec::new());
            for (push, at) in steps {
                if push {
                    list.push(at, &mut slots);
                    if !model.contains(&at) {
                        model.push(at);
                    }
                } else {
                    prop_assert_eq!(list.remove(at, &mut slots), model.contains(&at));
                    model.retain(|other| *other != at);
                }
                prop_assert_eq!(&content(&list, &mut slots), &model);
                prop_assert_eq!(list.len(), model.len());
                prop_assert_eq!(list.is_empty(), model.is_empty());
                prop_assert_eq!(list.oldest(), model.first().copied());
                prop_assert_eq!(list.newest(), model.last().copied());
            }
        }
    }
}
