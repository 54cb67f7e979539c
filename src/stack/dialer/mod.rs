//! How the client's connections are opened: TCP, a proxy, TLS, and the preface of HTTP on top.
//!
//! In cleartext the tap on the socket is all there is; over TLS there is one on both sides of it.

mod custom;
mod proxy;
#[cfg(feature = "tls")]
mod stage;
#[cfg(feature = "tls")]
mod tls;

use std::error::Error as StdError;
use std::future::poll_fn;
use std::sync::Arc;
use std::time::Duration;

use http::Uri;
use hyper_util::client::legacy::connect::HttpConnector;
use tower_layer::Layer;
use tower_service::Service;

use crate::client::pooled::{Handshake, Protocols, Unconnected};
use crate::conn::{Track, TrackLayer};
use crate::evidence::ConnectFailure;
use crate::keepalive::Prevention;
use crate::pool::{Dial, Dialed, Dialing, Key, Member, Route, Speaks};

pub(super) use self::custom::Custom;
pub(super) use self::proxy::Proxies;
#[cfg(feature = "tls")]
pub(super) use self::tls::TlsSettings;

type BoxError = Box<dyn StdError + Send + Sync>;

/// Opens connections.
#[derive(Clone, Debug)]
pub(super) struct Dialer {
    tcp: Track<HttpConnector>,
    protocols: Arc<Protocols>,
    ways: Arc<Ways>,
    #[cfg(feature = "tls")]
    tls: Arc<tls::Tls>,
}

/// Which way to which origin.
#[derive(Debug)]
pub(super) struct Ways {
    pub(super) connect_timeout: Option<Duration>,
    /// What is spoken to `http://` origins.
    pub(super) cleartext: Speaks,
    /// What is spoken to `https://` origins, and over connections of the caller's own.
    pub(super) over_tls: Speaks,
    pub(super) https_only: bool,
    pub(super) proxies: Proxies,
    pub(super) custom: Option<Custom>,
    #[cfg(feature = "tls")]
    pub(super) tls: TlsSettings,
}

/// Why there is no way to an origin.
#[derive(Debug, thiserror::Error)]
enum NoWay {
    #[error(
        "the address must begin with https://, as this client sends nothing in cleartext (`https_only`)"
    )]
    Cleartext,
    #[cfg(not(feature = "tls"))]
    #[error("there is no TLS in this client: unstale's feature `tls` is off")]
    NoTls,
    #[error("the address must begin with http:// or https://, not {0}://")]
    Scheme(String),
    #[error("the proxy {0} is not one that requests can go by: it must be http://host:port")]
    Proxy(Uri),
}

impl Dialer {
    pub(super) fn new(tcp: HttpConnector, protocols: Protocols, ways: Ways) -> Self {
        Self {
            // The pool says what is known of an origin.
            tcp: TrackLayer::new().prevention(&Prevention::off()).layer(tcp),
            protocols: Arc::new(protocols),
            #[cfg(feature = "tls")]
            tls: Arc::new(tls::Tls::new(ways.tls.clone(), ways.over_tls)),
            ways: Arc::new(ways),
        }
    }

    async fn open(mut self, route: Arc<Route>, member: Arc<Member>) -> Result<Dialed, BoxError> {
        let handshake = Handshake {
            protocols: &self.protocols,
            speaks: route.speaks,
            member,
        };
        #[cfg(feature = "tls")]
        if route.key.is_https() {
            // In a box of its own, as it is large, and not of use to the others.
            return Box::pin(self.tls.open(self.tcp, &route, handshake)).await;
        }
        let to = route
            .by_proxy
            .as_ref()
            .map_or(&route.uri, |proxy| &proxy.uri);
        let is_proxy = route.by_proxy.is_some();
        let io = connect(&mut self.tcp, to.clone()).await;
        let io = io.map_err(|error| {
            if is_proxy {
                return Unconnected::new(ConnectFailure::Proxy, error).into();
            }
            Unconnected::by_tcp(error)
        })?;
        handshake.on(io).await
    }

    fn check(&self, key: &Key) -> Result<(), NoWay> {
        match key.scheme().as_str() {
            "https" => {
                #[cfg(not(feature = "tls"))]
                return Err(NoWay::NoTls);
                #[cfg(feature = "tls")]
                Ok(())
            }
            "http" if self.ways.https_only => Err(NoWay::Cleartext),
            "http" => Ok(()),
            other => Err(NoWay::Scheme(other.to_owned())),
        }
    }
}

impl Dial for Dialer {
    fn route(&self, key: Key) -> Result<Route, BoxError> {
        if self.ways.custom.is_some() {
            if self.ways.https_only && !key.is_https() {
                return Err(NoWay::Cleartext.into());
            }
            return Ok(Route::direct(key, self.ways.over_tls)?);
        }
        self.check(&key)?;
        let speaks = if key.is_https() {
            self.ways.over_tls
        } else {
            self.ways.cleartext
        };
        let mut route = Route::direct(key, speaks)?;
        route.by_proxy = self.ways.proxies.way_to(&route.uri)?;
        Ok(route)
    }

    fn dial(&self, route: &Arc<Route>, member: Arc<Member>) -> Dialing {
        let dialing = match &self.ways.custom {
            Some(custom) => custom.open(route, Arc::clone(&self.protocols), member),
            None => Box::pin(self.clone().open(Arc::clone(route), member)),
        };
        match self.ways.connect_timeout {
            None => dialing,
            Some(limit) => Box::pin(async move {
                match tokio::time::timeout(limit, dialing).await {
                    Ok(dialed) => dialed,
                    Err(_) => {
                        Err(Unconnected::new(ConnectFailure::TimedOut, TooSlow(limit)).into())
                    }
                }
            }),
        }
    }
}

/// Opening a connection took longer than it may.
#[derive(Debug, thiserror::Error)]
#[error("opening the connection took longer than the connect_timeout of {0:?}")]
struct TooSlow(Duration);

/// Calls a connector as tower wants it: when it is ready.
async fn connect<C>(connector: &mut C, uri: Uri) -> Result<C::Response, BoxError>
where
    C: Service<Uri>,
    C::Error: Into<BoxError>,
{
    poll_fn(|cx| connector.poll_ready(cx))
        .await
        .map_err(Into::into)?;
    connector.call(uri).await.map_err(Into::into)
}
