//! A form whose POST was lost, sent again as a GET: for servers that do the same for both, and only if you ask for it.

use bytes::Bytes;
use http::Request;
use http::header::CONTENT_TYPE;
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;
use tower::ServiceExt;
use unstale::request::RequestOptions;
use unstale::{Attempts, RetryPolicy, stack};

mod tiny_server;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    let url = tiny_server::start()?;
    let search = format!("{url}/search?lang=en");
    let builder = Client::builder(TokioExecutor::new());
    // For all requests of a client: `RetryPolicy::builder().non_idempotent(NonIdempotent::AsGet)`.
    let client = stack::over_http(&builder, HttpConnector::new(), RetryPolicy::default());

    // The server leaves every second POST on a connection without an answer.
    for options in [
        RequestOptions::new(),
        RequestOptions::new(),
        RequestOptions::new(),
        RequestOptions::new().replay_as_get(),
    ] {
        let form = Request::post(&search)
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .extension(options)
            .body(Full::<Bytes>::from("q=stale+connections"))?;
        match client.clone().oneshot(form).await {
            Ok(response) => {
                for attempt in Attempts::of(&response) {
                    println!("lost, and {:?}", attempt.decided());
                }
                let answer = response.into_body().collect().await?.to_bytes();
                println!("answer to {}", String::from_utf8_lossy(&answer));
            }
            Err(error) => println!("{error}"),
        }
    }
    Ok(())
}
