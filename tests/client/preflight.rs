//! A connection that has been idle for long is asked before a request goes over it that could not be sent again: what the
//! server sees of it, and that the request is executed once, whatever the answer.

use std::time::Duration;

use bytes::Bytes;
use http::Request;
use http::uri::PathAndQuery;
use http_body_util::Full;
use tokio::task::JoinSet;
use unstale::request::Preflight;
use unstale::{Attempts, Client, DiscardReason, RetryPolicy};

use super::setup::{current_thread, get, https, on_both, post, read, soon, until_idle, url};
use crate::client::pooled;
use crate::kernel;
use crate::peer::{Peer, Script, Tls};

/// Asks at once, so that nobody need wait for a connection to have been idle.
fn client(peer: &Peer, preflight: Preflight) -> Client {
    let preflight = preflight.idle_longer_than(Duration::ZERO);
    let policy = RetryPolicy::builder().no_budget().preflight(preflight);
    let policy = policy.build().unwrap();
    pooled(peer).retry_policy(policy).build().unwrap()
}

/// Method, path and connection of all that was executed.
fn executed(peer: &Peer) -> Vec<(String, usize)> {
    let executions = peer.executions().into_iter();
    let line = |execution: crate::peer::Execution| {
        let request = format!("{} {}", execution.method, execution.path);
        (request, execution.connection)
    };
    executions.map(line).collect()
}

#[track_caller]
fn assert_executed(peer: &Peer, expected: &[(&str, usize)]) {
    let expected: Vec<_> = expected
        .iter()
        .map(|(request, connection)| ((*request).to_owned(), *connection))
        .collect();
    assert_eq!(executed(peer), expected);
}

/// A GET that leaves a connection behind.
async fn warm(client: &Client, url: String) {
    assert_eq!(soon(get(client, url)).await.unwrap(), "ok");
    until_idle(client, 1).await;
}

/// A POST that is answered without a failed attempt before.
async fn pay(client: &Client, url: String) {
    let answer = soon(client.request(post(url))).await.unwrap();
    assert!(
        Attempts::of(&answer).is_empty(),
        "{:?}",
        Attempts::of(&answer)
    );
    assert_eq!(read(answer).await, "ok");
}

#[test]
fn a_connection_that_answers_carries_the_request() {
    on_both(async || {
        for tls in [Tls::Off, Tls::V13 { close_notify: true }] {
            let peer = Peer::start(tls, |_| Script::serve_forever());
            let url = |path| crate::client::url(&peer, tls, path);
            let client = client(&peer, Preflight::options());
            warm(&client, url("/warm")).await;
            pay(&client, url("/pay")).await;
            assert_executed(
                &peer,
                &[("GET /warm", 0), ("OPTIONS *", 0), ("POST /pay", 0)],
            );
            let counters = client.counters();
            assert_eq!((counters.preflights(), counters.reused()), (1, 1));
            assert!(counters.to_string().contains("1  connections asked"));
        }
    });
}

#[test]
fn any_status_is_an_answer_also_to_a_head() {
    let no = "HTTP/1.1 404 Not Found\r\ncontent-length: 9\r\n\r\n";
    on_both(async || {
        let peer = Peer::start(Tls::Off, move |_| {
            let answers = Script::new().serve().read_all().execute().send(no);
            answers.then(Script::serve_forever())
        });
        let health = PathAndQuery::from_static("/health?full");
        let client = client(&peer, Preflight::head(health));
        warm(&client, url(&peer, "/warm")).await;
        pay(&client, url(&peer, "/pay")).await;
        assert_executed(
            &peer,
            &[("GET /warm", 0), ("HEAD /health?full", 0), ("POST /pay", 0)],
        );
    });
}

#[test]
fn nothing_is_asked_for_what_could_be_sent_again_nor_of_a_connection_that_is_new_or_was_just_used()
{
    on_both(async || {
        let peer = Peer::start(Tls::Off, |_| Script::serve_forever());
        let asking = client(&peer, Preflight::options());
        warm(&asking, url(&peer, "/1")).await;
        warm(&asking, url(&peer, "/2")).await;
        let keyed = Request::post(url(&peer, "/3")).header("idempotency-key", "7");
        let keyed = keyed.body(Full::<Bytes>::from("pay")).unwrap();
        let answer = soon(asking.request(keyed)).await.unwrap();
        assert_eq!(read(answer).await, "ok");

        let new = client(&peer, Preflight::options());
        pay(&new, url(&peer, "/4")).await;

        let patient = Preflight::options().idle_longer_than(Duration::from_secs(600));
        let policy = RetryPolicy::builder().preflight(patient).build().unwrap();
        let patient = pooled(&peer).retry_policy(policy).build().unwrap();
        warm(&patient, url(&peer, "/5")).await;
        pay(&patient, url(&peer, "/6")).await;
        for client in [asking, new, patient] {
            assert_eq!(client.counters().preflights(), 0);
        }
        assert_eq!(peer.executions().len(), 6);
    });
}

#[test]
fn a_connection_that_dies_of_the_question_is_given_up_and_the_request_goes_over_the_next() {
    on_both(async || {
        for end in [Script::new().close(), Script::new().rst()] {
            // The second one became idle last, and is asked first.
            let first = Script::new().read_all().execute().wait("first").answer();
            let first = first.then(Script::serve_forever());
            let second = Script::new().read_all().execute().wait("second").answer();
            let second = second.wait_first_byte().then(end);
            let peer = Peer::start(Tls::Off, move |n| match n {
                0 => first.clone(),
                _ => second.clone(),
            });
            let client = client(&peer, Preflight::options());
            two_idle(&client, &peer).await;
            pay(&client, url(&peer, "/pay")).await;
            let executed = executed(&peer);
            let asked = [("OPTIONS *".to_owned(), 0), ("POST /pay".to_owned(), 0)];
            assert_eq!(executed[2..], asked);
            assert_eq!(peer.connections(), 2);
            let counters = client.counters();
            assert_eq!(counters.preflights(), 2);
            assert_eq!(counters.discarded(DiscardReason::Preflight), 1);
        }
    });
}

/// Two connections that lie idle, the second not as long as the first.
async fn two_idle(client: &Client, peer: &Peer) {
    let mut requests = JoinSet::new();
    for (n, path) in ["/first", "/second"].into_iter().enumerate() {
        let (client, url) = (client.clone(), url(peer, path));
        requests.spawn(async move { get(&client, url).await.unwrap() });
        let is_there = || peer.executions().len() == n + 1;
        kernel::until("it is on its way", is_there).await;
    }
    for cue in ["first", "second"] {
        peer.go(cue);
        soon(requests.join_next()).await.unwrap().unwrap();
    }
    until_idle(client, 2).await;
}

#[test]
fn a_silent_connection_costs_the_timeout_once_and_its_siblings_go_with_it() {
    on_both(async || {
        let silent = |cue| {
            let script = Script::new().read_all().execute().wait(cue).answer();
            script.read_all().execute().stall()
        };
        let peer = Peer::start(Tls::Off, move |n| match n {
            0 => silent("first"),
            1 => silent("second"),
            _ => Script::serve_forever(),
        });
        let limit = Duration::from_millis(100);
        let client = client(&peer, Preflight::options().timeout(limit));
        two_idle(&client, &peer).await;
        let begun = tokio::time::Instant::now();
        pay(&client, url(&peer, "/pay")).await;
        assert!(begun.elapsed() >= limit, "{:?}", begun.elapsed());
        let executed = executed(&peer);
        let asked = [("OPTIONS *".to_owned(), 1), ("POST /pay".to_owned(), 2)];
        assert_eq!(executed[2..], asked);
        let counters = client.counters();
        assert_eq!(counters.preflights(), 1);
        assert_eq!(counters.discarded(DiscardReason::Preflight), 2);
        until_idle(&client, 1).await;
    });
}

#[test]
fn an_answer_that_ends_the_connection_or_does_not_end_itself_is_not_built_upon() {
    let last = "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok";
    let old = "HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nok";
    let endless = "HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nok";
    let long = format!(
        "HTTP/1.1 200 OK\r\ncontent-length: 65537\r\n\r\n{}",
        "x".repeat(65_537)
    );
    on_both(async || {
        for (answer, reason) in [
            (last, DiscardReason::Spent),
            (old, DiscardReason::Spent),
            (endless, DiscardReason::Preflight),
            (&*long, DiscardReason::Spent),
        ] {
            let answers = Script::new().serve().read_all().execute().send(answer);
            let answers = answers.discard();
            let peer = Peer::start(Tls::Off, move |n| match n {
                0 => answers.clone(),
                _ => Script::serve_forever(),
            });
            let limit = Duration::from_millis(200);
            let limit = if reason == DiscardReason::Preflight {
                limit
            } else {
                kernel::PATIENCE
            };
            let client = client(&peer, Preflight::options().timeout(limit));
            warm(&client, url(&peer, "/warm")).await;
            pay(&client, url(&peer, "/pay")).await;
            assert_executed(
                &peer,
                &[("GET /warm", 0), ("OPTIONS *", 0), ("POST /pay", 1)],
            );
            assert_eq!(client.counters().discarded(reason), 1, "{reason:?}");
        }
    });
}

#[test]
fn a_peer_that_answers_the_question_and_closes_executes_the_request_once_at_most() {
    // What the close crosses is judged as ever: the answer has proven nothing.
    for tls in [Tls::Off, Tls::V13 { close_notify: true }] {
        for _ in 0..20 {
            current_thread().block_on(async {
                let peer = Peer::start(tls, |n| match n {
                    0 => Script::new().serve().serve().close(),
                    _ => Script::serve_forever(),
                });
                let url = |path| crate::client::url(&peer, tls, path);
                let client = client(&peer, Preflight::options());
                warm(&client, url("/warm")).await;
                let sent = soon(client.request(post(url("/pay")))).await;
                let executed = peer.executed("POST", "/pay");
                match sent {
                    Ok(answer) => {
                        assert_eq!(executed, 1, "{:?}", Attempts::of(&answer));
                    }
                    Err(error) => {
                        let delivery = error.evidence().unwrap().delivery();
                        assert_eq!(delivery, unstale::evidence::Delivery::Unknown, "{error}");
                        assert_eq!(executed, 0, "{error}");
                    }
                }
            });
        }
    }
}

#[test]
fn a_call_that_is_dropped_while_its_connection_is_asked_has_sent_nothing() {
    on_both(async || {
        let peer = Peer::start(Tls::Off, |_| {
            Script::new()
                .serve()
                .read_all()
                .execute()
                .signal("asked")
                .stall()
        });
        let client = client(&peer, Preflight::options().timeout(kernel::PATIENCE));
        warm(&client, url(&peer, "/warm")).await;
        let call = tokio::spawn(client.request(post(url(&peer, "/pay"))));
        peer.reached_async("asked").await;
        call.abort();
        assert!(call.await.unwrap_err().is_cancelled());
        let none_held = || kernel::held(peer.addr()) == 0;
        kernel::until("the connection is closed", none_held).await;
        assert_executed(&peer, &[("GET /warm", 0), ("OPTIONS *", 0)]);
        let canceled = client.counters().discarded(DiscardReason::Canceled);
        assert_eq!(canceled, 1);
    });
}

#[test]
fn over_tls_a_dead_connection_is_found_by_the_question() {
    on_both(async || {
        let tls = Tls::V12 {
            close_notify: false,
        };
        let peer = Peer::start(tls, |n| match n {
            0 => Script::new().serve().wait_first_byte().close(),
            _ => Script::serve_forever(),
        });
        let client = client(&peer, Preflight::options());
        warm(&client, https(&peer, "/warm")).await;
        pay(&client, https(&peer, "/pay")).await;
        assert_executed(&peer, &[("GET /warm", 0), ("POST /pay", 1)]);
    });
}
