//! A connector whose requests can be made to cross the server's FIN on the way.
//!
//! In a network the FIN takes a while to arrive, and a request that is sent meanwhile is lost. Loopback has no such
//! while, so the link makes one: it lets the server's idle timeout pass after the client has decided to use a
//! connection, and before the first byte of the request leaves. All else is as on any connection: the bytes, the FIN and
//! the kernel's answers are real.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use http::Uri;
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::client::legacy::connect::{Connected, Connection, HttpConnector};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tower::Service;
use unstale::conn::{Socket, SocketRef};

use crate::server::Server;

/// Opens connections to one server; its clones share the switch.
#[derive(Clone)]
pub(crate) struct Link {
    connector: HttpConnector,
    server: Server,
    crosses: Arc<AtomicBool>,
}

impl Link {
    /// A link to a server, on which nothing crosses yet.
    pub(crate) fn to(server: &Server) -> Self {
        Self {
            connector: HttpConnector::new(),
            server: server.clone(),
            crosses: Arc::default(),
        }
    }

    /// From now on, the next request on every connection that is open crosses the FIN.
    pub(crate) fn cross(&self) {
        self.crosses.store(true, Ordering::SeqCst);
    }
}

impl Service<Uri> for Link {
    type Response = LinkIo;
    type Error = <HttpConnector as Service<Uri>>::Error;
    type Future = Pin<Box<dyn Future<Output = Result<LinkIo, Self::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.connector.poll_ready(cx)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let connecting = self.connector.call(uri);
        let server = self.server.clone();
        let crosses = Arc::clone(&self.crosses);
        Box::pin(async move {
            let io = connecting.await?;
            // A connection that is opened later, for a replay, is opened after the FINs, and meets none.
            let crossing = (!crosses.load(Ordering::SeqCst))
                .then(|| io.inner().local_addr().ok())
                .flatten()
                .map(|local| (server, local, crosses));
            Ok(LinkIo { io, crossing })
        })
    }
}

/// A connection of a [`Link`].
pub(crate) struct LinkIo {
    io: TokioIo<TcpStream>,
    /// Whose timeout is to pass before the next write, if the switch says so.
    crossing: Option<(Server, SocketAddr, Arc<AtomicBool>)>,
}

impl LinkIo {
    fn before_write(&mut self) {
        let crosses = |(_, _, crosses): &(_, _, Arc<AtomicBool>)| crosses.load(Ordering::SeqCst);
        if self.crossing.as_ref().is_some_and(crosses) {
            if let Some((server, local, _)) = self.crossing.take() {
                server.expire(local);
            }
        }
    }
}

impl Write for LinkIo {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.before_write();
        Pin::new(&mut self.io).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}

impl Read for LinkIo {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(cx, buffer)
    }
}

impl Connection for LinkIo {
    fn connected(&self) -> Connected {
        self.io.connected()
    }
}

impl Socket for LinkIo {
    fn socket(&self) -> Option<SocketRef<'_>> {
        self.io.socket()
    }
}
