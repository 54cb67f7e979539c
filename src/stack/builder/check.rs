//! The values judged as a whole, and handed to the parts.

use std::time::Duration;

#[cfg(feature = "http2")]
use super::Versions;
use super::{BuildError, ClientBuilder};
use crate::client::pooled::Protocols;
use crate::pool::{Dial, Settings, Speaks};
use crate::stack::dialer::Dialer;

/// How long hyper waits for the answer to a PING if nothing else is said.
#[cfg(feature = "http2")]
const PING_TIMEOUT: Duration = Duration::from_secs(20);

const NO_CONNECTION: &str = "with no connection allowed no request can be sent";

#[cfg(feature = "http2")]
const LARGEST_WINDOW: u32 = (1 << 31) - 1;
#[cfg(feature = "http2")]
const OF_WINDOWS: &str = "must be more than zero bytes, and below 2^31";

impl ClientBuilder {
    /// Remembers a value that cannot be, for `build` to tell; the first of them.
    pub(super) fn unfit(&mut self, field: &'static str, allowed: &'static str) {
        self.unfit
            .get_or_insert_with(|| BuildError::new(field, allowed));
    }

    pub(super) fn check(&self) -> Result<(), BuildError> {
        let wrong = |field, allowed| Err(BuildError::new(field, allowed));
        let is_zero = |time: Option<Duration>| time.is_some_and(|time| time.is_zero());
        if let Some(unfit) = &self.unfit {
            return Err(unfit.clone());
        }
        if self.pool.max_connections == 0 {
            return wrong("max_connections", NO_CONNECTION);
        }
        if self.pool.max_connections_per_host == 0 {
            return wrong("max_connections_per_host", NO_CONNECTION);
        }
        if self.pool.max_exchanges == 0 {
            return wrong(
                "pool_max_exchanges",
                "a connection must serve one request at least",
            );
        }
        if is_zero(self.pool.max_lifetime) {
            return wrong("pool_max_lifetime", "must be longer than zero");
        }
        if is_zero(self.connect.timeout) {
            return wrong("connect_timeout", "must be longer than zero");
        }
        self.check_http2()
    }

    #[cfg(not(feature = "http2"))]
    fn check_http2(&self) -> Result<(), BuildError> {
        Ok(())
    }

    #[cfg(feature = "http2")]
    fn check_http2(&self) -> Result<(), BuildError> {
        let wrong = |field, allowed| Err(BuildError::new(field, allowed));
        let is_zero = |time: Option<Duration>| time.is_some_and(|time| time.is_zero());
        if self.versions == Versions::Contradicting {
            return wrong(
                "http2_prior_knowledge",
                "cannot be asked for together with `http1_only`",
            );
        }
        if is_zero(self.http2.keep_alive_interval) {
            return wrong("http2_keep_alive_interval", "must be longer than zero");
        }
        if is_zero(self.http2.keep_alive_timeout) {
            return wrong("http2_keep_alive_timeout", "must be longer than zero");
        }
        let unfit =
            |window: Option<u32>| window.is_some_and(|size| size == 0 || size > LARGEST_WINDOW);
        if unfit(self.http2.initial_stream_window_size) {
            return wrong("http2_initial_stream_window_size", OF_WINDOWS);
        }
        if unfit(self.http2.initial_connection_window_size) {
            return wrong("http2_initial_connection_window_size", OF_WINDOWS);
        }
        if self.http2.max_header_list_size == Some(0) {
            return wrong("http2_max_header_list_size", "must be more than zero bytes");
        }
        let frame = self.http2.max_frame_size;
        if frame.is_some_and(|frame| !(1 << 14..1 << 24).contains(&frame)) {
            return wrong(
                "http2_max_frame_size",
                "must be 2^14 bytes or more, and below 2^24",
            );
        }
        Ok(())
    }

    /// What the pool goes by.
    pub(super) fn settings(&self) -> Settings {
        Settings {
            #[cfg(feature = "http2")]
            heard_within: self.http2.keep_alive_interval.map(|interval| {
                let timeout = self.http2.keep_alive_timeout.unwrap_or(PING_TIMEOUT);
                interval.saturating_add(timeout)
            }),
            ..self.pool
        }
    }

    pub(super) fn into_dialer(self) -> Box<dyn Dial> {
        let protocols = Protocols {
            http1: self.http1,
            #[cfg(feature = "http2")]
            http2: self.http2,
        };
        let (cleartext, over_tls) = match self.versions {
            #[cfg(feature = "http2")]
            Versions::Any => (Speaks::Http1, Speaks::Negotiated),
            #[cfg(feature = "http2")]
            Versions::Http2Only | Versions::Contradicting => (Speaks::Http2, Speaks::Http2),
            _ => (Speaks::Http1, Speaks::Http1),
        };
        Box::new(Dialer::new(
            self.connect.tcp,
            protocols,
            crate::stack::dialer::Ways {
                connect_timeout: self.connect.timeout,
                cleartext,
                over_tls,
                https_only: self.https_only,
                proxies: self.proxies,
                custom: self.connector,
                #[cfg(feature = "tls")]
                tls: self.tls,
            },
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stack::Client;

    fn field(builder: ClientBuilder) -> &'static str {
        builder.build().unwrap_err().field()
    }

    #[test]
    fn a_value_that_cannot_be_is_named_by_its_setter() {
        let new = Client::builder;
        let cases = [
            (new().max_connections(0), "max_connections"),
            (
                new().max_connections_per_host(0),
                "max_connections_per_host",
            ),
            (new().pool_max_exchanges(0), "pool_max_exchanges"),
            (new().pool_max_lifetime(Duration::ZERO), "pool_max_lifetime"),
            (new().connect_timeout(Duration::ZERO), "connect_timeout"),
            (new().http1_max_buf_size(8_191), "http1_max_buf_size"),
            (new().http1_max_headers(0), "http1_max_headers"),
            (new().proxy("no url"), "proxy"),
            (new().proxy(""), "proxy"),
            (new().proxy("socks5://proxy:1080"), "proxy"),
            (new().proxy("https://proxy"), "proxy"),
        ];
        for (builder, expected) in cases {
            assert_eq!(field(builder), expected);
        }
    }

    #[test]
    fn a_value_that_the_kernel_does_not_take_is_named_by_its_setter() {
        let new = Client::builder;
        let (short, long) = (Duration::from_millis(999), Duration::from_secs(32_768));
        let cases = [
            (new().tcp_keepalive(Duration::ZERO), "tcp_keepalive"),
            (new().tcp_keepalive(short), "tcp_keepalive"),
            (new().tcp_keepalive(long), "tcp_keepalive"),
            (
                new().tcp_keepalive_interval(short),
                "tcp_keepalive_interval",
            ),
            (new().tcp_keepalive_interval(long), "tcp_keepalive_interval"),
            (new().tcp_keepalive_retries(0), "tcp_keepalive_retries"),
            (new().tcp_keepalive_retries(128), "tcp_keepalive_retries"),
        ];
        for (builder, expected) in cases {
            assert_eq!(field(builder), expected);
        }
        #[cfg(target_os = "linux")]
        assert_eq!(
            field(new().tcp_user_timeout(Duration::from_micros(1))),
            "tcp_user_timeout"
        );
    }

    #[test]
    fn a_value_at_the_edge_is_taken() {
        let client = Client::builder()
            .max_connections(1)
            .max_connections_per_host(1)
            .pool_max_idle(0)
            .pool_max_idle_per_host(0)
            .pool_max_exchanges(1)
            .pool_idle_timeout(Duration::ZERO)
            .pool_max_lifetime(Duration::MAX)
            .connect_timeout(Duration::MAX)
            .tcp_keepalive(Duration::from_secs(32_767))
            .tcp_keepalive_interval(Duration::from_secs(1))
            .tcp_keepalive_retries(127)
            .http1_max_buf_size(8_192)
            .http1_max_headers(1)
            .proxy("http://user:password@[::1]:3128");
        #[cfg(feature = "http2")]
        let client = client
            .http2_keep_alive_interval(Duration::MAX)
            .http2_keep_alive_timeout(Duration::MAX)
            .http2_initial_stream_window_size(1)
            .http2_initial_connection_window_size((1 << 31) - 1)
            .http2_max_frame_size(1 << 14);
        client.build().unwrap();
    }

    #[cfg(feature = "http2")]
    #[test]
    fn a_value_of_http2_that_cannot_be_is_named_by_its_setter() {
        let new = Client::builder;
        let cases = [
            (
                new().http1_only().http2_prior_knowledge(),
                "http2_prior_knowledge",
            ),
            (
                new().http2_prior_knowledge().http1_only(),
                "http2_prior_knowledge",
            ),
            (
                new().http2_keep_alive_interval(Duration::ZERO),
                "http2_keep_alive_interval",
            ),
            (
                new().http2_keep_alive_timeout(Duration::ZERO),
                "http2_keep_alive_timeout",
            ),
            (
                new().http2_initial_stream_window_size(1 << 31),
                "http2_initial_stream_window_size",
            ),
            (
                new().http2_initial_connection_window_size(u32::MAX),
                "http2_initial_connection_window_size",
            ),
            (
                new().http2_initial_stream_window_size(0),
                "http2_initial_stream_window_size",
            ),
            (
                new().http2_initial_connection_window_size(0),
                "http2_initial_connection_window_size",
            ),
            (
                new().http2_max_header_list_size(0),
                "http2_max_header_list_size",
            ),
            (new().http2_max_frame_size(16_383), "http2_max_frame_size"),
            (new().http2_max_frame_size(1 << 24), "http2_max_frame_size"),
        ];
        for (builder, expected) in cases {
            assert_eq!(field(builder), expected);
        }
    }

    #[test]
    fn the_first_of_several_that_could_not_be_kept_is_told() {
        assert_eq!(
            field(Client::builder().proxy("").http1_max_buf_size(1)),
            "proxy"
        );
    }
}
