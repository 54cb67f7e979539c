//! What Linux alone can be told about a socket.

use std::time::Duration;

use super::ClientBuilder;

impl ClientBuilder {
    /// How long what was sent may go without an acknowledgement before the kernel gives the connection up
    /// (`TCP_USER_TIMEOUT`). Default: the system's, about a quarter of an hour. In milliseconds. Linux alone.
    ///
    /// Not only the dead are given up by it: a peer that is alive and takes no more for so long (its window is closed, and its
    /// kernel answers every probe) is, too, and the request it was slow to read fails. A black hole is found sooner, and told
    /// from such a peer, by `RetryPolicyBuilder::watch_after_idle`, which is on by default.
    #[must_use]
    pub fn tcp_user_timeout(mut self, timeout: impl Into<Option<Duration>>) -> Self {
        let timeout = timeout.into();
        if timeout.is_some_and(|timeout| timeout.as_millis() == 0) {
            self.unfit("tcp_user_timeout", "must be a millisecond or more");
        }
        self.connect.tcp.set_tcp_user_timeout(timeout);
        self
    }

    /// The network interface that connections are made by (`SO_BINDTODEVICE`), like `eth0`. Default: the kernel's choice.
    /// Linux alone; it may need a privilege.
    #[must_use]
    pub fn interface(mut self, interface: &str) -> Self {
        self.connect.tcp.set_interface(interface);
        self
    }
}
