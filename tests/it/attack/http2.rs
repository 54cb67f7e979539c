//! HTTP/2 over tracked connectors: it works, streams do not disturb each other, and nothing is claimed of a lost one.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use http::{Method, Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::{Connect, HttpConnector};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tower::{Layer, Service, ServiceExt};
use unstale::body::ReplayBody;
use unstale::client::hyper_util::Attest;
use unstale::evidence::Delivery;
use unstale::{Attempts, Error, ReplayLayer, TrackLayer};

use crate::kernel;
use crate::peer::{Peer, Script, Tls};
use crate::proof::setup::policy;

/// A server that answers a GET, and executes a POST without answering it until it is told to die.
struct Server {
    address: SocketAddr,
    posts: Arc<AtomicUsize>,
    die: Arc<Notify>,
}

impl Server {
    async fn start(tls: Option<tokio_rustls::TlsAcceptor>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (posts, die) = (Arc::new(AtomicUsize::new(0)), Arc::new(Notify::new()));
        let (count, dies) = (Arc::clone(&posts), Arc::clone(&die));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (count, dies, tls) = (Arc::clone(&count), Arc::clone(&dies), tls.clone());
                tokio::spawn(async move {
                    match tls {
                        None => serve(stream, count, dies).await,
                        Some(tls) => serve(tls.accept(stream).await.unwrap(), count, dies).await,
                    }
                });
            }
        });
        Self {
            address,
            posts,
            die,
        }
    }

    fn posts(&self) -> usize {
        self.posts.load(Ordering::SeqCst)
    }
}

async fn serve<T>(stream: T, posts: Arc<AtomicUsize>, dies: Arc<Notify>)
where
    T: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
{
    let answer = service_fn(move |request| answer(request, Arc::clone(&posts)));
    let http2 = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
    tokio::select! {
        _ = http2.serve_connection(TokioIo::new(stream), answer) => {}
        () = dies.notified() => {}
    }
}

async fn answer(
    request: Request<Incoming>,
    posts: Arc<AtomicUsize>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    if request.method() == Method::POST {
        posts.fetch_add(1, Ordering::SeqCst);
        std::future::pending::<()>().await;
    }
    let body = Full::from(vec![b'x'; 50_000]);
    Ok(Response::new(body))
}

/// Answered streams beside one that is executed and lost: all are whole, and the lost one is sent once.
async fn attack<C: Connect + Clone + Send + Sync + 'static>(
    connector: C,
    server: &Server,
    scheme: &str,
    prior_knowledge: bool,
) -> Error {
    let raw: Client<_, ReplayBody<Full<Bytes>>> = Client::builder(TokioExecutor::new())
        .http2_only(prior_knowledge)
        .build(connector);
    let client = ReplayLayer::new(policy()).layer(Attest::new(raw));
    let url = format!("{scheme}://{}/", server.address);
    let send = |method: Method| {
        let request = Request::builder().method(method).uri(&url);
        let request = request.body(Full::from("pay")).unwrap();
        let mut client = client.clone();
        async move { client.ready().await?.call(request).await }
    };
    send(Method::GET)
        .await
        .unwrap()
        .into_body()
        .collect()
        .await
        .unwrap();
    let lost = tokio::spawn(send(Method::POST));
    kernel::until("it is executed", || server.posts() == 1).await;
    for _ in 0..20 {
        let gets: Vec<_> = (0..4).map(|_| tokio::spawn(send(Method::GET))).collect();
        for get in gets {
            let response = get.await.unwrap().unwrap();
            assert!(
                Attempts::of(&response).is_empty(),
                "{:?}",
                Attempts::of(&response)
            );
            let body = response.into_body().collect().await.unwrap();
            assert_eq!(body.to_bytes().len(), 50_000);
        }
    }
    server.die.notify_waiters();
    let error = lost.await.unwrap().unwrap_err();
    let evidence = error.evidence().unwrap();
    assert_eq!(evidence.delivery(), Delivery::Unknown, "{error:?}");
    assert!(evidence.trace().is_none(), "{evidence:?}");
    assert_eq!(server.posts(), 1);
    kernel::until("no socket is left behind", || {
        kernel::established(server.address) + kernel::half_closed(server.address) == 0
    })
    .await;
    error
}

#[tokio::test]
async fn nothing_is_claimed_of_a_stream_by_prior_knowledge() {
    let server = Server::start(None).await;
    let connector = TrackLayer::new().layer(HttpConnector::new());
    attack(connector, &server, "http", true).await;
}

/// A server and its client's TLS connector, over the tapped one, that agree on HTTP/2.
async fn over_tls() -> (Server, rustls::ClientConfig) {
    // The certificate of the scripted peer will do.
    let (mut config, client) = {
        let peer = Peer::start(Tls::V13 { close_notify: true }, |_| Script::serve_forever());
        (
            crate::peer::loopback::tls::server_config(),
            peer.client_config(),
        )
    };
    config.alpn_protocols = vec![b"h2".to_vec()];
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    (Server::start(Some(acceptor)).await, client)
}

fn with_tls<C>(config: rustls::ClientConfig, connector: C) -> hyper_rustls::HttpsConnector<C> {
    hyper_rustls::HttpsConnectorBuilder::new()
        .with_tls_config(config)
        .https_only()
        .enable_all_versions()
        .wrap_connector(connector)
}

fn http() -> HttpConnector {
    let mut http = HttpConnector::new();
    http.enforce_http(false);
    http
}

#[tokio::test]
async fn nothing_is_claimed_of_a_stream_agreed_on_in_tls() {
    let (server, config) = over_tls().await;
    let tls = with_tls(config, TrackLayer::new().layer(http()));
    attack(TrackLayer::above_tls().layer(tls), &server, "https", false).await;
}

#[tokio::test]
async fn nothing_is_claimed_of_a_stream_that_only_the_tap_below_tls_carries() {
    let (server, config) = over_tls().await;
    let tls = with_tls(config, TrackLayer::new().layer(http()));
    attack(tls, &server, "https", false).await;
}

#[tokio::test]
async fn nothing_is_claimed_of_a_stream_that_only_the_tap_above_tls_carries() {
    let (server, config) = over_tls().await;
    let tls = with_tls(config, http());
    attack(TrackLayer::above_tls().layer(tls), &server, "https", false).await;
}
