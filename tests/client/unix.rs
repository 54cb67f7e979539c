//! A Unix socket through a connector of the caller's: no counters of TCP, and a dead one is refused before a byte is sent.

use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixListener;
use std::sync::mpsc;

use http::Uri;
use hyper_util::rt::TokioIo;
use tokio::net::UnixStream;
use tower::{Layer, service_fn};
use unstale::{Attempts, Client, TrackLayer};

use super::setup::{current_thread, post, read, soon, until_idle};

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

#[test]
fn a_post_finds_a_unix_socket_dead_before_it_is_sent() {
    let folder = std::env::temp_dir().join(format!("unstale-client-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("stale.sock");
    let listener = UnixListener::bind(&path).unwrap();
    let (close, told) = mpsc::channel::<()>();
    let (gone, is_gone) = mpsc::channel();
    let server = std::thread::spawn(move || {
        let mut requests = Vec::new();
        for n in 0..2 {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = [0; 1024];
            let length = stream.read(&mut request).unwrap();
            requests.push(String::from_utf8(request[..length].to_vec()).unwrap());
            stream.write_all(ANSWER).unwrap();
            if n == 0 {
                told.recv().unwrap();
                let nothing = stream.set_nonblocking(true);
                assert!(nothing.is_ok() && stream.read(&mut request).is_err());
                drop(stream);
                gone.send(()).unwrap();
            }
        }
        requests
    });

    let socket = path.clone();
    let connector = service_fn(move |_: Uri| {
        let socket = socket.clone();
        Box::pin(async move { UnixStream::connect(socket).await.map(TokioIo::new) })
    });
    current_thread().block_on(async {
        let tracked = TrackLayer::new().layer(connector);
        let client = Client::builder().connector(tracked).build().unwrap();
        let one = soon(client.request(post("http://app.socket/1".to_owned())));
        assert_eq!(read(one.await.unwrap()).await, "ok");
        until_idle(&client, 1).await;
        close.send(()).unwrap();
        // Blocks the runtime, which sees nothing of the end.
        is_gone.recv().unwrap();
        let two = soon(client.request(post("http://app.socket/2".to_owned())));
        let two = two.await.unwrap();
        assert!(Attempts::of(&two).is_empty(), "not a byte was sent");
        assert_eq!(read(two).await, "ok");
        assert_eq!(client.counters().refused_at_gate(), 1);
        assert_eq!(client.counters().opened(), 2);
    });
    let requests = server.join().unwrap();
    assert!(
        requests[0].starts_with("POST /1 HTTP/1.1\r\n"),
        "{requests:?}"
    );
    assert!(
        requests[1].starts_with("POST /2 HTTP/1.1\r\n"),
        "{requests:?}"
    );
    assert!(requests[1].contains("host: app.socket\r\n"), "{requests:?}");
    std::fs::remove_dir_all(folder).unwrap();
}
