//! How evidence travels: inside one error type, found again by type.
//!
//! The replay layer and whatever sends requests meet here and nowhere else, so the layer fits any service whose error
//! carries evidence, and any number of layers between that box or wrap the error.

use std::error::Error as StdError;

use super::Evidence;
#[cfg(feature = "hyper-util")]
use super::Sending;

type BoxError = Box<dyn StdError + Send + Sync>;

/// An error that may carry [`Evidence`].
///
/// Implemented for [`AttemptError`], and for boxed errors, whose source chain is searched for one. An error type of
/// your own can implement it, or be mapped into a box with
/// `service.map_err(Box::<dyn std::error::Error + Send + Sync>::from)`.
pub trait Attested {
    /// The evidence, if there is any.
    fn evidence(&self) -> Option<&Evidence>;
}

/// An attempt that failed: the error of the client below, and the evidence that was collected about it.
#[derive(Debug, thiserror::Error)]
#[error("the attempt failed: {}", evidence.delivery().explain())]
pub struct AttemptError {
    evidence: Evidence,
    source: BoxError,
}

impl AttemptError {
    /// Joins the error of a client with the evidence about it.
    pub fn new(evidence: Evidence, source: impl Into<BoxError>) -> Self {
        Self {
            evidence,
            source: source.into(),
        }
    }

    /// Says whose the evidence is.
    #[cfg(feature = "hyper-util")]
    pub(crate) fn is_about(&mut self, sending: Option<Sending>) {
        self.evidence.sending = sending;
    }
}

impl Attested for AttemptError {
    fn evidence(&self) -> Option<&Evidence> {
        Some(&self.evidence)
    }
}

impl Attested for BoxError {
    fn evidence(&self) -> Option<&Evidence> {
        let mut next: Option<&(dyn StdError + 'static)> = Some(&**self);
        while let Some(error) = next {
            if let Some(failed) = error.downcast_ref::<AttemptError>() {
                return Some(&failed.evidence);
            }
            next = error.source();
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::{Delivery, End};

    #[derive(Debug, thiserror::Error)]
    #[error("a layer between")]
    struct Between(#[source] BoxError);

    #[test]
    fn evidence_is_found_below_any_number_of_layers() {
        let failed = AttemptError::new(Evidence::new(End::HandedBack), "canceled");
        let boxed: BoxError = Between(Between(failed.into()).into()).into();
        let delivery = boxed.evidence().map(Evidence::delivery);
        assert_eq!(delivery, Some(Delivery::NotSent));
    }

    #[test]
    fn an_error_without_evidence_has_none() {
        let boxed: BoxError = Between("something else".into()).into();
        assert!(boxed.evidence().is_none());
    }
}
