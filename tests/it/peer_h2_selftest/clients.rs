//! hyper's clients, and what their errors are made of.

use std::error::Error;
use std::future::{Future, poll_fn};
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use h2::Reason;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http2::{self, SendRequest};
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

use crate::peer_h2::{Peer2, Tls};

pub const ALL: [Tls; 3] = [
    Tls::Off,
    Tls::V12 { close_notify: true },
    Tls::V13 { close_notify: true },
];

pub type Body = Full<Bytes>;
pub type Client = legacy::Client<HttpsConnector<HttpConnector>, Body>;

/// The pooled one: by prior knowledge in cleartext, by what ALPN gave over TLS.
pub fn client(peer: &Peer2) -> Client {
    let connector = hyper_rustls::HttpsConnectorBuilder::new()
        .with_tls_config(peer.client_config())
        .https_or_http()
        .enable_all_versions()
        .build();
    let cleartext = peer.url("").starts_with("http:");
    legacy::Client::builder(TokioExecutor::new())
        .http2_only(cleartext)
        .build(connector)
}

pub fn full(body: impl Into<Bytes>) -> Body {
    Full::new(body.into())
}

pub async fn collect(response: Response<Incoming>) -> hyper::Result<Bytes> {
    Ok(response.into_body().collect().await?.to_bytes())
}

type Connection = http2::Connection<TokioIo<TcpStream>, Body, TokioExecutor>;

/// One connection in cleartext without a pool, to see what it says of itself.
pub struct Bare {
    pub sender: SendRequest<Body>,
    pub ended: JoinHandle<hyper::Result<()>>,
    /// Until it has ended: the sender knows of the end when the connection is dropped, and not before.
    connection: Arc<Mutex<Option<Connection>>>,
}

impl Bare {
    pub async fn connect(peer: &Peer2) -> Self {
        let stream = TcpStream::connect(peer.addr()).await.unwrap();
        let executor = TokioExecutor::new();
        let (sender, connection) = http2::handshake(executor, TokioIo::new(stream))
            .await
            .unwrap();
        let connection = Arc::new(Mutex::new(Some(connection)));
        let shared = Arc::clone(&connection);
        let task = poll_fn(move |cx| {
            let mut driven = shared.lock().unwrap();
            let polled = Pin::new(driven.as_mut().unwrap()).poll(cx);
            if polled.is_ready() {
                *driven = None;
            }
            polled
        });
        Self {
            sender,
            ended: tokio::spawn(task),
            connection,
        }
    }

    /// How many streams the peer permits, as far as the client knows; `None` when the connection has ended.
    pub fn max_streams(&self) -> Option<usize> {
        let connection = self.connection.lock().unwrap();
        connection
            .as_ref()
            .map(Connection::current_max_send_streams)
    }
}

pub fn get(peer: &Peer2, path: &str) -> Request<Body> {
    Request::get(peer.url(path)).body(full("")).unwrap()
}

pub fn post(peer: &Peer2, path: &str, body: impl Into<Bytes>) -> Request<Body> {
    Request::post(peer.url(path)).body(full(body)).unwrap()
}

/// What h2 says at the bottom of an error.
#[derive(Debug, PartialEq, Eq)]
pub enum Fault {
    /// GOAWAY of the peer's.
    Goaway(Reason),
    /// `RST_STREAM` of the peer's.
    Reset(Reason),
    /// The socket failed, or ended: `BrokenPipe` is what h2 calls a FIN.
    Io(io::ErrorKind),
    /// Anything that h2 or hyper found out by itself.
    Other(String),
}

pub fn fault(error: &(dyn Error + 'static)) -> Fault {
    let causes = || std::iter::successors(Some(error), |error| (*error).source());
    let io = || causes().find_map(<dyn Error>::downcast_ref::<io::Error>);
    let Some(h2) = causes().find_map(<dyn Error>::downcast_ref::<h2::Error>) else {
        let other = || Fault::Other(causes().last().unwrap().to_string());
        return io().map_or_else(other, |io| Fault::Io(io.kind()));
    };
    match (h2.reason(), h2.get_io()) {
        (Some(reason), _) if h2.is_remote() && h2.is_go_away() => Fault::Goaway(reason),
        (Some(reason), _) if h2.is_remote() && h2.is_reset() => Fault::Reset(reason),
        (_, Some(io)) => Fault::Io(io.kind()),
        _ => Fault::Other(h2.to_string()),
    }
}
