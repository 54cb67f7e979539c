//! A proxy on a port of its own, and a connection to it on which everything can be said.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::response::Response;
use bytes::Bytes;
use http::Request;
use http_body::Body;
use http_body_util::{BodyExt, Empty, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::AbortHandle;
use tokio::time::timeout;
use unstale::{Client, ClientBuilder, Error, RetryPolicy};

use crate::kernel::PATIENCE;
use crate::peer::{Peer, Script, Tls};

/// A proxy that is running. Dropped, it ends.
pub struct Proxy {
    pub addr: SocketAddr,
    pub client: Client,
    failures: Arc<Mutex<Vec<Arc<Error>>>>,
    task: AbortHandle,
}

impl Proxy {
    /// In front of a server, with the policy that the example has.
    pub async fn before(upstream: &str) -> Self {
        Self::with(
            Client::builder().retry_policy(RetryPolicy::proxy()),
            upstream,
        )
        .await
    }

    pub async fn with(client: ClientBuilder, upstream: &str) -> Self {
        let client = client.no_proxy().build().unwrap();
        let failures = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&failures);
        let note = move |response: Response| {
            seen.lock()
                .unwrap()
                .extend(response.extensions().get().cloned());
            std::future::ready(response)
        };
        let app = crate::forward::router(client.clone(), &upstream.parse().unwrap()).unwrap();
        let app = app.layer(axum::middleware::map_response(note));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let app = app.into_make_service_with_connect_info::<SocketAddr>();
        let serving = tokio::spawn(async move { axum::serve(listener, app).await });
        Self {
            addr,
            client,
            failures,
            task: serving.abort_handle(),
        }
    }

    /// Why requests were not answered, so far.
    pub fn failures(&self) -> Vec<Arc<Error>> {
        self.failures.lock().unwrap().clone()
    }

    /// A connection to it.
    pub async fn connect<B>(&self) -> SendRequest<B>
    where
        B: Body<Data = Bytes, Error: std::error::Error + Send + Sync> + Send + Unpin + 'static,
    {
        let stream = TcpStream::connect(self.addr).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let (sender, connection) = handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection.with_upgrades());
        sender
    }

    /// Sends a request over a connection of its own.
    pub async fn send<B>(&self, request: Request<B>) -> http::Response<Incoming>
    where
        B: Body<Data = Bytes, Error: std::error::Error + Send + Sync> + Send + Unpin + 'static,
    {
        let mut sender = self.connect().await;
        soon(sender.send_request(request)).await.unwrap()
    }

    /// What it answers to these bytes, a request that is the last on its connection.
    pub async fn say(&self, request: &str) -> String {
        let last = request.replacen("\r\n", "\r\nConnection: close\r\n", 1);
        let mut stream = TcpStream::connect(self.addr).await.unwrap();
        stream.write_all(last.as_bytes()).await.unwrap();
        let mut answer = String::new();
        soon(stream.read_to_string(&mut answer)).await.unwrap();
        answer
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A server that plays this on each connection.
pub fn upstream(script: Script) -> Peer {
    Peer::start(Tls::Off, move |_| script.clone())
}

/// Where it is.
pub fn url(peer: &Peer) -> String {
    format!("http://{}", peer.addr())
}

pub fn get(path: &str) -> Request<Empty<Bytes>> {
    let request = Request::get(path).header("host", "example.com");
    request.body(Empty::new()).unwrap()
}

pub fn post(path: &str, body: &'static str) -> Request<Full<Bytes>> {
    let request = Request::post(path).header("host", "example.com");
    request.body(Full::from(body)).unwrap()
}

pub async fn read(response: http::Response<Incoming>) -> Bytes {
    response.into_body().collect().await.unwrap().to_bytes()
}

/// What must come, comes; else the test fails and does not hang.
pub async fn soon<F: Future>(future: F) -> F::Output {
    timeout(PATIENCE, future).await.expect("it never came")
}
