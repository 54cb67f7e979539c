//! The way to one origin, and what a request on it looks like: found out once, kept with the host.

use std::error::Error as StdError;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use http::header::HeaderValue;
use http::{Uri, uri};
use tokio::runtime::Handle;
use tokio::task::AbortHandle;

use super::key::Key;
use super::member::Member;
use super::sender::{Protocol, Sender};
use super::telemetry::Watch;
use crate::conn::{Ledger, Trust};

type BoxError = Box<dyn StdError + Send + Sync>;

/// Which protocol the connections of an origin speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Speaks {
    Http1,
    /// By prior knowledge (RFC 9113 section 3.3).
    #[cfg(feature = "http2")]
    Http2,
    /// What the TLS handshake comes out with (ALPN).
    #[cfg(feature = "http2")]
    Negotiated,
}

/// The way to one origin.
#[derive(Clone, Debug)]
pub(crate) struct Route {
    pub(crate) key: Key,
    /// `scheme://authority/`: what the connector is given.
    pub(crate) uri: Uri,
    /// What `Host` is to say.
    pub(crate) host: HeaderValue,
    pub(crate) speaks: Speaks,
    pub(crate) by_proxy: Option<Proxy>,
    /// What is known of the origin; `None` if that does not count.
    pub(crate) trust: Option<Trust>,
}

/// A proxy that requests go by.
#[derive(Clone, Debug)]
pub(crate) struct Proxy {
    pub(crate) uri: Uri,
    /// What it wants for `Proxy-Authorization`.
    pub(crate) authorization: Option<HeaderValue>,
    /// Whether it reads the requests itself, and so wants absolute URIs (RFC 9112 section 3.2.2); else it opens tunnels.
    pub(crate) reads_requests: bool,
}

impl Route {
    /// The way to an origin without a proxy.
    pub(crate) fn direct(key: Key, speaks: Speaks) -> Result<Self, http::Error> {
        let host = HeaderValue::from_str(key.authority().as_str())?;
        let uri = uri::Builder::new()
            .scheme(key.scheme().clone())
            .authority(key.authority().clone())
            .path_and_query("/")
            .build()?;
        Ok(Self {
            key,
            uri,
            host,
            speaks,
            by_proxy: None,
            trust: None,
        })
    }

    /// What its connections speak, if that is known before there is one.
    pub(super) fn protocol(&self) -> Option<Protocol> {
        match self.speaks {
            Speaks::Http1 => Some(Protocol::Http1),
            #[cfg(feature = "http2")]
            Speaks::Http2 => Some(Protocol::Http2),
            #[cfg(feature = "http2")]
            Speaks::Negotiated => None,
        }
    }

    /// The port, if the address or the scheme says it.
    #[cfg(feature = "tracing")]
    pub(super) fn port(&self) -> Option<u16> {
        let by_scheme = || match self.key.scheme().as_str() {
            "http" => Some(80),
            "https" => Some(443),
            _ => None,
        };
        self.key.authority().port_u16().or_else(by_scheme)
    }

    /// `scheme://authority`, as people write it.
    pub(crate) fn origin(&self) -> String {
        format!("{}://{}", self.key.scheme(), self.key.authority())
    }
}

/// A connection that was opened, with everything the pool wants of it.
pub(crate) struct Dialed {
    pub(crate) sender: Sender,
    pub(crate) ledger: Arc<Ledger>,
    pub(crate) driver: Driving,
}

/// hyper's side of a connection, to be driven to its end. Whatever type it has, it becomes a task of that type: a box within
/// the task would be one more for as long as the connection lives.
pub(crate) struct Driving(Box<dyn Drive>);

trait Drive: Send {
    fn spawn(self: Box<Self>, watch: Watch, runtime: &Handle) -> AbortHandle;
}

impl<F: Future<Output = ()> + Send + 'static> Drive for F {
    fn spawn(self: Box<Self>, watch: Watch, runtime: &Handle) -> AbortHandle {
        runtime.spawn(watch.within(*self)).abort_handle()
    }
}

impl Driving {
    /// What `driver` holds of the connection's [`Member`] must be let go after the socket.
    pub(crate) fn new(driver: impl Future<Output = ()> + Send + 'static) -> Self {
        Self(Box::new(driver))
    }

    pub(super) fn spawn(self, watch: Watch, runtime: &Handle) -> AbortHandle {
        self.0.spawn(watch, runtime)
    }
}

/// A future that opens a connection.
pub(crate) type Dialing = Pin<Box<dyn Future<Output = Result<Dialed, BoxError>> + Send>>;

/// Opens connections.
pub(crate) trait Dial: fmt::Debug + Send + Sync {
    /// How an origin is reached. Asked once for each host, under no lock.
    fn route(&self, key: Key) -> Result<Route, BoxError>;

    /// Opens a connection, speaks TLS and the protocol's preface on it. `member` goes to every task of the connection.
    fn dial(&self, route: &Arc<Route>, member: Arc<Member>) -> Dialing;
}
