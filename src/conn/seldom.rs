//! What few connections ever have.

#[cfg(feature = "http2")]
use std::sync::Arc;
use std::task::Waker;

#[cfg(feature = "http2")]
use tokio::sync::Notify;

use super::second_look::Held;
use crate::body::Valve;

/// What few connections ever have. In a box, since all of them would have room for it as long as they lie idle.
#[derive(Debug, Default)]
pub(crate) struct Seldom {
    /// A descriptor for the second look is wanted from the tap on the socket.
    pub(crate) hold: Hold,
    /// The attempt that waits for it.
    pub(crate) waiter: Option<Waker>,
    /// What the body of the latest exchange waited for, if it was held back.
    pub(crate) withheld: Option<Valve>,
    /// Wakes those that wait for the end of an HTTP/2 connection.
    #[cfg(feature = "http2")]
    pub(crate) gone: Option<Arc<Notify>>,
}

/// The descriptor for the second look.
#[derive(Debug, Default)]
pub(crate) enum Hold {
    /// Not wanted.
    #[default]
    No,
    /// Wanted; the tap on the socket makes it when it next runs.
    Wanted,
    /// Made.
    Held(Held),
    /// Not to be had.
    Unavailable,
}
