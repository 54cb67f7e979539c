//! The builder of the client: one file for each theme, and one that judges the whole.
//!
//! The names and defaults are those that users of reqwest and of hyper-util know.

mod check;
mod connect;
mod error;
mod http1;
#[cfg(feature = "http2")]
mod http2;
#[cfg(target_os = "linux")]
mod linux;
mod pool;
mod proxy;
#[cfg(feature = "tls")]
mod tls;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use hyper_util::client::legacy::connect::HttpConnector;

use super::client::Client;
#[cfg(feature = "tls")]
use super::dialer::TlsSettings;
use super::dialer::{Custom, Proxies};
#[cfg(feature = "http2")]
use crate::client::pooled::Http2;
use crate::conn::Keeping;
use crate::keepalive::Prevention;
use crate::policy::RetryPolicy;
use crate::pool::{Observer, Pool, Settings};

pub use self::error::BuildError;

/// Sets up a [`Client`]; from [`Client::builder`].
///
/// ```
/// use std::time::Duration;
/// use unstale::{Client, RetryPolicy};
///
/// let client = Client::builder()
///     .connect_timeout(Duration::from_secs(5))
///     .pool_max_idle_per_host(16)
///     .retry_policy(RetryPolicy::builder().deadline(Duration::from_secs(30)).build()?)
///     .build()?;
/// # drop(client);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct ClientBuilder {
    pool: Settings,
    policy: RetryPolicy,
    observer: Option<Arc<dyn Observer>>,
    prevention: Prevention,
    connect: Connect,
    http1: hyper::client::conn::http1::Builder,
    #[cfg(feature = "http2")]
    http2: Http2,
    versions: Versions,
    #[cfg(feature = "tls")]
    tls: TlsSettings,
    https_only: bool,
    proxies: Proxies,
    connector: Option<Custom>,
    /// A value that could not even be kept.
    unfit: Option<BuildError>,
}

/// How sockets are opened.
#[derive(Clone, Debug)]
struct Connect {
    timeout: Option<Duration>,
    tcp: HttpConnector,
}

/// Which protocols are spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Versions {
    /// What the TLS handshake comes out with; HTTP/1 in cleartext.
    Any,
    Http1Only,
    #[cfg(feature = "http2")]
    Http2Only,
    /// Both were asked for.
    #[cfg(feature = "http2")]
    Contradicting,
}

impl ClientBuilder {
    pub(super) fn new() -> Self {
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        Self {
            pool: Settings::default(),
            policy: RetryPolicy::default(),
            observer: None,
            prevention: Prevention::default(),
            connect: Connect { timeout: None, tcp },
            http1: hyper::client::conn::http1::Builder::new(),
            #[cfg(feature = "http2")]
            http2: Http2::default(),
            versions: Versions::Any,
            #[cfg(feature = "tls")]
            tls: TlsSettings::default(),
            https_only: false,
            proxies: Proxies::default(),
            connector: None,
            unfit: None,
        }
    }

    /// What is replayed, and how often. Default: [`RetryPolicy::default`].
    #[must_use]
    pub fn retry_policy(mut self, policy: RetryPolicy) -> Self {
        self.policy = policy;
        self
    }

    /// Who is told of what happens to connections. Default: nobody.
    #[must_use]
    pub fn observer(mut self, observer: impl Observer + 'static) -> Self {
        self.observer = Some(Arc::new(observer));
        self
    }

    /// Refuses requests to `http://` origins. Default: false.
    #[must_use]
    pub fn https_only(mut self, https_only: bool) -> Self {
        self.https_only = https_only;
        self
    }

    /// Builds the client. Opens nothing; it must be used within a tokio runtime, with its drivers on (`enable_all`).
    ///
    /// # Errors
    ///
    /// If a value is none that can be; the error names the setter.
    pub fn build(self) -> Result<Client, BuildError> {
        self.check()?;
        let settings = self.settings();
        let observer = self.observer.clone();
        let policy = self.policy.clone();
        let keeping = Keeping::new(&self.prevention);
        let pool = Pool::new(settings, self.into_dialer(), keeping, observer);
        Ok(Client::over(pool, policy))
    }
}

impl fmt::Debug for ClientBuilder {
    // What matters on a line, and no key or password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientBuilder")
            .field("connect_timeout", &self.connect.timeout)
            .field("versions", &self.versions)
            .field("https_only", &self.https_only)
            .finish_non_exhaustive()
    }
}
