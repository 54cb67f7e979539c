//! What the tests of the client share: runtimes, requests, and connectors that can be held up.

use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, Uri};
use http_body_util::{BodyExt, Full};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::Semaphore;
use tower::Service;
use unstale::conn::Track;
use unstale::{Client, Error, ResponseBody, TrackLayer};

use crate::kernel;
use crate::peer::Peer;

/// One at a time of those that load the machine: they would take the time away that the others measure.
pub fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Plays on a current-thread runtime, and on one of two threads.
pub fn on_both(play: impl AsyncFn()) {
    for runtime in [current_thread(), two_threads()] {
        runtime.block_on(play());
    }
}

pub fn current_thread() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

pub fn two_threads() -> Runtime {
    let mut builder = Builder::new_multi_thread();
    builder.worker_threads(2).enable_all().build().unwrap()
}

/// The URL of a path by the peer's address: a client that resolved a name might open more than one socket.
pub fn url(peer: &Peer, path: &str) -> String {
    format!("http://{}{path}", peer.addr())
}

/// The same over TLS.
pub fn https(peer: &Peer, path: &str) -> String {
    format!("https://{}{path}", peer.addr())
}

/// A GET, and its body to the end.
pub async fn get(client: &Client, url: String) -> Result<Bytes, Error> {
    Ok(read(client.get(url).await?).await)
}

/// A POST of a few bytes.
pub fn post(url: String) -> Request<Full<Bytes>> {
    Request::post(url).body(Full::from("pay")).unwrap()
}

/// A whole body.
pub async fn read(response: Response<ResponseBody>) -> Bytes {
    response.into_body().collect().await.unwrap().to_bytes()
}

/// An error with all that caused it, in one line.
pub fn chain(error: &unstale::Error) -> String {
    let mut words = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        words = format!("{words}: {error}");
        cause = error.source();
    }
    words
}

/// What must come, comes; else the test fails and does not hang.
pub async fn soon<F: Future>(future: F) -> F::Output {
    tokio::time::timeout(kernel::PATIENCE, future)
        .await
        .expect("it never came")
}

/// Polls once, and sees that there is no answer yet.
pub async fn begin<F: Future + Unpin>(future: &mut F) {
    let is_pending = poll_fn(|cx| Poll::Ready(Pin::new(&mut *future).poll(cx).is_pending()));
    assert!(is_pending.await, "it was answered at once");
}

/// Waits until the pool says this of its connections.
pub async fn until(
    client: &Client,
    what: &str,
    condition: impl Fn(&[unstale::Connection]) -> bool,
) {
    kernel::until(what, || condition(client.connections().all())).await;
}

/// Waits until so many connections are open, and all of them idle.
pub async fn until_idle(client: &Client, connections: usize) {
    let all_idle = |all: &[unstale::Connection]| {
        all.len() == connections && all.iter().all(|one| one.idle().is_some())
    };
    until(client, "they are idle", all_idle).await;
}

/// A connector of TCP that waits for a permit before it connects.
#[derive(Clone)]
pub struct Held(pub Arc<Semaphore>);

impl Held {
    /// With so many connections that may be opened at once.
    pub fn with(permits: usize) -> Self {
        Self(Arc::new(Semaphore::new(permits)))
    }

    pub fn tracked(&self) -> Track<Self> {
        tower::Layer::layer(&TrackLayer::new(), self.clone())
    }

    /// Lets so many more be opened.
    pub fn release(&self, permits: usize) {
        self.0.add_permits(permits);
    }
}

impl Service<Uri> for Held {
    type Response = TokioIo<TcpStream>;
    type Error = std::io::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let permits = Arc::clone(&self.0);
        Box::pin(async move {
            permits.acquire().await.unwrap().forget();
            let address: SocketAddr = uri.authority().unwrap().as_str().parse().unwrap();
            let stream = TcpStream::connect(address).await?;
            stream.set_nodelay(true)?;
            Ok(TokioIo::new(stream))
        })
    }
}

/// Long enough for something that must not happen to have happened.
pub const A_WHILE: Duration = Duration::from_millis(150);
