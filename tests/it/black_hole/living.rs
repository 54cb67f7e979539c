//! What looks like a black hole from above, and is none: its kernel is heard.

use std::time::Duration;

use http::{Method, Request};
use http_body_util::BodyExt;
use tower::ServiceExt;
use unstale::Attempts;
use unstale::evidence::End;

use super::setup::{both_stacks, client, failing, idle, modes, policy, send, until_one_is_found};
use crate::client::{boxed, full, pooled, url};
use crate::kernel;
use crate::peer::{Peer, Script};
use crate::scenario::mode::Mode;

/// More than the kernels of both sides take of a body that nobody reads.
const LARGE: usize = 48 * 1024 * 1024;

#[test]
fn a_handler_that_takes_five_seconds_is_waited_on() {
    Mode::each(&modes(), |mode| {
        mode.run(false, async move {
            let slow = Script::new()
                .read_all()
                .execute()
                .pause(Duration::from_secs(5))
                .answer();
            let script = Script::new().serve().then(slow);
            let peer = Peer::start(mode.tls, move |_| script.clone());
            let client = client(mode, &peer, failing());
            let warm = send(&client, &peer, mode.tls, Method::GET, "/warm").await;
            warm.unwrap();
            idle().await;
            let failed = send(&client, &peer, mode.tls, Method::GET, "/slow").await;
            assert!(failed.unwrap().is_empty(), "{mode:?}");
            assert_eq!(peer.executed("GET", "/slow"), 1, "{mode:?}");
            assert_eq!(peer.connections(), 1, "{mode:?}");
        });
    });
}

#[test]
fn a_peer_that_acknowledges_and_hangs_is_waited_on() {
    Mode::each(&modes(), |mode| {
        mode.run(false, async move {
            let peer = Peer::start(mode.tls, |_| Script::new().serve().stall());
            let client = client(mode, &peer, failing());
            let warm = send(&client, &peer, mode.tls, Method::GET, "/warm").await;
            warm.unwrap();
            idle().await;
            tokio::select! {
                answer = send(&client, &peer, mode.tls, Method::GET, "/hangs") => panic!("{answer:?}"),
                () = until_one_is_found() => {}
            }
            assert_eq!(peer.connections(), 1, "{mode:?}");
        });
    });
}

#[test]
fn a_peer_with_a_closed_window_is_waited_on() {
    Mode::each(&both_stacks(), |mode| {
        mode.run(false, async move {
            let read = Script::new().wait("read").serve();
            let script = Script::new().serve().then(read);
            let peer = Peer::start(mode.tls, move |_| script.clone());
            let client = client(mode, &peer, policy().replay_limit(LARGE).build().unwrap());
            let warm = send(&client, &peer, mode.tls, Method::GET, "/warm").await;
            warm.unwrap();
            idle().await;
            let request = Request::put(url(&peer, mode.tls, "/large"));
            let request = request.body(full(vec![0; LARGE])).unwrap();
            let read_later = async {
                until_one_is_found().await;
                assert_eq!(kernel::established(peer.addr()), 1);
                peer.go("read");
            };
            let (response, ()) = tokio::join!(client.oneshot(request), read_later);
            let response = response.unwrap();
            assert!(Attempts::of(&response).is_empty(), "{mode:?}");
            response.into_body().collect().await.unwrap();
            assert_eq!(peer.executed("PUT", "/large"), 1, "{mode:?}");
            assert_eq!(peer.connections(), 1, "{mode:?}");
        });
    });
}

#[test]
fn a_user_timeout_of_tcp_gives_up_a_living_peer_with_a_closed_window() {
    let [_, mode] = both_stacks();
    mode.run(false, async move {
        let peer = Peer::start(mode.tls, |n| match n {
            0 => Script::new().serve().stall(),
            _ => Script::serve_forever(),
        });
        let policy = policy().replay_limit(LARGE).build().unwrap();
        let client = pooled(&peer).retry_policy(policy);
        let client = client.tcp_user_timeout(Duration::from_secs(1));
        let client = boxed(client.build().unwrap());
        let warm = send(&client, &peer, mode.tls, Method::GET, "/warm").await;
        warm.unwrap();
        idle().await;
        let request = Request::put(url(&peer, mode.tls, "/large"));
        let request = request.body(full(vec![0; LARGE])).unwrap();
        let response = client.oneshot(request).await.unwrap();
        let failed = Attempts::of(&response);
        let ends: Vec<_> = failed
            .iter()
            .map(|attempt| attempt.evidence().unwrap().end())
            .collect();
        assert_eq!(ends, [End::TimedOut]);
        assert_eq!(peer.executed("PUT", "/large"), 1);
    });
}
