//! Which connections a request accepts: the best replay is the one that is not needed.
//!
//! Apart from the other options because a policy wishes, too, for all requests that could not be sent again.

use std::time::Duration;

use super::fresh::Moment;
use super::{OnFreshConnection, OnRecentConnection};

/// Which connections a request accepts, by how long they have lain idle.
///
/// The longer a connection lies idle, the likelier its server, or a firewall on the way, has forgotten it. A request that
/// cannot be sent again may therefore wish for a connection of which that is not likely; it then costs a connect now and
/// then.
///
/// [`Client`](crate::Client) has those that are not accepted lie for other requests: they are closed for no wish, only
/// where a limit on connections leaves no place for the new one. hyper-util's pool cannot be asked for one that is
/// younger: each that it hands out and is not accepted refuses the request before a byte is written, is closed, and the
/// request goes over another. So there a wish costs good connections, and, of a request that must never be sent twice
/// ([`never_replay`](super::RequestOptions::never_replay), [`RetryPolicy::never`](crate::RetryPolicy::never)), an error
/// although it was not sent.
///
/// The time is measured by tokio's clock, which stands still while the machine sleeps. Over HTTP/2 a connection on which
/// other requests run is not idle; around hyper-util's client a wish has no effect on HTTP/2.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ConnectionWish {
    /// Any that is not known to be dead.
    #[default]
    Any,
    /// One that has been idle for so long at most. Zero is as good as [`Fresh`](Self::Fresh).
    IdleAtMost(Duration),
    /// Only one that is opened after the request was made.
    Fresh,
}

impl ConnectionWish {
    /// What is asked of a connection for a request that was made at this moment.
    pub(crate) fn asked_at(
        self,
        moment: Moment,
    ) -> (Option<OnFreshConnection>, Option<OnRecentConnection>) {
        match self {
            Self::Any => (None, None),
            Self::IdleAtMost(limit) if !limit.is_zero() => {
                (None, Some(OnRecentConnection::idle_at_most(limit)))
            }
            Self::IdleAtMost(_) | Self::Fresh => {
                (Some(OnFreshConnection::opened_after(moment)), None)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_time_at_all_is_a_fresh_connection() {
        let now = Moment::now();
        let asked = |wish: ConnectionWish| wish.asked_at(now);
        assert!(matches!(asked(ConnectionWish::Any), (None, None)));
        for fresh in [
            ConnectionWish::Fresh,
            ConnectionWish::IdleAtMost(Duration::ZERO),
        ] {
            let (fresh, recent) = asked(fresh);
            assert_eq!(fresh.unwrap().moment(), now);
            assert!(recent.is_none());
        }
        let limit = Duration::from_nanos(1);
        let (fresh, recent) = asked(ConnectionWish::IdleAtMost(limit));
        assert!(fresh.is_none());
        assert_eq!(recent.unwrap().limit(), limit);
    }
}
