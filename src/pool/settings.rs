//! What a pool keeps, and for how long. The defaults and their reasons stand at the client's builder.

use std::time::Duration;

/// An HTTP/2 connection has no more numbers for a client's streams (RFC 9113 section 5.1.1: the odd ones of 31 bits); one of
/// HTTP/1 is not kept for more exchanges either.
pub(super) const STREAM_IDS: u64 = 1 << 30;

/// Limits and times of a pool.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settings {
    pub(crate) max_idle_per_host: usize,
    pub(crate) max_idle: usize,
    pub(crate) max_connections_per_host: usize,
    pub(crate) max_connections: usize,
    pub(crate) idle_timeout: Option<Duration>,
    pub(crate) max_lifetime: Option<Duration>,
    pub(crate) max_exchanges: u64,
    /// An HTTP/2 connection carries a new stream only if something was read on it within this time.
    pub(crate) heard_within: Option<Duration>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            max_idle_per_host: usize::MAX,
            max_idle: usize::MAX,
            max_connections_per_host: usize::MAX,
            max_connections: usize::MAX,
            idle_timeout: Some(Duration::from_secs(90)),
            max_lifetime: None,
            max_exchanges: STREAM_IDS,
            heard_within: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pool::state::State;

    #[test]
    fn no_connection_is_kept_for_more_exchanges_than_http2_has_numbers_for() {
        let settings = Settings {
            max_exchanges: u64::MAX,
            ..Settings::default()
        };
        let state = State::new(settings, false);
        assert_eq!(state.settings.max_exchanges, 1 << 30);
    }
}
