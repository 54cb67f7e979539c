//! `Client`, from the first request to the last, and what there is to see of its connections.

use std::time::Duration;

use http::Request;
use unstale::{Attempts, Client, RetryPolicy};

mod tiny_server;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    let url = tiny_server::start()?;

    // `Client::new()` has every default.
    let client = Client::builder()
        .connect_timeout(Duration::from_secs(5))
        .pool_max_idle_per_host(16)
        .pool_idle_timeout(Duration::from_secs(60))
        .retry_policy(
            RetryPolicy::builder()
                .deadline(Duration::from_secs(30))
                .build()?,
        )
        .build()?;

    let response = client.get(&url).await?;
    println!("{}", response.status());
    let body = response.into_body().bytes().await?;
    println!("answer to {}", String::from_utf8_lossy(&body));
    println!("\n{}", client.connections());

    // The server closes the connection meanwhile. The POST would be lost in it; it goes over a new one.
    tiny_server::outlast_idle_timeout();
    let request = Request::post(format!("{url}/orders"))
        .header("content-type", "application/json")
        .body(r#"{"tea": 1}"#.to_owned())?;
    let response = client.request(request).await?;
    println!("{}", response.status());
    println!("failed attempts: {}", Attempts::of(&response).len());

    // A body that is not read to its end holds its connection until it is dropped.
    println!("\n{}", client.connections());
    drop(response);

    println!("{}", client.counters());
    client.close().await;
    if let Err(error) = client.get(&url).await {
        println!("{error}");
    }
    Ok(())
}
