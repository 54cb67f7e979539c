//! A connection that dies in the pool, with nobody asking: its socket goes too, and not only when the pool is swept.

use bytes::Bytes;
use http_body_util::{BodyExt, Full};

use crate::kernel;
use crate::peer::{Peer, Script};
use crate::proof::setup::{MODES, Subject, get, policy, post, settle};
use crate::proof::traps::fed;

#[tokio::test]
async fn a_connection_that_dies_after_an_early_answer_leaves_no_socket_behind() {
    for tls in MODES {
        let script = Script::new()
            .read_head()
            .send("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
            .read_body(5)
            .signal("read")
            .wait("close")
            .close();
        let peer = Peer::start(tls, move |_| script.clone());
        let subject = Subject::new(&peer, policy());
        let (feed, body) = fed();
        let mut request = post(&peer, "/1", body);
        let length = "5".parse().unwrap();
        request.headers_mut().insert("content-length", length);
        let early = subject.send(request).await.unwrap();
        early.into_body().collect().await.unwrap();
        feed.send(Bytes::from_static(b"later")).unwrap();
        drop(feed);
        peer.reached_async("read").await;
        settle().await;
        peer.go("close");
        kernel::until("its socket is closed", || {
            kernel::established(peer.addr()) + kernel::half_closed(peer.addr()) == 0
        })
        .await;
    }
}

#[tokio::test]
async fn an_idle_connection_that_the_peer_closes_leaves_no_socket_behind() {
    for tls in MODES {
        let peer = Peer::start(tls, |_| Script::new().serve().wait("close").close());
        let subject = Subject::new(&peer, policy());
        let response = subject.send(get(&peer, "/1", Full::<Bytes>::default()));
        response.await.unwrap().into_body().collect().await.unwrap();
        peer.go("close");
        kernel::until("its socket is closed", || {
            kernel::established(peer.addr()) + kernel::half_closed(peer.addr()) == 0
        })
        .await;
    }
}
