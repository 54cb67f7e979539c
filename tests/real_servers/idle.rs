//! Connections that lie idle for about as long as the server keeps them. Prevention is off: it would leave nothing to be seen of
//! what becomes of the requests that meet that moment.

use unstale::Prevention;

use super::client::{PlainClient, UnstaleClient, pooled_with};
use super::judge::{judge, summary};
use super::server::{Program, Scheme, Server};
use super::traffic;

/// How many connections each server gets. On the one thread of a test, that many keep the client busy enough to be
/// late now and then in reading that a connection has ended, as a client under load is.
const CONNECTIONS: usize = 200;

/// How many requests each of them carries.
const ROUNDS: usize = 11;

/// Through the layer; and, for comparison, what the same load does to hyper-util's client as it is.
pub(crate) async fn layered(program: &'static Program, scheme: Scheme) {
    let mut server = Server::start(program).await;
    let idle_timeout = server.idle_timeout(scheme).await;
    let base = server.url(scheme);
    let plain = || {
        let client = PlainClient::trusting(server.certificate());
        move |request| client.clone().send(request)
    };
    // Its requests have a path of their own.
    let beside = format!("{base}/plain");
    let plain = traffic::run(&beside, CONNECTIONS, ROUNDS, idle_timeout, plain).await;

    let ours = || {
        let client = UnstaleClient::layered(server.certificate(), scheme, &Prevention::off());
        move |request| client.clone().send(request)
    };
    let report = traffic::run(&base, CONNECTIONS, ROUNDS, idle_timeout, ours).await;
    let executed = server.executed().await;

    println!("{program} {scheme:?}, idle timeout {idle_timeout:.1?}, the layer");
    println!("  hyper-util: {}", summary(&plain, &executed, "/plain"));
    assert_eq!(report.sent(), CONNECTIONS * ROUNDS);
    judge(&report, &executed, None);
}

/// Through this crate's own client.
pub(crate) async fn pooled(program: &'static Program, scheme: Scheme) {
    let mut server = Server::start(program).await;
    let idle_timeout = server.idle_timeout(scheme).await;
    let base = server.url(scheme);
    let ours = || {
        let client = pooled_with(server.certificate(), scheme, Prevention::off());
        let client = UnstaleClient::of(client);
        move |request| client.clone().send(request)
    };
    let report = traffic::run(&base, CONNECTIONS, ROUNDS, idle_timeout, ours).await;
    let executed = server.executed().await;

    println!("{program} {scheme:?}, idle timeout {idle_timeout:.1?}, the client");
    assert_eq!(report.sent(), CONNECTIONS * ROUNDS);
    judge(&report, &executed, None);
}
