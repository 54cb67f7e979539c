//! How the replay layer asks whatever is next to the wire for a fresh connection.

/// A reading of the clock, made by the replay layer.
#[expect(
    clippy::disallowed_types,
    reason = "a pure part: it is handed the time and reads no clock, tokio's or another"
)]
pub(super) type Moment = std::time::Instant;

/// In a request's extensions: only a connection opened after this moment may carry it.
///
/// A request may wish for it ([`ConnectionWish::Fresh`](super::ConnectionWish::Fresh)). And a replay of a request that left
/// must not draw another connection that the server has closed meanwhile, nor one on which the first sending may still be
/// under way.
#[derive(Clone, Copy, Debug)]
pub struct OnFreshConnection {
    opened_after: Moment,
}

impl OnFreshConnection {
    pub(crate) fn opened_after(moment: Moment) -> Self {
        Self {
            opened_after: moment,
        }
    }

    /// The moment; by tokio's clock, where the feature `tokio` is on.
    pub fn moment(&self) -> Moment {
        self.opened_after
    }
}
