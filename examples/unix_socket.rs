//! `Client` over a connector of one's own: here Unix sockets. `TrackLayer` around it finds dead connections as on TCP; a proof
//! of what was lost on the way there is none, as the kernel keeps no such counters for them.

#[cfg(unix)]
mod tiny_server;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

#[cfg(unix)]
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    use http::{Request, Uri};
    use hyper_util::rt::TokioIo;
    use tokio::net::UnixStream;
    use tower::{Layer, service_fn};
    use unstale::{Client, TrackLayer};

    let path = std::env::temp_dir().join(format!("unstale-{}.sock", std::process::id()));
    tiny_server::start_at(&path)?;

    let socket = path.clone();
    let connector = service_fn(move |_: Uri| {
        let socket = socket.clone();
        async move { UnixStream::connect(socket).await.map(TokioIo::new) }
    });
    let connector = TrackLayer::new().layer(connector);
    let client = Client::builder().connector(connector).build()?;

    // The name goes into the `Host` header; where the connection leads, the connector alone decides.
    let response = client.get("http://docker/version").await?;
    println!("answer: {:?}", response.into_body().bytes().await?);
    tiny_server::outlast_idle_timeout();
    let post = Request::post("http://docker/containers").body("{}".to_owned())?;
    let response = client.request(post).await?;
    println!("answer: {:?}", response.into_body().bytes().await?);
    print!("\n{}\n{}", client.connections(), client.counters());

    std::fs::remove_file(path)?;
    Ok(())
}

#[cfg(not(unix))]
fn main() -> Result<(), BoxError> {
    Err("there are no Unix sockets here".into())
}
