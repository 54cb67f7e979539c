//! A Unix socket has neither counters nor acknowledgements, and a FIN that is seen as on TCP.

use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixListener;
use std::sync::mpsc;

use bytes::Bytes;
use http::{Request, Uri};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::UnixStream;
use tower::{Layer, Service, ServiceExt, service_fn};
use unstale::body::ReplayBody;
use unstale::client::hyper_util::Attest;
use unstale::evidence::{Delivery, End, GateReason};
use unstale::{Attempts, ReplayLayer, TrackLayer};

use crate::proof::setup::policy;

#[tokio::test]
async fn a_post_into_a_closed_unix_socket_is_not_sent_and_replayed() {
    let folder = std::env::temp_dir().join(format!("unstale-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("stale.sock");
    let _ = std::fs::remove_file(&path);
    let listener = UnixListener::bind(&path).unwrap();
    let (close, told) = mpsc::channel::<()>();
    let (gone, is_gone) = mpsc::channel();
    let server = std::thread::spawn(move || {
        for n in 0..2 {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = [0; 1024];
            assert!(stream.read(&mut request).unwrap() > 0);
            let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
            stream.write_all(answer).unwrap();
            if n == 0 {
                told.recv().unwrap();
                drop(stream);
                gone.send(()).unwrap();
            }
        }
    });

    let connect = service_fn(move |_: Uri| {
        let path = path.clone();
        Box::pin(async move { UnixStream::connect(path).await.map(TokioIo::new) })
    });
    let raw: Client<_, ReplayBody<Full<Bytes>>> =
        Client::builder(TokioExecutor::new()).build(TrackLayer::new().layer(connect));
    let mut client = ReplayLayer::new(policy()).layer(Attest::new(raw));
    let post = || {
        Request::post("http://unix/")
            .body(Full::<Bytes>::from("pay"))
            .unwrap()
    };
    let first = client.ready().await.unwrap().call(post()).await.unwrap();
    first.into_body().collect().await.unwrap();
    crate::proof::setup::settle().await;
    close.send(()).unwrap();
    // Blocks the runtime, which sees nothing of the end.
    is_gone.recv().unwrap();
    let second = client.ready().await.unwrap().call(post()).await.unwrap();
    let failed = Attempts::of(&second);
    assert_eq!(failed.len(), 1, "{failed:?}");
    let evidence = failed[0].evidence().unwrap();
    assert_eq!(evidence.end(), End::Gate(GateReason::HalfClosed));
    assert_eq!(evidence.delivery(), Delivery::NotSent);
    server.join().unwrap();
    std::fs::remove_dir_all(folder).unwrap();
}
