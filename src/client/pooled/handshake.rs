//! hyper's side of a connection: from a transport to a handle and a driver.

use std::error::Error as StdError;
use std::sync::Arc;
#[cfg(feature = "http2")]
use std::time::Duration;

use http::Extensions;
use hyper::client::conn::http1;
#[cfg(feature = "http2")]
use hyper::client::conn::http2;
use hyper::rt::{Read, Write};
use hyper_util::client::legacy::connect::Connection;
#[cfg(feature = "http2")]
use hyper_util::rt::TokioTimer;

#[cfg(feature = "http2")]
use super::driver::{Driver, Tasks};
use super::line::Exchanges;
use crate::conn::{Facts, Ledger, PlainIo};
#[cfg(feature = "http2")]
use crate::pool::STREAMS_UNSAID;
use crate::pool::{Dialed, Driving, Member, Sender, Speaks};

type BoxError = Box<dyn StdError + Send + Sync>;

/// How hyper is to speak each protocol.
#[derive(Clone, Debug)]
pub(crate) struct Protocols {
    pub(crate) http1: http1::Builder,
    #[cfg(feature = "http2")]
    pub(crate) http2: Http2,
}

/// What can be set of HTTP/2; the defaults and their reasons stand at the client's builder.
#[cfg(feature = "http2")]
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Http2 {
    pub(crate) initial_stream_window_size: Option<u32>,
    pub(crate) initial_connection_window_size: Option<u32>,
    pub(crate) adaptive_window: bool,
    pub(crate) max_frame_size: Option<u32>,
    pub(crate) max_header_list_size: Option<u32>,
    pub(crate) keep_alive_interval: Option<Duration>,
    pub(crate) keep_alive_timeout: Option<Duration>,
}

#[cfg(feature = "http2")]
impl Http2 {
    fn builder(&self, tasks: Tasks) -> http2::Builder<Tasks> {
        let mut builder = http2::Builder::new(tasks);
        builder
            .timer(TokioTimer::new())
            // The pool hands out no more, and hears by a change of it that the peer has said how many it allows.
            .initial_max_send_streams(STREAMS_UNSAID as usize)
            .keep_alive_interval(self.keep_alive_interval)
            // An idle connection is where it matters.
            .keep_alive_while_idle(self.keep_alive_interval.is_some());
        if let Some(timeout) = self.keep_alive_timeout {
            builder.keep_alive_timeout(timeout);
        }
        if self.initial_stream_window_size.is_some() {
            builder.initial_stream_window_size(self.initial_stream_window_size);
        }
        if self.initial_connection_window_size.is_some() {
            builder.initial_connection_window_size(self.initial_connection_window_size);
        }
        if self.adaptive_window {
            builder.adaptive_window(true);
        }
        if self.max_frame_size.is_some() {
            builder.max_frame_size(self.max_frame_size);
        }
        if let Some(max) = self.max_header_list_size {
            builder.max_header_list_size(max);
        }
        builder
    }
}

/// A connection that was connected, and is yet to be spoken on.
pub(crate) struct Handshake<'a> {
    pub(crate) protocols: &'a Protocols,
    pub(crate) speaks: Speaks,
    pub(crate) member: Arc<Member>,
}

impl Handshake<'_> {
    /// Speaks the protocol's preface on a transport. One without taps gets one that counts what is read and written.
    pub(crate) async fn on<T>(self, io: T) -> Result<Dialed, BoxError>
    where
        T: Connection + Read + Write + Send + Unpin + 'static,
    {
        // Asking marks where everything before the first exchange ends.
        let mut extras = Extensions::new();
        let connected = io.connected();
        connected.get_extras(&mut extras);
        let is_http2 = connected.is_negotiated_h2();
        if let Some(ledger) = extras.get::<Facts>().and_then(Facts::ledger) {
            return self.speak(io, ledger, is_http2).await;
        }
        let io = PlainIo::alone(io);
        let ledger = io.ledger();
        ledger.open();
        self.speak(io, ledger, is_http2).await
    }

    async fn speak<T>(self, io: T, ledger: Arc<Ledger>, is_http2: bool) -> Result<Dialed, BoxError>
    where
        T: Read + Write + Send + Unpin + 'static,
    {
        match self.speaks {
            #[cfg(feature = "http2")]
            Speaks::Http2 => Box::pin(self.http2(io, ledger)).await,
            #[cfg(feature = "http2")]
            Speaks::Negotiated if is_http2 => Box::pin(self.http2(io, ledger)).await,
            _ if is_http2 => {
                Err("the server chose HTTP/2, which this client does not speak to it".into())
            }
            _ => self.http1(io, ledger).await,
        }
    }

    async fn http1<T>(self, io: T, ledger: Arc<Ledger>) -> Result<Dialed, BoxError>
    where
        T: Read + Write + Send + Unpin + 'static,
    {
        let (sender, connection) = self.protocols.http1.handshake(io).await?;
        let exchanges =
            Exchanges::new(connection.with_upgrades(), Arc::clone(&ledger), self.member);
        Ok(Dialed {
            sender: Sender::Http1(sender),
            ledger,
            driver: Driving::new(exchanges),
        })
    }

    #[cfg(feature = "http2")]
    async fn http2<T>(self, io: T, ledger: Arc<Ledger>) -> Result<Dialed, BoxError>
    where
        T: Read + Write + Send + Unpin + 'static,
    {
        ledger.book().multiplexed = true;
        let tasks = Tasks::new(self.member);
        let builder = self.protocols.http2.builder(tasks.clone());
        let (sender, connection) = builder.handshake(io).await?;
        let driver = Driver::new(connection, &tasks, Arc::clone(&ledger));
        Ok(Dialed {
            sender: Sender::Http2(sender),
            ledger,
            driver: Driving::new(driver),
        })
    }
}
