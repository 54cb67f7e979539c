//! What the user says of prevention.

use std::time::Duration;

/// When an idle connection is no longer used, before its server closes it; for
/// [`ClientBuilder::prevention`](crate::ClientBuilder::prevention) and [`TrackLayer::prevention`](crate::TrackLayer::prevention).
///
/// How long a server keeps an idle connection is known from its `Keep-Alive: timeout=` field, or learned: when it has closed
/// two idle connections, at different moments, after about the same time. What was learned is forgotten when connections live
/// longer, and after an hour in which nothing confirmed it; it is never below half a second. From then on a connection is
/// given up before that time has passed, by a margin. It is a matter of reuse alone: what is safe to send again does not
/// depend on it.
///
/// HTTP/1. Over HTTP/2 a server says `GOAWAY` before it closes; there only a sleep of the machine counts.
///
/// ```
/// use std::time::Duration;
/// use unstale::Prevention;
///
/// // The balancer in front of our servers closes after a minute, and does not say so.
/// let prevention = Prevention::default().server_idle_timeout(Duration::from_secs(60));
/// # drop(prevention);
/// ```
#[derive(Clone, Debug)]
pub struct Prevention {
    pub(crate) is_on: bool,
    pub(super) margin: Duration,
    pub(super) configured: Option<Duration>,
    pub(super) idle_after_sleep: Option<Duration>,
}

impl Prevention {
    /// None: a connection is used as long as it looks alive, and the pool's own idle timeout lets it.
    pub fn off() -> Self {
        Self {
            is_on: false,
            ..Self::default()
        }
    }

    /// How long before the end of a server's idle timeout its connections are given up, beside one round trip, which is
    /// always added (the smoothed one that the kernel measures; where it does not, none). Default: 200 ms. Of a timeout of
    /// less than a second it is a fifth.
    ///
    /// A request must arrive before the server's timer fires. The server counts from the end of its answer and until the
    /// request arrives, which is a round trip longer than what is counted here; the rest is for timers that fire early, and
    /// for the time until the request is written. Longer: fewer lost requests, fewer reused connections.
    #[must_use]
    pub fn margin(mut self, margin: Duration) -> Self {
        self.margin = margin;
        self
    }

    /// How long servers keep idle connections where they do not say it, and it was not learned. Default: not known.
    #[must_use]
    pub fn server_idle_timeout(mut self, timeout: impl Into<Option<Duration>>) -> Self {
        self.configured = timeout.into();
        self
    }

    /// After the machine has slept, or the process has stood still (a stopped one, or a runtime that was blocked for more
    /// than five seconds): how long a connection may have been idle, the sleep included, to be used again where nothing is
    /// known of its server's idle timeout. Default: 1 second. `None`: as long as it looks alive; the server may have given it
    /// up meanwhile, and a firewall forgotten it, without a word that would have arrived.
    ///
    /// A sleep shows as a difference between clocks (on Linux `CLOCK_BOOTTIME` and the wall clock go on, elsewhere the
    /// latter), so a wall clock that is set forward by more than a second counts as one. That a process stood still is
    /// noticed by the pool of [`Client`](crate::Client) alone, whose task looks at the clock every five seconds while
    /// connections are open.
    #[must_use]
    pub fn idle_after_sleep(mut self, idle: impl Into<Option<Duration>>) -> Self {
        self.idle_after_sleep = idle.into();
        self
    }

    /// What is left of a server's idle timeout for an idle connection to be used in. `rtt`: a round trip.
    pub(super) fn usable(&self, timeout: Duration, rtt: Duration) -> Duration {
        let margin = self.margin.min(timeout / 5);
        timeout.saturating_sub(margin).saturating_sub(rtt)
    }
}

impl Default for Prevention {
    fn default() -> Self {
        Self {
            is_on: true,
            margin: Duration::from_millis(200),
            configured: None,
            idle_after_sleep: Some(Duration::from_secs(1)),
        }
    }
}
