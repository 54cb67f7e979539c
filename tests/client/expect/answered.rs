//! The server says something else than 100.

use std::time::Duration;

use http::StatusCode;
use unstale::Attempts;
use unstale::evidence::{Delivery, End, StatusRefusal};
use unstale::verdict::{Grounds, Verdict};

use super::{CONTINUE, NO, client_by, executed, expecting, patient, peer, warm};
use crate::kernel;
use crate::peer::{Script, Tls};
use crate::setup::{on_both, post, read, soon, url};

#[test]
fn a_final_status_before_100_is_the_response_and_its_connection_is_closed_behind_it() {
    let large = format!(
        "HTTP/1.1 413 No\r\ncontent-length: 300000\r\n\r\n{}",
        "x".repeat(300_000)
    );
    let chunked = "HTTP/1.1 401 No\r\ntransfer-encoding: chunked\r\n\r\n2\r\nno\r\n0\r\n\r\n";
    on_both(async || {
        for (response, len) in [
            ("HTTP/1.1 413 No\r\ncontent-length: 2\r\n\r\nno", 2),
            ("HTTP/1.1 403 No\r\ncontent-length: 0\r\n\r\n", 0),
            ("HTTP/1.1 200 Ok\r\ncontent-length: 2\r\n\r\nok", 2),
            (chunked, 2),
            (&*large, 300_000),
        ] {
            for is_read in [true, false] {
                let script = Script::new().read_head().send(response).signal("said");
                let peer = peer(Tls::Off, script.discard());
                let client = patient(&peer).await;
                let answer = soon(client.request(post(url(&peer, "/pay"))))
                    .await
                    .unwrap();
                peer.reached_async("said").await;
                let head = peer.bytes_read(0);
                assert!(Attempts::of(&answer).is_empty());
                if is_read {
                    assert_eq!(soon(read(answer)).await.len(), len);
                } else {
                    drop(answer);
                }
                let none_held = || kernel::held(peer.addr()) == 0;
                kernel::until("its connection is closed", none_held).await;
                assert_eq!(peer.bytes_read(0), head, "no byte of the body");
                warm(&client, url(&peer, "/after")).await;
                assert_eq!(peer.connections(), 2);
                assert_eq!(executed(&peer).len(), 0);
            }
        }
    });
}

#[test]
fn a_100_behind_the_final_status_is_nobodys() {
    on_both(async || {
        let script = Script::new().read_head().execute();
        let script = script.send("HTTP/1.1 403 No\r\ncontent-length: 2\r\n\r\nno");
        let peer = peer(Tls::Off, script.send(CONTINUE).discard());
        let client = patient(&peer).await;
        let answer = soon(client.request(post(url(&peer, "/pay")))).await;
        assert_eq!(read(answer.unwrap()).await, "no");
        let answer = soon(client.request(post(url(&peer, "/next")))).await;
        assert_eq!(read(answer.unwrap()).await, "ok");
        assert_eq!(peer.executed("POST", "/pay"), 1);
        assert_eq!(peer.executed("POST", "/next"), 1);
        assert_eq!(peer.connections(), 2);
    });
    on_both(async || {
        // The body had gone, and the connection lies idle.
        let script = Script::new()
            .serve()
            .send(CONTINUE)
            .signal("said")
            .discard();
        let peer = peer(Tls::Off, script);
        let client = client_by(expecting(Duration::from_millis(50)), &peer);
        warm(&client, url(&peer, "/warm")).await;
        let answer = soon(client.request(post(url(&peer, "/pay")))).await;
        assert_eq!(read(answer.unwrap()).await, "ok");
        peer.reached_async("said").await;
        let answer = soon(client.request(post(url(&peer, "/next")))).await;
        assert_eq!(read(answer.unwrap()).await, "ok");
        assert_eq!(peer.executed("POST", "/pay"), 1);
        assert_eq!(peer.executed("POST", "/next"), 1);
        assert_eq!(peer.connections(), 2);
    });
}

#[test]
fn a_server_that_refuses_the_expectation_gets_the_request_once_more_without() {
    on_both(async || {
        let peer = peer(Tls::Off, Script::new().read_head().send(NO).discard());
        let client = patient(&peer).await;
        let answer = soon(client.request(post(url(&peer, "/pay"))))
            .await
            .unwrap();
        let failed = Attempts::of(&answer).to_vec();
        assert_eq!(read(answer).await, "ok");
        assert_eq!(failed.len(), 1);
        assert_eq!(failed[0].decided(), Verdict::Replay(Grounds::Refused));
        let evidence = failed[0].evidence().unwrap();
        let end = End::Status(StatusRefusal::ExpectationFailed);
        assert_eq!(
            (evidence.end(), evidence.delivery()),
            (end, Delivery::Refused)
        );
        assert!(evidence.trace().unwrap().is_body_withheld());
        assert_eq!(executed(&peer), [(1, false, b"pay".to_vec())]);
        let none_left = || kernel::held(peer.addr()) == 1;
        kernel::until("the first connection is closed", none_left).await;
    });
}

#[test]
fn a_417_is_the_response_where_the_body_had_gone_or_the_expectation_was_the_callers() {
    on_both(async || {
        let script = Script::new().read_all().execute().send(NO).discard();
        let peer = peer(Tls::Off, script);
        let client = client_by(expecting(Duration::from_millis(50)), &peer);
        warm(&client, url(&peer, "/warm")).await;
        let answer = soon(client.request(post(url(&peer, "/pay"))))
            .await
            .unwrap();
        assert_eq!(answer.status(), StatusCode::EXPECTATION_FAILED);
        assert!(Attempts::of(&answer).is_empty());
        assert_eq!(read(answer).await, "no");
        assert_eq!(executed(&peer), [(0, true, b"pay".to_vec())]);
    });
    on_both(async || {
        let script = Script::new().read_head().send(NO).discard();
        let peer = peer(Tls::Off, script);
        let client = patient(&peer).await;
        let mut request = post(url(&peer, "/pay"));
        let expectation = "100-continue".parse().unwrap();
        request.headers_mut().insert("expect", expectation);
        let answer = soon(client.request(request)).await.unwrap();
        assert_eq!(answer.status(), StatusCode::EXPECTATION_FAILED);
        assert!(Attempts::of(&answer).is_empty());
    });
}
