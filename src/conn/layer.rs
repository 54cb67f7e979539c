//! The connector layer: puts the taps on every connection that a connector makes.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use http::Uri;
use hyper_util::client::legacy::connect::Connection;
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use super::ledger::Ledger;
use super::plain::PlainIo;
use super::probe::{Portable, Probe, SYSTEM};
use super::socket::{Sealed, Socket, SocketRef};
use super::tracked::{FailedWrite, ShowSocket, TrackedIo};
use super::trust::{Keeping, Trust};
use crate::keepalive::Prevention;

/// Watches the connections that a connector makes.
///
/// Wraps any connector: a [`Service<Uri>`](Service) whose response reads and writes. Directly on the connector that
/// opens sockets it is [`TrackLayer::new`]; that is all in cleartext. Over TLS put a second one on top of the TLS
/// connector, [`TrackLayer::above_tls`]: it finds the ledger of the one below by itself. With only one of the two the
/// connection works, and less can be told of a failure: from below TLS alone nothing, as HTTP/2 may be spoken in it.
///
/// ```
/// use hyper_util::client::legacy::connect::HttpConnector;
/// use tower_layer::Layer;
/// use unstale::TrackLayer;
///
/// let connector = TrackLayer::new().layer(HttpConnector::new());
/// ```
#[derive(Clone, Debug)]
pub struct TrackLayer<K = OnSocket> {
    kind: K,
    probe: &'static dyn Probe,
    /// Shared by its clones, and by all connections.
    keeping: Option<Keeping>,
}

impl TrackLayer {
    /// The tap on the socket, for a connector whose transport shows it ([`Socket`]).
    pub fn new() -> Self {
        Self::of(OnSocket)
    }
}

impl Default for TrackLayer {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> TrackLayer<OnSocketOf<T>> {
    /// The tap on the socket, for a transport of your own: `show` says which socket it runs on.
    ///
    /// It must be the one socket that all bytes of the transport go through, for the transport's life. If it is not, the
    /// counters that are read from it are about something else: they are believed only while they agree with the bytes
    /// written and read. What the transport does in a write is not known either, so a request whose write failed counts as
    /// sent. A transport that encrypts belongs below [`TrackLayer::above_tls`].
    pub fn with_socket(show: for<'a> fn(&'a T) -> Option<SocketRef<'a>>) -> Self {
        Self::of(OnSocketOf(show))
    }
}

impl TrackLayer<AboveTls> {
    /// The tap above TLS.
    pub fn above_tls() -> Self {
        Self::of(AboveTls)
    }
}

impl<K> TrackLayer<K> {
    fn of(kind: K) -> Self {
        Self {
            kind,
            probe: SYSTEM,
            keeping: Keeping::new(&Prevention::default()),
        }
    }

    /// When an idle connection is no longer used, before its server closes it. Default: [`Prevention::default`];
    /// [`Prevention::off`] has each used as long as it looks alive.
    ///
    /// Such a connection refuses the request before a byte has left (`NotSent`), which is then sent over another, at no cost
    /// but the attempt. What is learned of an origin is shared by all connections of this layer and of its clones; an origin
    /// is told by the URI that the connector is called with. Over TLS say it on the layer [above TLS](TrackLayer::above_tls),
    /// as what is said there goes before what is said below; to switch it off, on both. A `Client` has a setting of its own,
    /// and goes by that.
    #[must_use]
    pub fn prevention(mut self, prevention: &Prevention) -> Self {
        self.keeping = Keeping::new(prevention);
        self
    }

    /// Asks the kernel by a portable peek alone, even where it could say more.
    ///
    /// Dead connections are still found before a byte is sent; a lost request can never be proven to be so. Default:
    /// off, which on Linux means `TCP_INFO`.
    #[must_use]
    pub fn portable_probe(mut self) -> Self {
        self.probe = &Portable;
        self
    }

    #[cfg(all(test, target_os = "linux"))]
    pub(crate) fn with_probe(mut self, probe: &'static dyn Probe) -> Self {
        self.probe = probe;
        self
    }

    #[cfg(all(test, target_os = "linux"))]
    pub(crate) fn with_keeping(mut self, keeping: Option<Keeping>) -> Self {
        self.keeping = keeping;
        self
    }

    /// What is known of the origin that the connector is called with.
    fn trust(&self, uri: &Uri) -> Option<Trust> {
        let (keeping, authority) = (self.keeping.as_ref()?, uri.authority()?);
        let host = authority.host().to_ascii_lowercase();
        let scheme = uri.scheme_str().unwrap_or("http");
        let port = authority.port_u16().or(match scheme {
            "http" => Some(80),
            "https" => Some(443),
            _ => None,
        });
        Some(keeping.trust(&format!("{scheme}://{host}:{}", port.unwrap_or(0))))
    }
}

impl<C, K: Clone> Layer<C> for TrackLayer<K> {
    type Service = Track<C, K>;

    fn layer(&self, connector: C) -> Self::Service {
        Track {
            connector,
            layer: self.clone(),
        }
    }
}

/// The connector that [`TrackLayer`] makes.
#[derive(Clone, Debug)]
pub struct Track<C, K = OnSocket> {
    connector: C,
    layer: TrackLayer<K>,
}

impl<C, K> Service<Uri> for Track<C, K>
where
    C: Service<Uri>,
    K: Tap<C::Response>,
{
    type Response = K::Io;
    type Error = C::Error;
    type Future = Connecting<C::Future, K>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.connector.poll_ready(cx)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let trust = self.layer.trust(&uri);
        Connecting {
            future: self.connector.call(uri),
            kind: self.layer.kind.clone(),
            found: Some(Found {
                probe: self.layer.probe,
                trust,
            }),
        }
    }
}

pin_project! {
    /// The future of [`Track`]. Dropping it drops the connector's own.
    pub struct Connecting<F, K> {
        #[pin]
        future: F,
        kind: K,
        found: Option<Found>,
    }
}

/// What a tap is given.
struct Found {
    probe: &'static dyn Probe,
    trust: Option<Trust>,
}

impl<F, K> fmt::Debug for Connecting<F, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connecting").finish_non_exhaustive()
    }
}

impl<F, T, E, K> Future for Connecting<F, K>
where
    F: Future<Output = Result<T, E>>,
    K: Tap<T>,
{
    type Output = Result<K::Io, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let io = ready!(this.future.poll(cx))?;
        let found = this.found.take().expect("polled after completion");
        Poll::Ready(Ok(this.kind.tap(io, found)))
    }
}

/// Where a tap sits. Sealed: [`OnSocket`], [`OnSocketOf`], [`AboveTls`].
#[expect(private_bounds, reason = "sealed")]
pub trait Tap<T>: Clone + PutTap<T, Self::Io> {
    /// What it makes of a transport.
    type Io;
}

trait PutTap<T, Io> {
    fn tap(&self, io: T, found: Found) -> Io;
}

/// On the socket, which the transport shows by itself.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct OnSocket;

/// On the socket, which a function shows.
pub struct OnSocketOf<T>(ShowSocket<T>);

/// Above TLS.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct AboveTls;

impl Found {
    fn ledger(self) -> Arc<Ledger> {
        let ledger = Ledger::new(self.probe);
        ledger.set_trust(self.trust);
        ledger
    }
}

impl<T: Socket> Tap<T> for OnSocket {
    type Io = TrackedIo<T>;
}

impl<T: Socket> PutTap<T, TrackedIo<T>> for OnSocket {
    fn tap(&self, io: T, found: Found) -> TrackedIo<T> {
        let lasting = io.lasting(Sealed);
        let mut tap = TrackedIo::new(io, T::socket, found.ledger(), FailedWrite::SentNothing);
        tap.note(lasting);
        tap
    }
}

impl<T> Tap<T> for OnSocketOf<T> {
    type Io = TrackedIo<T>;
}

impl<T> PutTap<T, TrackedIo<T>> for OnSocketOf<T> {
    fn tap(&self, io: T, found: Found) -> TrackedIo<T> {
        TrackedIo::new(io, self.0, found.ledger(), FailedWrite::MayHaveSent)
    }
}

impl<T: Connection> Tap<T> for AboveTls {
    type Io = PlainIo<T>;
}

impl<T: Connection> PutTap<T, PlainIo<T>> for AboveTls {
    fn tap(&self, io: T, found: Found) -> PlainIo<T> {
        let tap = PlainIo::new(io, found.probe);
        if found.trust.is_some() {
            tap.ledger().set_trust(found.trust);
        }
        tap
    }
}

impl<T> Clone for OnSocketOf<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for OnSocketOf<T> {}

impl<T> fmt::Debug for OnSocketOf<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OnSocketOf")
    }
}
