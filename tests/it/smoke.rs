use crate::peer::*;
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;
use std::time::Duration;
use tower::ServiceExt;
use unstale::{RetryPolicy, stack};

#[tokio::test]
async fn smoke() {
    for tls in [
        Tls::Off,
        Tls::V13 { close_notify: true },
        Tls::V13 {
            close_notify: false,
        },
    ] {
        for method in ["GET", "POST"] {
            let peer = Peer::start(tls, |n| {
                if n == 0 {
                    Script::new()
                        .serve()
                        .wait("go")
                        .fin()
                        .signal("fin")
                        .discard()
                } else {
                    Script::serve_forever()
                }
            });
            let builder = Client::builder(TokioExecutor::new());
            let mut http = HttpConnector::new();
            http.enforce_http(false);
            let config = peer.client_config();
            let client = stack::over_tls(
                &builder,
                http,
                |t| {
                    hyper_rustls::HttpsConnectorBuilder::new()
                        .with_tls_config(config)
                        .https_or_http()
                        .enable_http1()
                        .wrap_connector(t)
                },
                RetryPolicy::default(),
            );
            for i in 0..2 {
                let req = http::Request::builder()
                    .method(method)
                    .uri(peer.url(&format!("/{i}")))
                    .body(Full::new(Bytes::from_static(if method == "GET" {
                        b""
                    } else {
                        b"hello"
                    })))
                    .unwrap();
                let res = client.clone().oneshot(req).await;
                match res {
                    Ok(res) => {
                        let failed = unstale::Attempts::of(&res).to_vec();
                        eprintln!("{tls:?} {method} {i}: {} {failed:?}", res.status());
                        res.into_body().collect().await.unwrap();
                    }
                    Err(e) => eprintln!("{tls:?} {method} {i}: {e} {e:?}"),
                }
                if i == 0 {
                    peer.go("go");
                    std::thread::sleep(Duration::from_millis(100));
                    peer.reached("fin");
                }
            }
            eprintln!(
                "{:?}",
                peer.executions()
                    .iter()
                    .map(|e| (e.connection, e.path.clone()))
                    .collect::<Vec<_>>()
            );
        }
    }
}
