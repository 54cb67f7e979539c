//! What the crate counts, as Prometheus would read it.

use http::Request;
use metrics_exporter_prometheus::PrometheusBuilder;
use unstale::Client;

mod tiny_server;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    // A program has one recorder, and installs it before anything else. With the exporter's feature `http-listener`,
    // `PrometheusBuilder::install` serves the scrapes as well.
    let recorder = PrometheusBuilder::new().build_recorder();
    let scrape = recorder.handle();
    metrics::set_global_recorder(recorder)?;
    unstale::metrics::describe();

    let url = tiny_server::start()?;
    let client = Client::new();
    client.get(&url).await?.into_body().bytes().await?;

    // The server closes the connection meanwhile: it does not take the next request.
    tiny_server::outlast_idle_timeout();
    let order = || Request::post(format!("{url}/orders")).body("tea=1".to_owned());
    client.request(order()?).await?.into_body().bytes().await?;
    // The second POST on a connection it leaves without an answer: what became of it nobody knows.
    if let Err(error) = client.request(order()?).await {
        println!("{error}\n");
    }

    println!("{}", scrape.render());
    Ok(())
}
