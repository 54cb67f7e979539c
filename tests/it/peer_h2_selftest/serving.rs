//! Reading, answering and counting, in cleartext and over TLS.

use futures_util::future::join_all;
use http::Request;

use super::clients::{ALL, Bare, client, collect, full, get, post};
use crate::peer_h2::{Frame, Peer2, Script2, Stream, Tls};

/// All are read before the first is answered, and the last is answered first.
#[tokio::test]
async fn two_hundred_streams_at_once_on_one_connection() {
    for tls in ALL {
        let peer = Peer2::start(tls, |_| {
            let mut script = Script2::new().serve(1);
            for _ in 0..200 {
                script = script.read_all().execute();
            }
            let answers = (1..=200).rev().map(|n| Frame::Answer(Stream::Nth(n)));
            script.send(answers).serve_forever()
        });
        let client = client(&peer);
        client.request(get(&peer, "/first")).await.unwrap();
        let all = (0..200).map(|n| client.request(post(&peer, &format!("/{n}"), "pay")));
        for response in join_all(all).await {
            assert_eq!(collect(response.unwrap()).await.unwrap(), "ok");
        }
        client.request(get(&peer, "/last")).await.unwrap();
        for n in 0..200 {
            assert_eq!(peer.executed("POST", &format!("/{n}")), 1, "{tls:?}");
        }
        assert_eq!(peer.connections(), 1);
        let executions = peer.executions();
        let streams: Vec<u32> = executions.iter().map(|one| one.stream).collect();
        let odd: Vec<u32> = (0..202).map(|n| 2 * n + 1).collect();
        assert_eq!(streams, odd);
        assert!(executions[1..=200].iter().all(|one| one.body == b"pay"));
        assert!(peer.bytes_read(0) > 200 * 9);
    }
}

#[tokio::test]
async fn serving_forever_takes_whatever_comes() {
    for tls in ALL {
        let peer = Peer2::start(tls, |_| Script2::new().serve_forever());
        let client = client(&peer);
        client.request(get(&peer, "/")).await.unwrap();
        let uploads = (0..8).map(|n| vec![n; 300 << 10]);
        let all = uploads.map(|body| client.request(post(&peer, "/up", body)));
        for response in join_all(all).await {
            assert_eq!(collect(response.unwrap()).await.unwrap(), "ok");
        }
        let mut bodies: Vec<_> = peer.executions().into_iter().map(|one| one.body).collect();
        bodies.sort_unstable();
        assert_eq!(bodies[0], b"");
        assert!((0..8).all(|n| bodies[usize::from(n) + 1] == vec![n; 300 << 10]));
        assert_eq!((peer.connections(), peer.executed("POST", "/up")), (1, 8));
        assert_eq!(peer.executed("GET", "/up"), 0);
    }
}

#[tokio::test]
async fn an_echo_is_the_path() {
    let peer = Peer2::start(Tls::Off, |_| {
        let serve = |script: Script2, _| script.read_all().execute().echo();
        (0..2).fold(Script2::new(), serve).serve_forever()
    });
    let client = client(&peer);
    for path in ["/one", "/two"] {
        let response = client.request(get(&peer, path)).await.unwrap();
        assert_eq!(collect(response).await.unwrap(), path);
    }
    assert_eq!(peer.finish().len(), 2);
}

#[tokio::test]
async fn head_is_answered_without_a_body() {
    let peer = Peer2::start(Tls::Off, |_| Script2::new().serve_forever());
    let request = Request::head(peer.url("/")).body(full("")).unwrap();
    let response = client(&peer).request(request).await.unwrap();
    assert_eq!(collect(response).await.unwrap(), "");
}

#[tokio::test]
async fn a_response_in_pieces() {
    let peer = Peer2::start(Tls::Off, |_| {
        let last = Frame::LastData(Stream::Last, vec![b'b'; 40_000]);
        Script2::new()
            .read_all()
            .half_answer()
            .wait("more")
            .send([last])
            .serve_forever()
    });
    let response = client(&peer).request(get(&peer, "/")).await.unwrap();
    peer.go("more");
    let body = collect(response).await.unwrap();
    assert_eq!((body[0], body.len()), (b'o', 40_001));
}

#[tokio::test]
async fn connections_run_the_script_of_their_number() {
    let peer = Peer2::start(Tls::Off, |n| match n {
        0 => Script2::new().serve(1).stall(),
        _ => Script2::new().serve_forever(),
    });
    for _ in 0..2 {
        let response = Bare::connect(&peer)
            .await
            .sender
            .send_request(get(&peer, "/"));
        response.await.unwrap();
    }
    let connections: Vec<_> = peer.executions().iter().map(|one| one.connection).collect();
    assert_eq!((connections, peer.connections()), (vec![0, 1], 2));
}

/// Without credit an upload ends at the window: nothing is executed until the rest may come.
#[tokio::test]
async fn a_request_is_executed_when_it_is_whole() {
    let peer = Peer2::start(Tls::Off, |_| {
        let script = Script2::new().give_credit(false).read_head().signal("head");
        let credit = [Stream::Id(0), Stream::Last].map(|stream| Frame::Credit(stream, 1 << 20));
        script
            .read_until("go on")
            .give_credit(true)
            .send(credit)
            .read_all()
            .execute()
            .answer()
            .read_forever()
    });
    let client = client(&peer);
    let upload = tokio::spawn(client.request(post(&peer, "/", vec![7; 200_000])));
    peer.reached_async("head").await;
    assert_eq!(peer.executions(), []);
    peer.go("go on");
    upload.await.unwrap().unwrap();
    assert_eq!(peer.executions()[0].body.len(), 200_000);
}

#[tokio::test]
async fn a_request_taken_back_is_not_executed() {
    let peer = Peer2::start(Tls::Off, |_| {
        let script = Script2::new().give_credit(false).read_head().signal("head");
        script
            .read_reset()
            .execute()
            .signal("reset")
            .serve_forever()
    });
    let client = client(&peer);
    let upload = tokio::spawn(client.request(post(&peer, "/", vec![7; 200_000])));
    peer.reached_async("head").await;
    upload.abort();
    peer.reached_async("reset").await;
    client.request(get(&peer, "/next")).await.unwrap();
    assert_eq!(peer.executed("POST", "/"), 0);
    assert_eq!(peer.executed("GET", "/next"), 1);
}
