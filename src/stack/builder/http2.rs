//! What can be set of HTTP/2.

use std::time::Duration;

use super::{ClientBuilder, Versions};

impl ClientBuilder {
    /// Speaks HTTP/2 alone, also in cleartext, without asking (RFC 9113 section 3.3). Default: over TLS what the handshake
    /// comes out with (ALPN), in cleartext HTTP/1.
    #[must_use]
    pub fn http2_prior_knowledge(mut self) -> Self {
        self.versions = match self.versions {
            Versions::Http1Only | Versions::Contradicting => Versions::Contradicting,
            _ => Versions::Http2Only,
        };
        self
    }

    /// How often the peer is asked by a PING whether it is still there, also while the connection is idle. Default: never.
    ///
    /// With it, a connection on which nothing was read for this interval and the
    /// [timeout](Self::http2_keep_alive_timeout) together is given up before a request is sent on it: after the machine
    /// slept, or when a NAT forgot the connection; and a request that is under way on it fails, or is sent again, after as
    /// long. It is what finds a black hole over HTTP/2. Some servers (gRPC) end connections that ask more often than every few
    /// minutes.
    #[must_use]
    pub fn http2_keep_alive_interval(mut self, interval: impl Into<Option<Duration>>) -> Self {
        self.http2.keep_alive_interval = interval.into();
        self
    }

    /// How long the answer to such a PING may take. Default: 20 seconds.
    #[must_use]
    pub fn http2_keep_alive_timeout(mut self, timeout: Duration) -> Self {
        self.http2.keep_alive_timeout = Some(timeout);
        self
    }

    /// How many bytes the peer may send on a stream before it is told to go on, at first. Default: hyper's, 2 MiB. At most
    /// 2^31 - 1 (RFC 9113 section 6.9.2).
    #[must_use]
    pub fn http2_initial_stream_window_size(mut self, bytes: impl Into<Option<u32>>) -> Self {
        self.http2.initial_stream_window_size = bytes.into();
        self
    }

    /// The same of the whole connection. Default: hyper's, 5 MiB. At most 2^31 - 1.
    #[must_use]
    pub fn http2_initial_connection_window_size(mut self, bytes: impl Into<Option<u32>>) -> Self {
        self.http2.initial_connection_window_size = bytes.into();
        self
    }

    /// Finds the two windows out by measurement, whatever they are set to. Default: false.
    #[must_use]
    pub fn http2_adaptive_window(mut self, enabled: bool) -> Self {
        self.http2.adaptive_window = enabled;
        self
    }

    /// How large the peer's frames may be, in bytes. Default: hyper's, 16 KiB. Between 2^14 and 2^24 - 1 (RFC 9113 section
    /// 6.5.2).
    #[must_use]
    pub fn http2_max_frame_size(mut self, bytes: impl Into<Option<u32>>) -> Self {
        self.http2.max_frame_size = bytes.into();
        self
    }

    /// How large the headers of a response may be, in bytes. Default: hyper's, 16 KiB.
    #[must_use]
    pub fn http2_max_header_list_size(mut self, bytes: u32) -> Self {
        self.http2.max_header_list_size = Some(bytes);
        self
    }
}
