//! What `build` says to a policy that contradicts itself.
//!
//! Apart from the builder because the budget, which is made before a policy, says the same.

/// A policy that cannot be: it names the field and says what is allowed there.
///
/// ```
/// use unstale::policy::Budget;
///
/// let error = Budget::new(20.0, 100).unwrap_err();
/// assert_eq!(error.field(), "budget");
/// assert_eq!(error.to_string(), "`budget`: the ratio must be within 0 and 10 (0.2 is 20 %), not 20");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{field}`: {allowed}")]
pub struct PolicyError {
    field: &'static str,
    allowed: String,
}

impl PolicyError {
    pub(super) fn new(field: &'static str, allowed: impl Into<String>) -> Self {
        Self {
            field,
            allowed: allowed.into(),
        }
    }

    /// The field that is wrong, named as its setter.
    pub fn field(&self) -> &'static str {
        self.field
    }
}
