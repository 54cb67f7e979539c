//! The error of a request body: the caller's own, or that the body was taken away.
//!
//! Apart from the crate's error because it travels *through* the HTTP client below and must be found again, by type, in
//! that client's source chain. Concrete, whatever the caller's body is, for the same reason.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

/// Why a [`ReplayBody`](super::ReplayBody) could not go on.
///
/// When it is the caller's own error, that error is its [`source`](Error::source).
#[derive(Clone, Debug)]
pub struct BodyError {
    kind: Kind,
}

#[derive(Clone, Debug)]
enum Kind {
    /// Shared, because a failed body gives the same error however often it is polled.
    Caller(Arc<dyn Error + Send + Sync>),
    Fenced,
    Withheld,
}

impl BodyError {
    pub(super) fn caller(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self {
            kind: Kind::Caller(Arc::from(error.into())),
        }
    }

    pub(super) fn fenced() -> Self {
        Self { kind: Kind::Fenced }
    }

    pub(super) fn withheld() -> Self {
        Self {
            kind: Kind::Withheld,
        }
    }

    /// Whether the body supplied by the caller failed: this is never a matter of a stale connection.
    pub fn is_caller(&self) -> bool {
        matches!(self.kind, Kind::Caller(_))
    }

    /// Whether a later attempt took the body over, so that this one may send no more of it.
    pub fn is_fenced(&self) -> bool {
        matches!(self.kind, Kind::Fenced)
    }
}

impl fmt::Display for BodyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            Kind::Caller(_) => "the request body supplied by the caller failed",
            Kind::Fenced => "this sending of the request body was superseded by a later attempt",
            Kind::Withheld => "the request was answered before its body was asked for",
        })
    }
}

// By hand: thiserror would hand out the `Arc` as the source, and the caller's type could not be downcast to.
impl Error for BodyError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.kind {
            Kind::Caller(error) => Some(&**error),
            Kind::Fenced | Kind::Withheld => None,
        }
    }
}
