//! Requests that do not accept every connection: through both clients, counted at the server.

use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request};
use http_body_util::BodyExt;
use tokio::task::JoinSet;
use tower::ServiceExt;
use unstale::evidence::{Delivery, End, GateReason};
use unstale::policy::RetryPolicyBuilder;
use unstale::request::{ConnectionWish, RequestOptions};
use unstale::verdict::{Attempt, Refusal};
use unstale::{Attempts, DiscardReason, Error, RetryPolicy};

use super::setup::{current_thread, get, post, read, soon, until_idle};
use crate::client::{Body, Client, Stack, client, client_by, empty, full, pooled, url};
use crate::kernel;
use crate::peer::{Peer, Script, Tls};

const SECOND: Duration = Duration::from_secs(1);
const COLUMNS: [(Stack, Tls); 4] = [
    (Stack::Layered, Tls::Off),
    (Stack::Layered, Tls::V13 { close_notify: true }),
    (Stack::Pooled, Tls::Off),
    (Stack::Pooled, Tls::V13 { close_notify: true }),
];

/// The clock goes on by so much, and nobody waits for it.
async fn pass(time: Duration) {
    tokio::time::pause();
    tokio::time::advance(time).await;
    tokio::time::resume();
}

/// A connection comes back to hyper-util's pool by a task of its own.
async fn settle() {
    for _ in 0..20 {
        tokio::task::yield_now().await;
    }
}

fn request(method: &Method, url: String, wish: Option<ConnectionWish>) -> Request<Body> {
    let mut request = Request::builder().method(method).uri(url);
    if let Some(wish) = wish {
        request = request.extension(RequestOptions::new().connection(wish));
    }
    let body = match *method {
        Method::POST | Method::PUT => full("pay"),
        _ => empty(),
    };
    request.body(body).unwrap()
}

/// Sends it, and reads its answer to the end; the attempts that failed before.
async fn send(client: &Client, request: Request<Body>) -> Result<Vec<Attempt>, Error> {
    let answer = soon(client.clone().oneshot(request)).await?;
    let failed = Attempts::of(&answer).to_vec();
    let body: Bytes = answer.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(body, "ok");
    settle().await;
    Ok(failed)
}

/// The connections on which requests of this method were executed.
fn executed(peer: &Peer, method: &Method) -> Vec<usize> {
    let executions = peer.executions().into_iter();
    executions
        .filter(|execution| execution.method == method.as_str())
        .map(|execution| execution.connection)
        .collect()
}

/// Over hyper-util so many connections refuse the request for this reason, with not one byte sent; the pool of our own does
/// not even look at them.
#[track_caller]
fn refused_by(stack: Stack, failed: &[Attempt], connections: usize, reason: GateReason) {
    let ends: Vec<_> = failed
        .iter()
        .map(|attempt| {
            let evidence = attempt.evidence().unwrap();
            assert_eq!(evidence.trace().unwrap().sent(), 0, "{attempt:?}");
            evidence.end()
        })
        .collect();
    let expected = match stack {
        Stack::Layered => vec![End::Gate(reason); connections],
        Stack::Pooled => Vec::new(),
    };
    assert_eq!(ends, expected, "{stack:?}");
}

fn serving(tls: Tls) -> Peer {
    Peer::start(tls, |_| Script::serve_forever())
}

#[test]
fn a_request_that_wants_a_new_connection_gets_one_and_is_executed_once() {
    for (stack, tls) in COLUMNS {
        current_thread().block_on(async {
            let peer = serving(tls);
            let client = client(stack, &peer, tls);
            let url = url(&peer, tls, "/x");
            send(&client, request(&Method::GET, url.clone(), None))
                .await
                .unwrap();
            let before = peer.bytes_read(0);
            let fresh = Some(ConnectionWish::Fresh);
            let failed = send(&client, request(&Method::POST, url, fresh)).await;
            refused_by(stack, &failed.unwrap(), 1, GateReason::Condemned);
            assert_eq!(executed(&peer, &Method::POST), [1], "{stack:?} {tls:?}");
            assert_eq!(peer.bytes_read(0), before, "{stack:?} {tls:?}");
        });
    }
}

#[test]
fn a_request_goes_over_no_connection_that_was_idle_for_longer_than_it_accepts() {
    for (stack, tls) in COLUMNS {
        current_thread().block_on(async {
            let peer = serving(tls);
            let client = client(stack, &peer, tls);
            let url = url(&peer, tls, "/x");
            let wish = Some(ConnectionWish::IdleAtMost(60 * SECOND));
            let request = |method| request(method, url.clone(), wish);
            send(&client, request(&Method::GET)).await.unwrap();
            pass(30 * SECOND).await;
            let failed = send(&client, request(&Method::POST)).await.unwrap();
            assert!(failed.is_empty(), "{failed:?}");
            assert_eq!(executed(&peer, &Method::POST), [0], "{stack:?} {tls:?}");

            pass(70 * SECOND).await;
            let before = peer.bytes_read(0);
            let failed = send(&client, request(&Method::POST)).await.unwrap();
            refused_by(stack, &failed, 1, GateReason::IdleTooLong);
            assert_eq!(executed(&peer, &Method::POST), [0, 1], "{stack:?} {tls:?}");
            assert_eq!(peer.bytes_read(0), before, "{stack:?} {tls:?}");

            let failed = send(&client, request(&Method::POST)).await.unwrap();
            assert!(failed.is_empty(), "{failed:?}");
            assert_eq!(executed(&peer, &Method::POST), [0, 1, 1]);
        });
    }
}

/// The connections over which requests went: one that lay idle is connection 0, a new one is another.
async fn went_over(stack: Stack, policy: RetryPolicyBuilder, request: Request<Body>) -> usize {
    let tls = Tls::Off;
    let peer = serving(tls);
    let client = client_by(policy, stack, &peer, tls);
    let warm = url(&peer, tls, "/warm");
    send(&client, self::request(&Method::GET, warm, None))
        .await
        .unwrap();
    let (mut parts, body) = request.into_parts();
    parts.uri = url(&peer, tls, "/tested").parse().unwrap();
    send(&client, Request::from_parts(parts, body))
        .await
        .unwrap();
    peer.executions().pop().unwrap().connection
}

#[test]
fn a_policy_wishes_for_what_it_could_not_send_again_and_for_nothing_else() {
    let policy = || RetryPolicy::builder().unrepeatable_connection(ConnectionWish::Fresh);
    let plain = |method| request(method, "http://a/".to_owned(), None);
    let with = |options: RequestOptions| {
        let mut post = plain(&Method::POST);
        post.extensions_mut().insert(options);
        post
    };
    let keyed = || {
        let mut post = plain(&Method::POST);
        post.headers_mut()
            .insert("idempotency-key", "7".parse().unwrap());
        post
    };
    let if_match = || {
        let mut put = plain(&Method::PUT);
        put.headers_mut()
            .insert("if-match", "\"7\"".parse().unwrap());
        put
    };
    for stack in Stack::BOTH {
        current_thread().block_on(async {
            for (request, expected) in [
                (plain(&Method::POST), 1),
                (if_match(), 1),
                (plain(&Method::GET), 0),
                (plain(&Method::PUT), 0),
                (keyed(), 0),
                (with(RequestOptions::new().may_repeat()), 0),
                (
                    with(RequestOptions::new().connection(ConnectionWish::Any)),
                    0,
                ),
            ] {
                let which = format!("{stack:?} {request:?}");
                let went = went_over(stack, policy(), request).await;
                assert_eq!(went, expected, "{which}");
            }
        });
    }
}

/// So many connections in the pool, idle from now on.
async fn warm_up(client: &Client, peer: &Peer, connections: usize) {
    let mut requests = JoinSet::new();
    for _ in 0..connections {
        let request = request(&Method::GET, url(peer, Tls::Off, "/warm"), None);
        let client = client.clone();
        requests.spawn(async move { send(&client, request).await.unwrap() });
    }
    let all_there = || peer.executed("GET", "/warm") == connections;
    kernel::until("a connection for each", all_there).await;
    peer.go("warm");
    requests.join_all().await;
    settle().await;
}

#[test]
fn around_hyper_util_every_one_that_is_not_accepted_is_given_up_unused() {
    const CONNECTIONS: usize = 3;
    for stack in Stack::BOTH {
        current_thread().block_on(async {
            let peer = Peer::start(Tls::Off, |_| {
                let first = Script::new().read_all().execute().wait("warm").answer();
                first.then(Script::serve_forever())
            });
            let client = client(stack, &peer, Tls::Off);
            warm_up(&client, &peer, CONNECTIONS).await;
            pass(10 * SECOND).await;
            let wish = Some(ConnectionWish::IdleAtMost(SECOND));
            let post = request(&Method::POST, url(&peer, Tls::Off, "/pay"), wish);
            let failed = send(&client, post).await.unwrap();
            refused_by(stack, &failed, CONNECTIONS, GateReason::IdleTooLong);
            assert_eq!(executed(&peer, &Method::POST), [CONNECTIONS], "{stack:?}");
            let left = match stack {
                Stack::Layered => 1,
                Stack::Pooled => CONNECTIONS + 1,
            };
            let addr = peer.addr();
            kernel::until("the others are closed", || {
                kernel::established(addr) == left
            })
            .await;
        });
    }
}

#[test]
fn the_clients_pool_gives_nothing_up_for_a_wish() {
    current_thread().block_on(async {
        let peer = serving(Tls::Off);
        let client = pooled(&peer).build().unwrap();
        let url = url(&peer, Tls::Off, "/x");
        drop(soon(get(&client, url.clone())).await.unwrap());
        until_idle(&client, 1).await;
        let mut fresh = post(url.clone());
        let wish = RequestOptions::new().connection(ConnectionWish::Fresh);
        fresh.extensions_mut().insert(wish);
        assert_eq!(read(soon(client.request(fresh)).await.unwrap()).await, "ok");
        until_idle(&client, 2).await;
        assert_eq!(peer.connections(), 2);
        assert_eq!(client.counters().opened(), 2);
        assert_eq!(client.counters().discarded(DiscardReason::MadeRoom), 0);
    });
}

#[test]
fn what_must_never_be_sent_twice_gets_its_wish_of_the_client_and_an_error_around_hyper_util() {
    for stack in Stack::BOTH {
        current_thread().block_on(async {
            let peer = serving(Tls::Off);
            let client = client(stack, &peer, Tls::Off);
            let url = url(&peer, Tls::Off, "/x");
            send(&client, request(&Method::GET, url.clone(), None))
                .await
                .unwrap();
            let mut once = request(&Method::POST, url, None);
            let options = RequestOptions::new().never_replay();
            once.extensions_mut()
                .insert(options.connection(ConnectionWish::Fresh));
            let sent = send(&client, once).await;
            match stack {
                Stack::Pooled => {
                    sent.unwrap();
                    assert_eq!(executed(&peer, &Method::POST), [1]);
                }
                Stack::Layered => {
                    let error = sent.unwrap_err();
                    assert_eq!(error.refusal(), Refusal::CallerForbids);
                    let delivery = error.evidence().unwrap().delivery();
                    assert_eq!(delivery, Delivery::NotSent);
                    assert!(executed(&peer, &Method::POST).is_empty());
                }
            }
        });
    }
}
