//! Against real servers: nginx, Apache, `HAProxy` and Node.js, in cleartext and over TLS.
//!
//! Apart from the other tests because each needs a program that is not everywhere; so each is ignored unless asked for
//! (`cargo test --test real_servers -- --ignored`), and then fails where its server is missing. The load makes requests
//! meet the very moment at which the server closes an idle connection; the server's own log is the judge of what was
//! executed, and how often.

#![cfg(all(unix, feature = "hyper-util"))]

mod server;
mod traffic;

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use rustls::{ClientConfig, RootCertStore, pki_types::CertificateDer};
use tokio::time::timeout;

use self::{
    server::{APACHE, Executed, HAPROXY, NGINX, NODE, Program, Scheme, Server},
    traffic::Report,
};

/// How many connections each server gets. On the one thread of a test, that many keep the client busy enough to be
/// late now and then in reading that a connection has ended, as a client under load is.
const CONNECTIONS: usize = 200;

/// How many requests each of them carries.
const ROUNDS: usize = 11;

#[tokio::test]
#[ignore = "needs nginx"]
async fn nginx_executes_what_it_answers_in_cleartext() {
    executes_what_it_answers(&NGINX, Scheme::Cleartext).await;
}

#[tokio::test]
#[ignore = "needs nginx"]
async fn nginx_executes_what_it_answers_over_tls() {
    executes_what_it_answers(&NGINX, Scheme::Tls).await;
}

#[tokio::test]
#[ignore = "needs apache2"]
async fn apache_executes_what_it_answers_in_cleartext() {
    executes_what_it_answers(&APACHE, Scheme::Cleartext).await;
}

#[tokio::test]
#[ignore = "needs apache2"]
async fn apache_executes_what_it_answers_over_tls() {
    executes_what_it_answers(&APACHE, Scheme::Tls).await;
}

#[tokio::test]
#[ignore = "needs haproxy"]
async fn haproxy_executes_what_it_answers_in_cleartext() {
    executes_what_it_answers(&HAPROXY, Scheme::Cleartext).await;
}

#[tokio::test]
#[ignore = "needs haproxy"]
async fn haproxy_executes_what_it_answers_over_tls() {
    executes_what_it_answers(&HAPROXY, Scheme::Tls).await;
}

#[tokio::test]
#[ignore = "needs node"]
async fn node_executes_what_it_answers_in_cleartext() {
    executes_what_it_answers(&NODE, Scheme::Cleartext).await;
}

#[tokio::test]
#[ignore = "needs node"]
async fn node_executes_what_it_answers_over_tls() {
    executes_what_it_answers(&NODE, Scheme::Tls).await;
}

/// Puts the load on the server and compares what the client saw with what the server logged.
///
/// The plain client fails now and then, which is printed and is no fault of the harness.
async fn executes_what_it_answers(program: &'static Program, scheme: Scheme) {
    let mut server = Server::start(program).await;
    let idle_timeout = server.idle_timeout().await;
    let base = server.url(scheme);
    let client = || {
        let client = PlainClient::trusting(server.certificate());
        move |request| client.clone().send(request)
    };
    let report = traffic::run(&base, CONNECTIONS, ROUNDS, idle_timeout, client).await;
    let executed = server.executed().await;

    let title = format!("{program} {scheme:?}, idle timeout {idle_timeout:.1?}");
    println!("{title}: {}", summary(&report, &executed));
    assert_eq!(report.sent(), CONNECTIONS * ROUNDS);
    for (id, status) in &report.answered {
        assert_eq!(*status, StatusCode::OK, "{id:?}");
        assert!(
            executed.contains_key(id),
            "{id:?} was answered, but never executed"
        );
    }
}

fn summary(report: &Report<String>, executed: &Executed) -> String {
    let errors: BTreeSet<_> = report.failed.iter().map(|(_, error)| error).collect();
    format!(
        "{} sent; {} GET and {} POST failed, {} of which were executed; {} requests were executed twice; {errors:#?}",
        report.sent(),
        report.failures(&Method::GET),
        report.failures(&Method::POST),
        report
            .failed
            .iter()
            .filter(|(id, _)| executed.contains_key(id))
            .count(),
        executed.values().filter(|times| **times > 1).count(),
    )
}

/// The client under test: hyper-util's own, with a pool of its own.
#[derive(Clone, Debug)]
struct PlainClient(Client<HttpsConnector<HttpConnector>, Full<Bytes>>);

impl PlainClient {
    fn trusting(certificate: CertificateDer<'static>) -> Self {
        let mut roots = RootCertStore::empty();
        roots
            .add(certificate)
            .expect("a certificate made by rcgen can be trusted");
        let tls =
            ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
                .with_safe_default_protocol_versions()
                .expect("ring knows the default versions of TLS")
                .with_root_certificates(roots)
                .with_no_client_auth();
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(tls)
            .https_or_http()
            .enable_http1()
            .build();
        Self(Client::builder(TokioExecutor::new()).build(connector))
    }

    async fn send(self, request: Request<Full<Bytes>>) -> Result<StatusCode, String> {
        let exchange = async {
            let response = self
                .0
                .request(request)
                .await
                .map_err(|error| chain(&error))?;
            let status = response.status();
            // Read to its end, so that the connection goes back to the pool.
            response
                .into_body()
                .collect()
                .await
                .map_err(|error| chain(&error))?;
            Ok(status)
        };
        let answer = timeout(Duration::from_secs(10), exchange).await;
        answer.unwrap_or_else(|_| Err("no answer for ten seconds".to_owned()))
    }
}

/// An error with all its sources, since a client's own words say no more than that it failed.
fn chain(error: &dyn std::error::Error) -> String {
    let sources = std::iter::successors(Some(error), |error| error.source());
    sources
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(": ")
}
