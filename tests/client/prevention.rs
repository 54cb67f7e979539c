//! A server says for how long it keeps idle connections: none that is older carries a request, through both clients, counted at
//! the server.

use std::time::Duration;

use http::Request;
use http_body_util::BodyExt;
use tokio::task::JoinSet;
use tower::ServiceExt;
use unstale::Attempts;
use unstale::evidence::{End, Evidence, GateReason};

use super::setup::{current_thread, soon};
use crate::client::{Body, Client, Stack, client, empty, full, url};
use crate::kernel;
use crate::peer::{Peer, Script, Tls};

const HERD: usize = 5;
const KEEPS_A_SECOND: &str =
    "HTTP/1.1 200 OK\r\nKeep-Alive: timeout=1\r\nContent-Length: 2\r\n\r\nok";
const IS_THE_LAST: &str =
    "HTTP/1.1 200 OK\r\nKeep-Alive: timeout=60, max=0\r\nContent-Length: 2\r\n\r\nok";
/// A second, less a fifth of it for the margin, and what this side is slower than the kernel.
const TOO_OLD: Duration = Duration::from_millis(900);
const COLUMNS: [(Stack, Tls); 4] = [
    (Stack::Layered, Tls::Off),
    (Stack::Layered, Tls::V13 { close_notify: true }),
    (Stack::Pooled, Tls::Off),
    (Stack::Pooled, Tls::V13 { close_notify: true }),
];

/// Sends it, and reads its answer to the end; how the attempts ended that failed before.
async fn send(client: Client, request: Request<Body>) -> Vec<End> {
    let answer = soon(client.oneshot(request)).await.unwrap();
    let attempts = Attempts::of(&answer).iter();
    let failed = attempts
        .filter_map(|attempt| attempt.evidence().map(Evidence::end))
        .collect();
    answer.into_body().collect().await.unwrap();
    // It comes back to hyper-util's pool by a task of its own.
    for _ in 0..20 {
        tokio::task::yield_now().await;
    }
    failed
}

fn get(url: String) -> Request<Body> {
    Request::get(url).body(empty()).unwrap()
}

fn post(url: String) -> Request<Body> {
    Request::post(url).body(full("pay")).unwrap()
}

/// A peer that answers the first requests of its connections together, like this.
fn answering(tls: Tls, answer: &'static str) -> Peer {
    let first = Script::new().read_all().execute().wait("all").send(answer);
    let script = first.then(Script::serve_forever());
    Peer::start(tls, move |_| script.clone())
}

/// So many connections lie idle.
async fn herd(client: &Client, peer: &Peer, tls: Tls) {
    let mut requests = JoinSet::new();
    for _ in 0..HERD {
        let (client, url) = (client.clone(), url(peer, tls, "/warm"));
        requests.spawn(async move { send(client, get(url)).await });
    }
    let executed = || peer.executed("GET", "/warm") == HERD;
    kernel::until("a connection for each request", executed).await;
    peer.go("all");
    soon(requests.join_all()).await;
}

#[test]
fn all_connections_that_have_been_idle_for_too_long_are_passed_over_at_no_cost() {
    for (stack, tls) in COLUMNS {
        current_thread().block_on(async {
            let peer = answering(tls, KEEPS_A_SECOND);
            let client = client(stack, &peer, tls);
            herd(&client, &peer, tls).await;
            tokio::time::sleep(TOO_OLD).await;
            let failed = send(client.clone(), post(url(&peer, tls, "/pay"))).await;
            let expected = match stack {
                // Each of them once, and before one byte has left.
                Stack::Layered => vec![End::Gate(GateReason::Expiring); HERD],
                Stack::Pooled => Vec::new(),
            };
            assert_eq!(failed, expected, "{stack:?} {tls:?}");
            assert_eq!(peer.executed("POST", "/pay"), 1, "{stack:?} {tls:?}");
            assert_eq!(peer.connections(), HERD + 1, "{stack:?} {tls:?}");
        });
    }
}

#[test]
fn a_connection_that_takes_no_further_request_gets_none() {
    for (stack, tls) in COLUMNS {
        current_thread().block_on(async {
            let peer = answering(tls, IS_THE_LAST);
            let client = client(stack, &peer, tls);
            peer.go("all");
            send(client.clone(), get(url(&peer, tls, "/warm"))).await;
            send(client.clone(), post(url(&peer, tls, "/pay"))).await;
            assert_eq!(peer.executed("POST", "/pay"), 1, "{stack:?} {tls:?}");
            assert_eq!(peer.connections(), 2, "{stack:?} {tls:?}");
        });
    }
}
