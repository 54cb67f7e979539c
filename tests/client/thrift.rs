//! What a request does not do.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use http::Request;
use http_body_util::BodyExt;
use tokio::runtime::Handle;
use unstale::{Client, RetryPolicy};

use super::setup::{current_thread, get, read, soon, until_idle, url};
use crate::client::pooled;
use crate::peer::{Peer, Script, Tls};

fn tasks() -> usize {
    Handle::current().metrics().num_alive_tasks()
}

#[test]
fn no_task_is_spawned_for_a_response_and_one_for_a_rest_that_is_dropped() {
    current_thread().block_on(async {
        let peer = Peer::start(Tls::Off, |_| Script::serve_forever());
        let client = pooled(&peer).build().unwrap();
        soon(get(&client, url(&peer, "/first"))).await.unwrap();
        until_idle(&client, 1).await;
        let before = tasks();
        for path in ["/whole", "/again"] {
            let response = soon(client.get(url(&peer, path))).await.unwrap();
            assert_eq!(tasks(), before, "the head has come");
            assert_eq!(soon(read(response)).await, "ok");
            // Nothing has run since: what was spawned would be alive.
            assert_eq!(tasks(), before, "the body has ended");
        }
        let response = soon(client.get(url(&peer, "/dropped"))).await.unwrap();
        drop(response);
        assert_eq!(tasks(), before + 1, "the rest is read by a task");
        until_idle(&client, 1).await;
        assert_eq!(peer.connections(), 1);
    });
}

/// A part of a head that counts how often it is cloned.
struct Counted(Arc<AtomicUsize>);

impl Clone for Counted {
    fn clone(&self) -> Self {
        self.0.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(&self.0))
    }
}

/// How often the head of a request is cloned, over a new connection and over a kept-alive one.
async fn clones(client: &Client, peer: &Peer, method: &str) -> [usize; 2] {
    let mut counts = [0; 2];
    for count in &mut counts {
        let clones = Arc::new(AtomicUsize::new(0));
        let request = Request::builder()
            .method(method)
            .uri(url(peer, "/"))
            .extension(Counted(Arc::clone(&clones)))
            .body(String::new());
        let response = soon(client.request(request.unwrap())).await.unwrap();
        soon(response.into_body().collect()).await.unwrap();
        until_idle(client, 1).await;
        *count = clones.load(Ordering::Relaxed);
    }
    counts
}

#[test]
fn a_head_is_cloned_once_for_an_attempt_and_never_where_no_other_can_follow() {
    current_thread().block_on(async {
        for method in ["GET", "POST"] {
            for (policy, expected) in [(RetryPolicy::default(), 1), (RetryPolicy::never(), 0)] {
                let peer = Peer::start(Tls::Off, |_| Script::serve_forever());
                let client = pooled(&peer).retry_policy(policy).build().unwrap();
                let counts = clones(&client, &peer, method).await;
                assert_eq!(counts, [expected; 2], "{method}");
            }
        }
    });
}
