//! What a policy can say: how often, how long, which requests; and a word for one request alone.

use std::time::Duration;

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;
use tower::ServiceExt;
use unstale::policy::{Budget, Choice, NonIdempotent, Pause, View};
use unstale::request::RequestOptions;
use unstale::{RetryPolicy, stack};

mod tiny_server;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    let policy = RetryPolicy::builder()
        // Two more tries where no connection can be opened, 50 ms apart. Default: none.
        .connect(2)
        .pause(Pause::Fixed(Duration::from_millis(50)))
        // One deadline over all attempts of a request. Default: none.
        .deadline(Duration::from_secs(5))
        // At most one replay for ten requests, and 200 in reserve. Default: 20 %, and 100.
        .budget(Budget::new(0.1, 200)?)
        // A POST that left is not repeated even on proof that nobody received it. Default: `WhenProven`.
        .non_idempotent(NonIdempotent::WhenNotSent)
        // Your own word, which can only narrow.
        .narrow(|view: &View<'_>| match view.uri().path() {
            "/payments" => Choice::Refuse,
            _ => Choice::Allow,
        })
        .build()?;

    let url = tiny_server::start()?;
    let builder = Client::builder(TokioExecutor::new());
    let client = stack::over_http(&builder, HttpConnector::new(), policy);

    let requests = [
        // Never left: sent again, although it is a POST.
        Request::post(&url).body(Full::<Bytes>::from("one=1"))?,
        // The policy's own word.
        Request::post(format!("{url}/payments")).body(Full::from("one=1"))?,
        // This request's own word.
        Request::get(&url)
            .extension(RequestOptions::new().never_replay())
            .body(Full::default())?,
    ];
    for request in requests {
        let opening = Request::get(&url).body(Full::default())?;
        let response = client.clone().oneshot(opening).await?;
        response.into_body().collect().await?;
        tiny_server::outlast_idle_timeout();

        let what = format!("{} {}", request.method(), request.uri().path());
        match client.clone().oneshot(request).await {
            Ok(response) => println!("{what}: {}", response.status()),
            Err(error) => println!("{what}: {error}"),
        }
    }
    Ok(())
}
