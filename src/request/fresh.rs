//! How the replay layer asks whatever is next to the wire for a fresh connection.

/// In a request's extensions: only a connection opened after this moment may carry it.
///
/// A replay of a request that left must not draw another connection that the server has closed meanwhile, nor one on
/// which the first sending may still be under way.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct OnFreshConnection;

impl OnFreshConnection {
    pub(crate) fn wanted() -> Self {
        Self
    }
}
