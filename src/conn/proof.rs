//! The rule of the second look: when the kernel's numbers show that no program received the request.
//!
//! Apart from the look itself, which waits and asks the kernel, so that this very file decides in `tests/model` too, where
//! all that a link and a peer can do is gone through. Pure: numbers in, an answer out.

use crate::evidence::SecondLook;

/// The exchange whose request is looked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Exchange {
    /// Bytes written to the socket before it, or fewer.
    pub(crate) mark: u64,
    /// Its request left in one write. If it did not, a peer that had half-closed may have read the first piece, acted on
    /// it and closed; the RST then answers the second.
    pub(crate) in_one_piece: bool,
    /// The kernel's counters had proved themselves when it began.
    pub(crate) calibrated: bool,
}

/// What one look at the socket has found.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Look {
    /// Bytes that the peer's kernel has acknowledged.
    pub(crate) acknowledged: u64,
    /// The connection is gone: state `CLOSE`.
    pub(crate) is_gone: bool,
    /// More has arrived than was read. The kernel counts a FIN as one byte.
    pub(crate) is_fin_counted: bool,
    /// Since the end was seen nothing was written, and no call on the socket has failed: a RST can answer nothing but
    /// what was written before.
    pub(crate) is_untouched: bool,
}

impl Exchange {
    /// What is to be said when the peer's end is seen, by the bytes acknowledged then; `None`: look on.
    pub(crate) fn at_end(&self, acknowledged: Option<u64>) -> Option<SecondLook> {
        match acknowledged {
            _ if !self.in_one_piece || !self.calibrated => Some(SecondLook::NotPossible),
            None => Some(SecondLook::NotPossible),
            Some(acknowledged) if acknowledged > self.mark => Some(SecondLook::Undecided),
            Some(_) => None,
        }
    }

    /// What is to be said by what a later look has found; `None`: look on.
    ///
    /// `was_reset_after_fin` is asked where all the rest holds, and only there: asking the kernel consumes its answer.
    pub(crate) fn later(
        &self,
        look: &Look,
        was_reset_after_fin: impl FnOnce() -> bool,
    ) -> Option<SecondLook> {
        if look.acknowledged > self.mark {
            return Some(SecondLook::Acknowledged);
        }
        if !look.is_gone {
            return None;
        }
        let proven = look.is_untouched && look.is_fin_counted && was_reset_after_fin();
        Some(if proven {
            SecondLook::NeverAcknowledged
        } else {
            SecondLook::Undecided
        })
    }
}
