//! Why there is no connection for a request.

use std::error::Error as StdError;
use std::sync::Arc;

type BoxError = Box<dyn StdError + Send + Sync>;

/// Why there is no connection for a request. Cheap to clone: all that wait for one connection are told the same.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum ConnectError {
    #[error("{0}")]
    Failed(Arc<BoxError>),
    #[error("the task that was opening the connection was stopped, or panicked")]
    Interrupted,
    #[error("the client was closed")]
    Closed,
    #[error("{0}")]
    NoWay(Arc<BoxError>),
}

impl ConnectError {
    pub(super) fn failed(error: BoxError) -> Self {
        Self::Failed(Arc::new(error))
    }

    pub(super) fn interrupted() -> Self {
        Self::Interrupted
    }

    pub(super) fn no_way(error: impl Into<BoxError>) -> Self {
        Self::NoWay(Arc::new(error.into()))
    }

    pub(super) fn closed() -> Self {
        Self::Closed
    }
}
