//! Against real servers: nginx, Apache, `HAProxy` and Node.js, in cleartext and over TLS.
//!
//! Apart from the other tests because each needs a program that is not everywhere; so each is ignored unless asked for
//! (`cargo test --test real_servers -- --ignored`), and then fails where its server is missing. The load makes requests
//! meet the very moment at which the server closes an idle connection; the server's own log is the judge of what was
//! executed, and how often.

#![cfg(all(unix, feature = "hyper-util"))]

mod client;
mod server;
mod traffic;

use std::collections::BTreeMap;

use http::{Method, StatusCode};
use unstale::evidence::{Delivery, Evidence};
use unstale::verdict::Verdict;

use self::client::{Failure, PlainClient, UnstaleClient};
use self::server::{APACHE, Executed, HAPROXY, NGINX, NODE, Program, Scheme, Server};
use self::traffic::Report;

/// How many connections each server gets. On the one thread of a test, that many keep the client busy enough to be
/// late now and then in reading that a connection has ended, as a client under load is.
const CONNECTIONS: usize = 200;

/// How many requests each of them carries.
const ROUNDS: usize = 11;

#[tokio::test]
#[ignore = "needs nginx"]
async fn nginx_meets_no_stale_connection_in_cleartext() {
    keeps_the_rule(&NGINX, Scheme::Cleartext).await;
}

#[tokio::test]
#[ignore = "needs nginx"]
async fn nginx_meets_no_stale_connection_over_tls() {
    keeps_the_rule(&NGINX, Scheme::Tls).await;
}

#[tokio::test]
#[ignore = "needs apache2"]
async fn apache_meets_no_stale_connection_in_cleartext() {
    keeps_the_rule(&APACHE, Scheme::Cleartext).await;
}

#[tokio::test]
#[ignore = "needs apache2"]
async fn apache_meets_no_stale_connection_over_tls() {
    keeps_the_rule(&APACHE, Scheme::Tls).await;
}

#[tokio::test]
#[ignore = "needs haproxy"]
async fn haproxy_meets_no_stale_connection_in_cleartext() {
    keeps_the_rule(&HAPROXY, Scheme::Cleartext).await;
}

#[tokio::test]
#[ignore = "needs haproxy"]
async fn haproxy_meets_no_stale_connection_over_tls() {
    keeps_the_rule(&HAPROXY, Scheme::Tls).await;
}

#[tokio::test]
#[ignore = "needs node"]
async fn node_meets_no_stale_connection_in_cleartext() {
    keeps_the_rule(&NODE, Scheme::Cleartext).await;
}

#[tokio::test]
#[ignore = "needs node"]
async fn node_meets_no_stale_connection_over_tls() {
    keeps_the_rule(&NODE, Scheme::Tls).await;
}

/// Puts the load on the server and holds what the client saw against what the server logged: a GET never fails, a POST
/// is never executed twice, and it fails only if nobody can know whether it was executed.
async fn keeps_the_rule(program: &'static Program, scheme: Scheme) {
    let mut server = Server::start(program).await;
    let idle_timeout = server.idle_timeout().await;
    let base = server.url(scheme);
    println!("{program} {scheme:?}, idle timeout {idle_timeout:.1?}");

    // For comparison: what the same load does to hyper-util's client as it is. Its requests have a path of their own.
    let plain = || {
        let client = PlainClient::trusting(server.certificate());
        move |request| client.clone().send(request)
    };
    let beside = format!("{base}/plain");
    let plain = traffic::run(&beside, CONNECTIONS, ROUNDS, idle_timeout, plain).await;

    let ours = || {
        let client = UnstaleClient::trusting(server.certificate(), scheme);
        move |request| client.clone().send(request)
    };
    let report = traffic::run(&base, CONNECTIONS, ROUNDS, idle_timeout, ours).await;
    let executed = server.executed().await;

    println!("  hyper-util: {}", summary(&plain, &executed, "/plain"));
    println!("  unstale: {}", summary(&report, &executed, ""));
    println!("  of which failed: {:?}", deliveries(&report));
    println!("  replays: {:?}", replays(&report));
    assert_eq!(report.sent(), CONNECTIONS * ROUNDS);
    for (id, answer) in &report.answered {
        assert_eq!(answer.status, StatusCode::OK, "{id:?}");
        assert!(
            executed.contains_key(id),
            "{id:?} was answered, but never executed"
        );
    }
    for ((method, path), failure) in &report.failed {
        assert_eq!(*method, Method::POST, "{path} failed: {failure}");
        assert_eq!(failure.delivery(), Some(Delivery::Unknown), "{failure}");
    }
    for ((method, path), times) in executed {
        assert!(
            method != Method::POST || times == 1 || path.starts_with("/plain"),
            "POST {path} was executed {times} times"
        );
    }
}

fn summary<A, E>(report: &Report<A, E>, executed: &Executed, prefix: &str) -> String {
    let times = |(method, path): &traffic::Id| {
        let logged = (method.clone(), format!("{prefix}{path}"));
        executed.get(&logged).copied().unwrap_or_default()
    };
    let ids = || report.answered.iter().map(|(id, _)| id);
    let failed = || report.failed.iter().map(|(id, _)| id);
    format!(
        "{} sent; {} GET and {} POST failed, {} of which were executed; {} requests were executed twice",
        report.sent(),
        report.failures(&Method::GET),
        report.failures(&Method::POST),
        failed().filter(|id| times(id) > 0).count(),
        ids().chain(failed()).filter(|id| times(id) > 1).count(),
    )
}

fn deliveries<A>(report: &Report<A, Failure>) -> BTreeMap<String, usize> {
    let said = report.failed.iter().map(|(_, failure)| {
        let evidence = failure.evidence();
        let end = evidence.map(Evidence::end);
        format!("{:?} ({end:?})", failure.delivery())
    });
    count(said)
}

fn replays(report: &Report<client::Answer, Failure>) -> BTreeMap<String, usize> {
    let answered = report.answered.iter().map(|(_, answer)| &answer.attempts);
    let failed = report.failed.iter().map(|(_, failure)| failure.attempts());
    let attempts = answered.map(Vec::as_slice).chain(failed).flatten();
    count(attempts.filter_map(|attempt| match attempt.decided() {
        Verdict::Replay(grounds) => Some(format!("{grounds:?}")),
        _ => None,
    }))
}

fn count(names: impl Iterator<Item = String>) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for name in names {
        *counts.entry(name).or_default() += 1;
    }
    counts
}
