//! What `build` says to a client that cannot be.

/// A client that cannot be: it names the setter and says what is allowed there.
///
/// ```
/// let error = unstale::Client::builder().max_connections(0).build().unwrap_err();
/// assert_eq!(error.field(), "max_connections");
/// assert_eq!(error.to_string(), "`max_connections`: with no connection allowed no request can be sent");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{field}`: {allowed}")]
pub struct BuildError {
    field: &'static str,
    allowed: &'static str,
}

impl BuildError {
    pub(super) fn new(field: &'static str, allowed: &'static str) -> Self {
        Self { field, allowed }
    }

    /// The field that is wrong, named as its setter.
    pub fn field(&self) -> &'static str {
        self.field
    }
}
