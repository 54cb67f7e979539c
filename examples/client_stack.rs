//! `Client` as a tower service, under layers of tower-http.
//!
//! What sends more than one request for a call goes around the client: each of its requests is a call of its own, and is
//! sent again on its own evidence. Here a POST is answered by a redirect, and the connection dies under the second hop: that
//! hop is sent again, and the POST is not.

use http::header::{HeaderValue, USER_AGENT};
use http::{Request, StatusCode};
use http_body_util::BodyExt;
use tower::{ServiceBuilder, ServiceExt};
use tower_http::decompression::DecompressionLayer;
use tower_http::follow_redirect::FollowRedirectLayer;
use tower_http::set_header::SetRequestHeaderLayer;
use tower_http::trace::TraceLayer;
use unstale::{Attempts, Client};

mod tiny_server;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    let url = tiny_server::start()?;
    let agent = HeaderValue::from_static("example/1.0");
    let client = ServiceBuilder::new()
        .layer(TraceLayer::new_for_http())
        .layer(DecompressionLayer::new())
        .layer(FollowRedirectLayer::new())
        .layer(SetRequestHeaderLayer::overriding(USER_AGENT, agent))
        .service(Client::new());

    let order = Request::post(format!("{url}/order")).body("tea=1".to_owned())?;
    let response = client.clone().oneshot(order).await?;
    assert_eq!(response.status(), StatusCode::OK);
    for attempt in Attempts::of(&response) {
        println!("the second hop was lost, and {:?}", attempt.decided());
    }
    let body = response.into_body().collect().await?.to_bytes();
    println!("answer to {}", String::from_utf8_lossy(&body));
    Ok(())
}
