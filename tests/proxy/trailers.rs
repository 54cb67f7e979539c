//! Trailers go through both ways.

use std::convert::Infallible;

use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body_util::{BodyExt, Empty, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

use crate::peer::Script;
use crate::setup::{Proxy, get, read, soon, upstream, url};

#[tokio::test]
async fn trailers_of_a_response_are_passed_on_to_who_takes_them() {
    let script = Script::new().read_all().execute();
    let peer = upstream(script.send(
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ntrailer: x-sum\r\n\r\n2\r\nok\r\n0\r\nx-sum: 7\r\n\r\n",
    ));
    let proxy = Proxy::before(&url(&peer)).await;
    let mut request = get("/sum");
    let te = "gzip;q=0.5, Trailers".parse().unwrap();
    request.headers_mut().insert("te", te);
    let answer = soon(proxy.send(request).await.into_body().collect())
        .await
        .unwrap();
    assert_eq!(answer.trailers().unwrap()["x-sum"], "7");
    assert_eq!(answer.to_bytes(), "ok");
}

/// Answers with the trailers that it was sent.
async fn tell_trailers(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let body = request.into_body().collect().await.unwrap();
    let told = format!("{:?}", body.trailers());
    Ok(Response::new(Full::from(told)))
}

#[tokio::test]
async fn trailers_of_a_request_are_passed_on() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let server = hyper::server::conn::http1::Builder::new();
        server
            .serve_connection(TokioIo::new(stream), service_fn(tell_trailers))
            .await
    });
    let proxy = Proxy::before(&format!("http://{addr}")).await;
    let mut trailers = HeaderMap::new();
    trailers.insert("x-sum", "7".parse().unwrap());
    let body = Empty::<Bytes>::new().with_trailers(async { Some(Ok(trailers)) });
    let request = Request::post("/sum").header("host", "a");
    let request = request
        .header("trailer", "x-sum")
        .header("transfer-encoding", "chunked");
    let request = request.body(Box::pin(body)).unwrap();
    assert_eq!(
        read(proxy.send(request).await).await,
        r#"Some({"x-sum": "7"})"#
    );
}
