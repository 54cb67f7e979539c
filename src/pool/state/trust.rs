//! For how long an idle connection is trusted, as far as something is known of its server.
//!
//! Apart from what ends connections otherwise because it is not the pool's to say: it changes with what servers announce and
//! what is learned of them, so nothing of it is kept in a slot.

use std::time::Duration;

use tokio::time::Instant;

use super::State;
use crate::conn::Trust;
use crate::pool::DiscardReason;
use crate::pool::slot::Slot;

/// What is to become of an idle connection, by the clock.
pub(super) enum Outlook {
    /// It is given up now.
    Ends(DiscardReason),
    /// It is looked at again in this time.
    LookIn(Duration),
    /// Nothing is known that would end it.
    Stays,
}

impl State {
    /// What is known of the origin of a connection.
    #[inline]
    pub(super) fn trust(&self, slot: &Slot) -> Option<&Trust> {
        self.hosts.get(slot.host)?.route.trust.as_ref()
    }

    /// What is to become of an idle connection that its server is about to close.
    ///
    /// What was learned may be wrong, or no longer so. So nobody gets the connection, and it is kept until the server has
    /// closed it, or has had the time to: then it was wrong.
    pub(super) fn outlook_of_expiring(&self, slot: &Slot, now: Instant) -> Outlook {
        let Some(trust) = self.trust(slot) else {
            return Outlook::Stays;
        };
        let age = now.saturating_duration_since(slot.since);
        match trust.kept_for().and_then(|kept| kept.checked_sub(age)) {
            Some(left) if !left.is_zero() => Outlook::LookIn(left),
            _ => {
                trust.outlived(slot.since);
                Outlook::Ends(DiscardReason::Expiring)
            }
        }
    }

    /// Whether it lay idle while the machine slept, and nothing else is known of its server.
    pub(super) fn has_slept(&self, slot: &Slot) -> bool {
        let knows_better = slot.trusted_for(self.trust(slot)).is_some();
        !knows_better
            && self
                .trust(slot)
                .is_some_and(|trust| trust.has_slept(slot.since))
    }
}
