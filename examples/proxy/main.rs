//! A reverse proxy: axum in front, `unstale::Client` behind.
//!
//! `cargo run --example proxy -- 127.0.0.1:8080 http://127.0.0.1:9000` listens at the first and asks the second. It ends
//! with Ctrl-C, once what is under way is answered. `tests/proxy` holds it against nginx that reloads and restarts under load.

mod forward;
mod headers;
mod tunnel;

use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::TcpListener;
use unstale::{Client, RetryPolicy};

type BoxError = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [listen, upstream] = &arguments[..] else {
        return Err("usage: proxy ADDRESS:PORT http://UPSTREAM[:PORT]".into());
    };

    // A proxy repeats what never left, and what the server's HTTP/2 layer refused; the rest is its client's to repeat
    // (RFC 9110 section 9.2.2). Whoever wants more says so here: `RetryPolicy::safe_only()`, for one.
    let client = Client::builder()
        .retry_policy(RetryPolicy::proxy())
        .connect_timeout(Duration::from_secs(5))
        .no_proxy()
        .build()?;
    let app = forward::router(client.clone(), &upstream.parse()?)?;

    let listener = TcpListener::bind(listen).await?;
    println!("http://{} is {upstream}", listener.local_addr()?);
    axum::serve(
        listener,
        app.into_make_service_with_connect_info::<SocketAddr>(),
    )
    .with_graceful_shutdown(async { drop(tokio::signal::ctrl_c().await) })
    .await?;
    client.close().await;
    println!("{}", client.counters());
    Ok(())
}
