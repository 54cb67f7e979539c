//! `Client` as a tower service: by value and by reference, alone and below what people put above it.

use std::convert::Infallible;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, header};
use http_body_util::{BodyExt, Empty, Full};
use tower::buffer::Buffer;
use tower::util::BoxCloneSyncService;
use tower::{Service, ServiceBuilder, ServiceExt};
use tower_http::decompression::DecompressionLayer;
use tower_http::follow_redirect::FollowRedirectLayer;
use tower_http::set_header::SetRequestHeaderLayer;
use tower_http::trace::TraceLayer;
use unstale::{Client, ClientBuilder, Error, ResponseBody};

use super::setup::{on_both, post, read, soon, url};
use crate::client::pooled;
use crate::peer::{Peer, Script, Tls};

fn is_send_and_sync<T: Send + Sync>() {}
fn is_send<T: Send>(_: &T) {}

#[test]
fn a_client_and_what_it_gives_can_go_to_any_thread() {
    is_send_and_sync::<Client>();
    is_send_and_sync::<ClientBuilder>();
    is_send_and_sync::<Error>();
    is_send_and_sync::<Response<ResponseBody>>();
    let client = Client::new();
    is_send(&client.get("http://127.0.0.1/"));
    is_send(&client.request(Request::new(Empty::<Bytes>::new())));
    is_send(&client.close());
}

#[test]
fn a_client_is_a_service_by_value_and_by_reference() {
    on_both(async || {
        let peer = Peer::start(Tls::Off, |_| Script::serve_forever());
        let client = pooled(&peer).build().unwrap();
        let by_reference = (&client).oneshot(post(url(&peer, "/reference")));
        assert_eq!(read(soon(by_reference).await.unwrap()).await, "ok");
        let by_value = client.clone().oneshot(post(url(&peer, "/value")));
        assert_eq!(read(soon(by_value).await.unwrap()).await, "ok");
        let mut ready = client.clone();
        let ready = ServiceExt::<Request<Full<Bytes>>>::ready(&mut ready).await;
        let called = ready.unwrap().call(post(url(&peer, "/ready")));
        assert_eq!(read(soon(called).await.unwrap()).await, "ok");
        // Bodies of all kinds, by one client.
        let empty = Request::get(url(&peer, "/empty")).body(Empty::<Bytes>::new());
        assert_eq!(
            read(soon(client.request(empty.unwrap())).await.unwrap()).await,
            "ok"
        );
        let boxed = Full::<Bytes>::from("x").map_err(|never: Infallible| match never {});
        let boxed = Request::put(url(&peer, "/boxed")).body(boxed.boxed_unsync());
        assert_eq!(
            read(soon(client.request(boxed.unwrap())).await.unwrap()).await,
            "ok"
        );
        assert_eq!(peer.executions().len(), 5);
    });
}

#[test]
fn a_client_works_below_buffer_timeout_and_limits() {
    on_both(async || {
        let peer = Peer::start(Tls::Off, |_| Script::serve_forever());
        let client = pooled(&peer).build().unwrap();
        let stack = ServiceBuilder::new()
            .concurrency_limit(4)
            .timeout(Duration::from_secs(5))
            .service(client);
        let (buffer, worker) = Buffer::<Request<Full<Bytes>>, _>::pair(stack, 8);
        let worker = tokio::spawn(worker);
        for path in ["/1", "/2"] {
            let answer = buffer.clone().oneshot(post(url(&peer, path)));
            assert_eq!(read(soon(answer).await.unwrap()).await, "ok");
        }
        drop(buffer);
        soon(worker).await.unwrap();
        assert_eq!(peer.executions().len(), 2);
    });
}

#[test]
fn a_timeout_above_a_client_gives_the_place_back() {
    on_both(async || {
        let peer = Peer::start(Tls::Off, |n| match n {
            0 => Script::new().read_all().execute().stall(),
            _ => Script::serve_forever(),
        });
        let builder = pooled(&peer).max_connections_per_host(1);
        let client = builder.build().unwrap();
        let service = ServiceBuilder::new().timeout(Duration::from_millis(100));
        let late = service
            .service(client.clone())
            .oneshot(post(url(&peer, "/late")));
        let error = soon(late).await.unwrap_err();
        assert!(error.is::<tower::timeout::error::Elapsed>(), "{error}");
        let answer = soon(client.request(post(url(&peer, "/next"))))
            .await
            .unwrap();
        assert_eq!(read(answer).await, "ok");
        assert_eq!(peer.executed("POST", "/late"), 1);
    });
}

#[test]
fn a_client_works_below_the_layers_of_tower_http() {
    on_both(async || {
        let peer = Peer::start(Tls::Off, |_| Script::serve_forever());
        let client = pooled(&peer).build().unwrap();
        let agent = http::HeaderValue::from_static("tests");
        let stack = ServiceBuilder::new()
            .layer(TraceLayer::new_for_http())
            .layer(FollowRedirectLayer::new())
            .layer(SetRequestHeaderLayer::overriding(header::USER_AGENT, agent))
            .layer(DecompressionLayer::new())
            .service(client);
        let boxed = BoxCloneSyncService::new(stack);
        let answer = soon(boxed.oneshot(post(url(&peer, "/x")))).await.unwrap();
        let body = answer.into_body().collect().await.unwrap();
        assert_eq!(body.to_bytes(), "ok");
        let agent = ("user-agent".to_owned(), "tests".to_owned());
        assert!(peer.executions()[0].headers.contains(&agent));
    });
}
