//! How long an attempt waits for a peer of which nothing at all is heard.
//!
//! Apart from the policy because it travels with the attempt, to whoever watches its connection.

use std::time::Duration;

/// When an attempt is given up because nothing is heard of its peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Patience {
    /// Only on a connection that had been idle for so long, or longer.
    pub(crate) idle: Duration,
    /// Also if so much of its body was taken that it can not be sent again.
    pub(crate) whatever_is_lost: bool,
}
