//! How long a server keeps an idle connection: measured on one that hyper alone drives, with no pool and no tap.

use std::{net::SocketAddr, sync::Arc};

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Empty};
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::pki_types::{CertificateDer, ServerName};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    time::{Duration, Instant},
};
use tokio_rustls::TlsConnector;

use super::Scheme;
use crate::client::tls_config;

pub(super) async fn measure(
    addr: SocketAddr,
    base: &str,
    scheme: Scheme,
    certificate: CertificateDer<'static>,
) -> Duration {
    let stream = TcpStream::connect(addr).await.expect("the server accepts");
    if !scheme.is_tls() {
        return on(stream, base, scheme).await;
    }
    let mut config = tls_config(certificate);
    if scheme.is_http2() {
        config.alpn_protocols = vec![b"h2".to_vec()];
    }
    let name = ServerName::from(addr.ip());
    let stream = TlsConnector::from(Arc::new(config)).connect(name, stream);
    let stream = stream.await.expect("the certificate is trusted");
    on(stream, base, scheme).await
}

async fn on<S>(stream: S, base: &str, scheme: Scheme) -> Duration
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let io = TokioIo::new(stream);
    let path = if scheme.is_http2() { base } else { "" };
    let mut request = Request::get(format!("{path}/idle"));
    if !scheme.is_http2() {
        request = request.header("host", "localhost");
    }
    let request = request.body(Empty::<Bytes>::new()).expect("a request");
    if scheme.is_http2() {
        let handshake = http2::handshake(TokioExecutor::new(), io).await;
        let (mut sender, connection) = handshake.expect("the server speaks HTTP/2");
        let ended = tokio::spawn(connection);
        let response = sender.send_request(request).await.expect("an answer");
        let _ = response.into_body().collect().await;
        let since = Instant::now();
        let _ = ended.await;
        since.elapsed()
    } else {
        let handshake = http1::handshake(io).await;
        let (mut sender, connection) = handshake.expect("HTTP/1 begins with nothing");
        let ended = tokio::spawn(connection);
        let response = sender.send_request(request).await.expect("an answer");
        let _ = response.into_body().collect().await;
        let since = Instant::now();
        let _ = ended.await;
        since.elapsed()
    }
}
