//! The lines to add to a program that uses hyper-util's client.

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;
use tower::ServiceExt;
use unstale::{Attempts, RetryPolicy, stack};

mod tiny_server;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    let url = tiny_server::start()?;
    let builder = Client::builder(TokioExecutor::new());
    let get = || Request::get(&url).body(Full::<Bytes>::default());

    // Before:
    let client = builder.build(HttpConnector::new());

    client.request(get()?).await?.into_body().collect().await?;
    tiny_server::outlast_idle_timeout();
    match client.request(get()?).await {
        Ok(response) => println!("before: {}", response.status()),
        Err(error) => println!("before: {error}: {:?}", std::error::Error::source(&error)),
    }

    // After. The type of the body inside becomes `ReplayBody<Full<Bytes>>`; callers go on giving a `Full<Bytes>`.
    let client = stack::over_http(&builder, HttpConnector::new(), RetryPolicy::default());

    // It is a tower service: `client.request(r)` becomes `client.clone().oneshot(r)`.
    let response = client.clone().oneshot(get()?).await?;
    response.into_body().collect().await?;
    tiny_server::outlast_idle_timeout();
    let response = client.clone().oneshot(get()?).await?;
    println!("after: {}", response.status());
    for attempt in Attempts::of(&response) {
        println!("    an attempt before it failed: {:?}", attempt.decided());
    }
    Ok(())
}
