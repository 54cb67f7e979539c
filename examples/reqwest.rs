//! The lines to change in a program that uses reqwest.

use unstale::Attempts;
use unstale::reqwest::Client;

mod tiny_server;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    let url = tiny_server::start()?;

    // Before:
    let client = reqwest::Client::builder().user_agent("shop/1").build()?;

    client.get(&url).send().await?.bytes().await?;
    tiny_server::outlast_idle_timeout();
    match client.post(&url).body("tea=1").send().await {
        Ok(response) => println!("before: {}", response.status()),
        Err(error) => println!("before: {error}: {:?}", std::error::Error::source(&error)),
    }

    // After. What reqwest's builder was told, it is told in a closure; the calls stay.
    let client = Client::builder(|builder| builder.user_agent("shop/1")).build()?;

    client.get(&url).send().await?.bytes().await?;
    tiny_server::outlast_idle_timeout();
    let response = client.post(&url).body("tea=1").send().await?;
    println!("after: {}", response.status());
    for attempt in Attempts::in_extensions(response.extensions()) {
        println!("    an attempt before it failed: {:?}", attempt.decided());
    }
    response.bytes().await?;

    // A POST that the server has read, and left without an answer, is not sent again; and the error says why.
    if let Err(error) = client.post(&url).body("tea=2").send().await {
        println!("{error}");
    }
    Ok(())
}
