//! Why no connection could be opened.
//!
//! Apart from [`End`](super::End), which is about the request: that was not sent, whatever the reason is. This is for whoever
//! has to mend it.

/// Why no connection to the server could be opened, as far as it is known; from
/// [`Evidence::connect_failure`](super::Evidence::connect_failure).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ConnectFailure {
    /// The server's name could not be resolved to an address.
    Name,
    /// Nothing accepts connections at that address and port.
    Refused,
    /// No way leads to the address.
    Unreachable,
    /// It did not answer in time: the client's `connect_timeout`, or the kernel's own.
    TimedOut,
    /// The server was reached, and TLS with it failed: a certificate that is not trusted, no TLS on that port, nothing in
    /// common.
    Tls,
    /// The proxy could not be reached, or opened no way to the server.
    Proxy,
}

impl ConnectFailure {
    /// The failure in words, for a reader who does not know sockets.
    pub fn explain(self) -> &'static str {
        match self {
            Self::Name => "its name could not be resolved to an address",
            Self::Refused => "nothing accepts connections at that address and port",
            Self::Unreachable => "no way leads to its address",
            Self::TimedOut => "it did not answer in time",
            Self::Tls => "it was reached, and TLS with it failed",
            Self::Proxy => "the proxy could not be reached, or opened no way to it",
        }
    }

    /// What can be done about it.
    pub fn advice(self) -> &'static str {
        match self {
            Self::Name => {
                "check how the name is written, and whether this machine can resolve names"
            }
            Self::Refused => "check the host, the port and that the server runs",
            Self::Unreachable => "check the address, and the network of this machine",
            Self::TimedOut => {
                "check the host and the port, whether a firewall is in the way, and the client's connect_timeout"
            }
            Self::Tls => {
                "check that the port is one for https, that the certificate is for this name and not expired, and that who \
                 signed it is trusted here"
            }
            Self::Proxy => {
                "check the proxy that the client was given, or the environment names (HTTP_PROXY, HTTPS_PROXY, ALL_PROXY)"
            }
        }
    }

    /// Whether the words above leave out what the cause says in its own.
    pub(crate) fn is_told_by_its_cause(self) -> bool {
        matches!(self, Self::Tls | Self::Proxy)
    }
}
