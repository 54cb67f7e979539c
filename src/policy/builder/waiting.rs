//! Setters: how long, and how fast. Only with the feature `tokio`.
//!
//! Apart from the other limits because there is nothing to wait with otherwise, and a deadline that never passes is worse
//! than one that cannot be set.

use std::time::Duration;

use crate::policy::{Pause, WhenSilent};

use super::RetryPolicyBuilder;

impl RetryPolicyBuilder {
    /// One deadline over all attempts of a request, counted from when its future is first polled; above zero. Default: none.
    ///
    /// A request may carry its own in [`RequestOptions`](crate::request::RequestOptions). Only with the feature `tokio`,
    /// as nothing else can wait.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.settings.deadline = Some(deadline);
        self
    }

    /// A request over a kept-alive connection that had been idle for this long, or longer, is watched for a black hole: a
    /// firewall that forgets idle connections drops what is sent on them and says nothing. Default: 1 second. Zero watches
    /// every request over a kept-alive connection; `None` none.
    ///
    /// The connection is called silent ([`End::Silent`](crate::evidence::End::Silent)) once the kernel has heard nothing at
    /// all since the request was written, and has retransmitted it twice: about a second over a link of 20 ms, and 3 to 5
    /// times the retransmission timeout anywhere. A server that is slow is not silent, as its kernel acknowledges; one that
    /// takes no more (a closed window) is not, either. A request that may be sent again after that (an idempotent one, by
    /// default) then is: its connection is aborted first, so that this machine sends nothing of it any more, and those that
    /// have been idle as long are not used any more. The others are waited on, unless [`when_silent`](Self::when_silent) says
    /// otherwise.
    ///
    /// A link that is down for so long looks the same: a request that would have come through late is sent twice then. Where
    /// a limit (the budget, a deadline, `narrow`) refuses the replay, the caller has its error that much sooner.
    ///
    /// HTTP/1 on Linux, over connections whose socket is known. HTTP/2 has its keep-alive for this
    /// (`ClientBuilder::http2_keep_alive_interval`). Around hyper-util's client it must be switched on besides, by
    /// `Attest::watching`. A request that is answered within 200 ms costs nothing for it but a timer; any other a few
    /// questions to the kernel, at most 16.
    pub fn watch_after_idle(mut self, idle: impl Into<Option<Duration>>) -> Self {
        self.settings.watch_after_idle = idle.into();
        self
    }

    /// What is done with a request whose connection has fallen silent, if it would not be sent again, like a POST. Default: it
    /// is waited on. CONNECT, and a request to upgrade, are waited on in any case.
    pub fn when_silent(mut self, choice: WhenSilent) -> Self {
        self.settings.when_silent = choice;
        self
    }

    /// The pause before a replay. Default: none. Only with the feature `tokio`, as nothing else can wait.
    pub fn pause(mut self, pause: Pause) -> Self {
        self.settings.pause = pause;
        self
    }
}
