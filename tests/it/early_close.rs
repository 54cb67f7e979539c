//! A connection that dies before the request it was opened for is handed to it: that request was never sent.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use http_body_util::Full;
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;
use tower::{Layer, ServiceExt};
use unstale::client::hyper_util::Attest;
use unstale::evidence::{Delivery, Evidence};
use unstale::{Error, ReplayLayer, RetryPolicy, TrackLayer};

use crate::peer::*;

/// Posts. The first connections, so many of them, reach hyper when the end that the peer has sent is there, as with a client
/// that is busy.
async fn post(peer: &Peer, dying: usize) -> Result<http::StatusCode, Error> {
    let opened = Arc::new(AtomicUsize::new(0));
    let connector = HttpConnector::new().map_future(move |connecting| {
        let opened = Arc::clone(&opened);
        Box::pin(async move {
            let connected = connecting.await;
            if opened.fetch_add(1, Ordering::SeqCst) < dying {
                let socket = connected.as_ref().unwrap().inner();
                assert_eq!(socket.peek(&mut [0]).await.unwrap(), 0);
            }
            connected
        })
    });
    let client = Client::builder(TokioExecutor::new()).build(TrackLayer::new().layer(connector));
    let client = ReplayLayer::new(RetryPolicy::default()).layer(Attest::new(client));
    let request = http::Request::post(peer.url("/"))
        .body(Full::<Bytes>::from("one=1"))
        .unwrap();
    client
        .oneshot(request)
        .await
        .map(|response| response.status())
}

#[tokio::test]
async fn a_post_whose_connection_died_before_its_use_is_sent_again() {
    let peer = Peer::start(Tls::Off, |n| match n {
        0 | 1 => Script::new().fin(),
        _ => Script::serve_forever(),
    });
    assert_eq!(post(&peer, 2).await.unwrap(), http::StatusCode::OK);
    assert_eq!(peer.executions().len(), 1);
}

#[tokio::test]
async fn a_server_that_closes_every_connection_at_once_is_tried_three_times() {
    let peer = Peer::start(Tls::Off, |_| Script::new().fin());
    let error = post(&peer, 3).await.unwrap_err();
    assert_eq!(error.attempts().len(), 3);
    let delivery = error.evidence().map(Evidence::delivery);
    assert_eq!(delivery, Some(Delivery::NotSent));
}
