//! The handle by which requests are given to a connection, whichever protocol it speaks.

use hyper::client::conn::http1;
#[cfg(feature = "http2")]
use hyper::client::conn::http2;

use crate::body::Erased;

/// What a connection speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Protocol {
    /// HTTP/1.1 or 1.0: one exchange after another.
    Http1,
    /// HTTP/2: many streams at once.
    Http2,
}

impl Protocol {
    /// As in ALPN and in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Http1 => "http/1.1",
            Self::Http2 => "h2",
        }
    }
}

/// A connection's handle. Dropping the last one of a connection lets it end when what runs on it has ended.
#[derive(Debug)]
pub(crate) enum Sender {
    Http1(http1::SendRequest<Erased>),
    #[cfg(feature = "http2")]
    Http2(http2::SendRequest<Erased>),
}

impl Sender {
    #[inline]
    pub(crate) fn protocol(&self) -> Protocol {
        match self {
            Self::Http1(_) => Protocol::Http1,
            #[cfg(feature = "http2")]
            Self::Http2(_) => Protocol::Http2,
        }
    }

    /// Whether hyper takes a request at once. No liveness check.
    #[inline]
    pub(super) fn is_ready(&self) -> bool {
        match self {
            Self::Http1(sender) => sender.is_ready(),
            #[cfg(feature = "http2")]
            Self::Http2(sender) => sender.is_ready(),
        }
    }

    /// Whether hyper has ended the connection.
    #[inline]
    pub(super) fn is_closed(&self) -> bool {
        match self {
            Self::Http1(sender) => sender.is_closed(),
            #[cfg(feature = "http2")]
            Self::Http2(sender) => sender.is_closed(),
        }
    }

    /// Another handle, of a connection that many can use.
    pub(super) fn another(&self) -> Option<Self> {
        match self {
            Self::Http1(_) => None,
            #[cfg(feature = "http2")]
            Self::Http2(sender) => Some(Self::Http2(sender.clone())),
        }
    }
}
