//! How connections are opened.

use std::error::Error as StdError;
use std::net::IpAddr;
use std::time::Duration;

use http::Uri;
use hyper::rt::{Read, Write};
use hyper_util::client::legacy::connect::Connection;
use tower_service::Service;

use super::ClientBuilder;
use crate::stack::dialer::Custom;

const OF_TCP: &str = "must be from 1 to 32767 seconds";

/// The kernel takes no other; hyper-util would log its refusal and go on without.
fn is_taken_by_tcp(time: Duration) -> bool {
    (1..=32_767).contains(&time.as_secs())
}

impl ClientBuilder {
    /// How long opening a connection may take, from the name's resolution over TCP, a proxy and TLS to the preface of HTTP.
    /// Default: no limit but the kernel's (about two minutes on Linux).
    #[must_use]
    pub fn connect_timeout(mut self, timeout: impl Into<Option<Duration>>) -> Self {
        self.connect.timeout = timeout.into();
        self
    }

    /// After how much silence the kernel asks whether the peer's is still there (`SO_KEEPALIVE`, `TCP_KEEPIDLE`). Default:
    /// never. In whole seconds, from 1 to 32767.
    #[must_use]
    pub fn tcp_keepalive(mut self, time: impl Into<Option<Duration>>) -> Self {
        let time = time.into();
        if !time.is_none_or(is_taken_by_tcp) {
            self.unfit("tcp_keepalive", OF_TCP);
        }
        self.connect.tcp.set_keepalive(time);
        self
    }

    /// How long the kernel waits between two such questions (`TCP_KEEPINTVL`). Default: the system's. In whole seconds, from
    /// 1 to 32767.
    #[must_use]
    pub fn tcp_keepalive_interval(mut self, interval: impl Into<Option<Duration>>) -> Self {
        let interval = interval.into();
        if !interval.is_none_or(is_taken_by_tcp) {
            self.unfit("tcp_keepalive_interval", OF_TCP);
        }
        self.connect.tcp.set_keepalive_interval(interval);
        self
    }

    /// How many of them may go unanswered (`TCP_KEEPCNT`). Default: the system's. From 1 to 127.
    #[must_use]
    pub fn tcp_keepalive_retries(mut self, retries: impl Into<Option<u32>>) -> Self {
        let retries = retries.into();
        if retries.is_some_and(|retries| !(1..=127).contains(&retries)) {
            self.unfit("tcp_keepalive_retries", "must be from 1 to 127");
        }
        self.connect.tcp.set_keepalive_retries(retries);
        self
    }

    /// How long an address of the family that was tried first has to answer before one of the other is tried beside it
    /// (RFC 8305). Default: 300 milliseconds; `None` tries one address after the other.
    #[must_use]
    pub fn happy_eyeballs_timeout(mut self, timeout: impl Into<Option<Duration>>) -> Self {
        self.connect.tcp.set_happy_eyeballs_timeout(timeout.into());
        self
    }

    /// Whether small writes go out at once (`TCP_NODELAY`). Default: true.
    #[must_use]
    pub fn tcp_nodelay(mut self, nodelay: bool) -> Self {
        self.connect.tcp.set_nodelay(nodelay);
        self
    }

    /// The local address that connections are made from. Default: the kernel's choice.
    #[must_use]
    pub fn local_address(mut self, address: impl Into<Option<IpAddr>>) -> Self {
        self.connect.tcp.set_local_address(address.into());
        self
    }

    /// Opens connections by a connector of your own, for Unix sockets, another TLS, a tunnel. Default: TCP, and TLS by
    /// rustls with the feature `tls`.
    ///
    /// It is given `scheme://authority/`. Put a [`TrackLayer`](crate::TrackLayer) on it, so that a dead connection is found
    /// before a request is sent; without one only bytes are counted. TLS, proxies and the settings of TCP are its own
    /// business then; HTTP/2 is spoken if it says that it was negotiated.
    ///
    /// ```
    /// # #[cfg(unix)]
    /// # fn main() -> Result<(), unstale::BuildError> {
    /// use hyper_util::rt::TokioIo;
    /// use tokio::net::UnixStream;
    /// use tower::{Layer, service_fn};
    /// use unstale::{Client, TrackLayer};
    ///
    /// let connector = service_fn(|_: http::Uri| async {
    ///     UnixStream::connect("/run/docker.sock").await.map(TokioIo::new)
    /// });
    /// let client = Client::builder().connector(TrackLayer::new().layer(connector)).build()?;
    /// # drop(client);
    /// # Ok(())
    /// # }
    /// # #[cfg(not(unix))]
    /// # fn main() {}
    /// ```
    #[must_use]
    pub fn connector<C>(mut self, connector: C) -> Self
    where
        C: Service<Uri> + Clone + Send + Sync + 'static,
        C::Response: Connection + Read + Write + Unpin + Send + 'static,
        C::Error: Into<Box<dyn StdError + Send + Sync>>,
        C::Future: Send + 'static,
    {
        self.connector = Some(Custom::new(connector));
        self
    }
}
