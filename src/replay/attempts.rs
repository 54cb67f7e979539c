//! What a response tells of how it came about.

use std::sync::Arc;

use http::{Extensions, Response};

use crate::verdict::Attempt;

/// The attempts that failed before a response came; in the response's extensions if there were any.
///
/// ```
/// # let response = http::Response::new(());
/// let failed = unstale::Attempts::of(&response);
/// println!("{} attempt(s)", failed.len() + 1);
/// for attempt in failed {
///     println!("{:?}", attempt.decided());
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Attempts {
    failed: Arc<[Attempt]>,
}

impl Attempts {
    pub(super) fn new(failed: Vec<Attempt>) -> Self {
        Self {
            failed: failed.into(),
        }
    }

    /// The failed attempts before this response, the first one first; none if it came at once.
    pub fn of<B>(response: &Response<B>) -> &[Attempt] {
        Self::in_extensions(response.extensions())
    }

    /// The same of a response of another type, which has its extensions by itself.
    pub fn in_extensions(extensions: &Extensions) -> &[Attempt] {
        extensions
            .get()
            .map_or(&[], |attempts: &Self| &attempts.failed)
    }
}
