//! Why there is no connection for a request.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

type BoxError = Box<dyn StdError + Send + Sync>;

/// Why there is no connection for a request. Cheap to clone: all that wait for one connection are told the same.
#[derive(Clone, Debug)]
pub(crate) enum ConnectError {
    Failed(Arc<BoxError>),
    /// The task that was opening it was stopped, or panicked.
    Interrupted,
    /// The client is closed.
    Closed,
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

    /// The error that it passes on.
    pub(crate) fn cause(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::Failed(error) | Self::NoWay(error) => Some(&***error),
            Self::Interrupted | Self::Closed => None,
        }
    }
}

impl fmt::Display for ConnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(error) | Self::NoWay(error) => error.fmt(f),
            Self::Interrupted => f.write_str(
                "the task that was opening the connection was stopped, or panicked, or there is no tokio runtime to run it",
            ),
            Self::Closed => f.write_str("the client was closed"),
        }
    }
}

// It says what the error within says, so that one's sources are its own.
impl StdError for ConnectError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.cause()?.source()
    }
}
