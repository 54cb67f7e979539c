//! When the body goes, and to whom it does not wait at all.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, StatusCode, Version};
use http_body_util::Full;
use unstale::request::ExpectOnReuse;
use unstale::{Attempts, RetryPolicy};

use super::{CONTINUE, client_by, executed, expecting, patient, peer, settled, warm};
use crate::kernel;
use crate::peer::{Peer, Script, Tls};
use crate::setup::{A_WHILE, on_both, post, read, soon, url};

#[test]
fn the_body_goes_when_the_server_has_said_100() {
    on_both(async || {
        for tls in [Tls::Off, Tls::V13 { close_notify: true }] {
            let said = Script::new().read_head().signal("head").wait("say");
            let said = said.send(CONTINUE).read_all().execute().answer();
            let peer = peer(tls, said.then(Script::serve_forever()));
            let url = |path| crate::client::url(&peer, tls, path);
            let client = client_by(expecting(kernel::PATIENCE * 2), &peer);
            warm(&client, url("/warm")).await;
            let call = tokio::spawn(client.request(post(url("/pay"))));
            peer.reached_async("head").await;
            let head = peer.raw_bytes(0);
            tokio::time::sleep(A_WHILE).await;
            assert_eq!(peer.raw_bytes(0), head, "no byte of the body");
            peer.go("say");
            let answer = soon(call).await.unwrap().unwrap();
            assert!(Attempts::of(&answer).is_empty());
            assert_eq!(read(answer).await, "ok");
            assert_eq!(executed(&peer), [(0, true, b"pay".to_vec())]);
            // It is a connection like any other afterwards.
            settled(&client).await;
            warm(&client, url("/after")).await;
            assert_eq!(peer.connections(), 1);
        }
    });
}

#[test]
fn to_a_server_that_ignores_the_expectation_the_body_goes_after_the_wait() {
    on_both(async || {
        let wait = Duration::from_millis(100);
        let peer = peer(Tls::Off, Script::serve_forever());
        let client = client_by(expecting(wait), &peer);
        warm(&client, url(&peer, "/warm")).await;
        let begun = tokio::time::Instant::now();
        let answer = soon(client.request(post(url(&peer, "/pay")))).await;
        assert_eq!(read(answer.unwrap()).await, "ok");
        assert!(begun.elapsed() >= wait);
        settled(&client).await;
        warm(&client, url(&peer, "/after")).await;
        assert_eq!(executed(&peer), [(0, true, b"pay".to_vec())]);
        assert_eq!(peer.connections(), 1);
    });
}

#[test]
fn a_100_that_comes_late_or_twice_changes_nothing() {
    let late = Script::new().read_all().send(CONTINUE).execute().answer();
    let twice = Script::new().read_head().send(CONTINUE).send(CONTINUE);
    let twice = twice.read_all().send(CONTINUE).execute().answer();
    on_both(async || {
        for (script, wait) in [
            (late.clone(), Duration::from_millis(50)),
            (twice.clone(), kernel::PATIENCE * 2),
        ] {
            let peer = peer(Tls::Off, script.then(Script::serve_forever()));
            let client = client_by(expecting(wait), &peer);
            warm(&client, url(&peer, "/warm")).await;
            let answer = soon(client.request(post(url(&peer, "/pay")))).await;
            assert_eq!(read(answer.unwrap()).await, "ok");
            settled(&client).await;
            warm(&client, url(&peer, "/after")).await;
            assert_eq!(executed(&peer), [(0, true, b"pay".to_vec())]);
            assert_eq!(peer.connections(), 1);
        }
    });
}

/// What a POST is like that came over an idle connection of a client whose bodies wait: with an expectation or without.
async fn expects(request: impl FnOnce(String) -> Request<Full<Bytes>>, reads: Script) -> bool {
    let peer = peer(Tls::Off, Script::new().repeat(reads.execute().answer()));
    let client = patient(&peer).await;
    let answer = soon(client.request(request(url(&peer, "/x")))).await;
    assert_eq!(answer.unwrap().status(), StatusCode::OK);
    let last = peer.executions().pop().unwrap();
    assert_eq!(last.connection, 0);
    last.headers.iter().any(|(name, _)| name == "expect")
}

#[test]
fn no_expectation_goes_with_what_could_be_sent_again_has_no_body_or_speaks_an_older_protocol() {
    let with = |name: &'static str, value: &'static str| {
        move |url| {
            let mut request = post(url);
            request.headers_mut().insert(name, value.parse().unwrap());
            request
        }
    };
    on_both(async || {
        let says_100 = || Script::new().read_head().send(CONTINUE).read_all();
        let without = || Script::new().read_all();
        assert!(expects(post, says_100()).await);
        assert!(!expects(with("idempotency-key", "7"), without()).await);
        let put = |url| Request::put(url).body(Full::from("pay")).unwrap();
        assert!(!expects(put, without()).await);
        let empty = |url| Request::post(url).body(Full::default()).unwrap();
        assert!(!expects(empty, without()).await);
        let old = |url| {
            let mut request = post(url);
            *request.version_mut() = Version::HTTP_10;
            request
        };
        assert!(!expects(old, without()).await);
    });
}

#[test]
fn a_new_connection_and_one_that_was_just_used_gets_the_body_at_once() {
    on_both(async || {
        let peer = Peer::start(Tls::Off, |_| Script::serve_forever());
        let fresh = client_by(expecting(kernel::PATIENCE * 2), &peer);
        let expect = ExpectOnReuse::new().idle_longer_than(Duration::from_secs(600));
        let recent = client_by(RetryPolicy::builder().expect_on_reuse(expect), &peer);
        warm(&recent, url(&peer, "/warm")).await;
        for client in [fresh, recent] {
            let answer = soon(client.request(post(url(&peer, "/pay")))).await;
            assert_eq!(read(answer.unwrap()).await, "ok");
        }
        let seen = executed(&peer);
        assert!(seen.iter().all(|(_, expects, _)| !expects), "{seen:?}");
        assert_eq!(seen.len(), 2);
    });
}

#[test]
fn a_callers_own_expectation_or_callback_for_informational_responses_stays_his() {
    let hints = "HTTP/1.1 103 Early Hints\r\n\r\n";
    on_both(async || {
        let script = Script::new().read_all().send(hints).execute().answer();
        let peer = peer(Tls::Off, script);
        let client = patient(&peer).await;
        let heard = Arc::new(AtomicUsize::new(0));
        let mut request = post(url(&peer, "/pay"));
        let counts = Arc::clone(&heard);
        hyper::ext::on_informational(&mut request, move |response| {
            counts.fetch_add(usize::from(response.status().as_u16()), Ordering::SeqCst);
        });
        let answer = soon(client.request(request)).await.unwrap();
        assert_eq!(read(answer).await, "ok");
        assert_eq!(heard.load(Ordering::SeqCst), 103);
        assert_eq!(executed(&peer), [(0, false, b"pay".to_vec())]);
    });
    on_both(async || {
        // His own body does not wait for anything.
        let peer = peer(Tls::Off, Script::serve_forever());
        let client = patient(&peer).await;
        let mut request = post(url(&peer, "/pay"));
        let expectation = "100-continue".parse().unwrap();
        request.headers_mut().insert("expect", expectation);
        let answer = soon(client.request(request)).await.unwrap();
        assert_eq!(read(answer).await, "ok");
        assert_eq!(executed(&peer), [(0, true, b"pay".to_vec())]);
    });
}
