//! The four wires: HTTP/1 and HTTP/2, in cleartext and over TLS; what serves on each, and which client asks.

use std::net::SocketAddr;
use std::time::Duration;

use unstale::{Client, ClientBuilder, RetryPolicy};

use crate::peer::Peer;
use crate::peer::loopback::tls::{self, Tls};
use crate::peer_h2::Peer2;
use crate::script;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Wire {
    Http1,
    Http1Tls,
    Http2,
    Http2Tls,
}

impl Wire {
    pub const ALL: [Self; 4] = [Self::Http1, Self::Http1Tls, Self::Http2, Self::Http2Tls];

    /// A peer whose connections do what chance says; TLS is another every time.
    pub fn peer(self, manners: Manners, seed: u64) -> AnyPeer {
        let tls = match (self, seed % 3) {
            (Self::Http1 | Self::Http2, _) => Tls::Off,
            (_, 0) => Tls::V12 { close_notify: true },
            (_, 1) => Tls::V13 { close_notify: true },
            _ => Tls::V13 {
                close_notify: false,
            },
        };
        let of = move |n: usize| seed.wrapping_mul(1_000_003).wrapping_add(n as u64);
        match self {
            Self::Http1 | Self::Http1Tls => {
                let script = match manners {
                    Manners::None => script::http1,
                    Manners::Polite => script::polite_http1,
                };
                AnyPeer::Http1(Peer::start(tls, move |n| script(of(n))))
            }
            Self::Http2 | Self::Http2Tls => {
                let script = match manners {
                    Manners::None => script::http2,
                    Manners::Polite => script::polite_http2,
                };
                AnyPeer::Http2(Peer2::start(tls, move |n| script(of(n))))
            }
        }
    }
}

/// How a peer ends its connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manners {
    /// Anywhere, anyhow.
    None,
    /// It answers all that it has executed before it says that it ends.
    Polite,
}

/// A peer of either kind.
pub enum AnyPeer {
    Http1(Peer),
    Http2(Peer2),
}

impl AnyPeer {
    pub fn addr(&self) -> SocketAddr {
        match self {
            Self::Http1(peer) => peer.addr(),
            Self::Http2(peer) => peer.addr(),
        }
    }

    /// How many connections were accepted.
    pub fn connections(&self) -> usize {
        match self {
            Self::Http1(peer) => peer.connections(),
            Self::Http2(peer) => peer.connections(),
        }
    }

    /// Ends it; the paths of everything it executed.
    pub fn finish(self) -> Vec<String> {
        match self {
            Self::Http1(peer) => peer.finish().into_iter().map(|one| one.path).collect(),
            Self::Http2(peer) => peer.finish().into_iter().map(|one| one.path).collect(),
        }
    }
}

/// The clients: one for all that is negotiated, and one with prior knowledge of HTTP/2.
pub struct Clients {
    negotiating: Client,
    knowing: Client,
}

impl Clients {
    pub fn new() -> Self {
        Self {
            negotiating: builder().build().unwrap(),
            knowing: builder().http2_prior_knowledge().build().unwrap(),
        }
    }

    pub fn of(&self, wire: Wire) -> Client {
        match wire {
            Wire::Http2 => self.knowing.clone(),
            _ => self.negotiating.clone(),
        }
    }

    pub fn all(&self) -> [&Client; 2] {
        [&self.negotiating, &self.knowing]
    }
}

/// Every limit so low that it is met. The budget is off: what it refuses is an allowed error, and here every error counts.
fn builder() -> ClientBuilder {
    let policy = RetryPolicy::builder().no_budget().build().unwrap();
    Client::builder()
        .retry_policy(policy)
        .tls_config(tls::client_config(tls::root()))
        .no_proxy()
        .max_connections_per_host(7)
        .max_connections(18)
        .pool_max_idle_per_host(5)
        .pool_idle_timeout(Duration::from_millis(300))
        .pool_max_lifetime(Duration::from_millis(900))
        .pool_max_exchanges(60)
}
