//! nginx, Apache httpd, `HAProxy`, Node.js and Go's net/http: the timeout that is configured is found, to 5 % or 50 ms.
//!
//! At the first try. The kernel's times are compared with what is configured, so it does not matter how busy this machine is, as
//! long as it lets the servers run now and then: of those that close late, or early, others are asked.

use std::net::Ipv4Addr;
use std::time::Duration;

use serde_json::Value;

use super::command::{Temporary, run};
use super::go::Go;
use super::server::{APACHE, HAPROXY, NGINX, NODE, Program, Scheme, Server};

/// The longest idle age to look at; longer than any timeout here.
const LONGEST: &str = "12s";

/// What is configured, in seconds.
const SECONDS: [u32; 3] = [1, 2, 5];

/// How far off a time may be, in milliseconds.
pub(crate) fn allowed(milliseconds: f64) -> f64 {
    (milliseconds * 0.05).max(50.0)
}

/// Probes, and finds what is configured.
async fn found_at(url: &str, certificate: &Temporary, protocol: &str, truth: Duration) -> Value {
    let truth = truth.as_secs_f64() * 1000.0;
    let found = probed(url, certificate, protocol).await;
    assert_eq!(found["idle_timeout"]["kind"], "closes", "{found:#}");
    let milliseconds = found["idle_timeout"]["ms"].as_f64().unwrap();
    println!("{truth} ms {protocol} {url}: found {milliseconds} ms");
    let is_found = (milliseconds - truth).abs() <= allowed(truth);
    assert!(is_found, "{truth} ms: {found:#}");
    found
}

/// Probes, and hands out what was found by this protocol.
pub(crate) async fn probed(url: &str, certificate: &Temporary, protocol: &str) -> Value {
    let options = [
        "--json",
        "--longest",
        LONGEST,
        "--cacert",
        certificate.path(),
    ];
    let run = run(options.into_iter().chain([url])).await;
    assert_eq!(run.code, 0, "{run:#?}");
    let json = run.json();
    let all = json["protocols"].as_array().unwrap();
    let found = all.iter().find(|found| found["protocol"] == protocol);
    found.unwrap_or_else(|| panic!("{run:#?}")).clone()
}

/// How long a server keeps idle connections that was told so many seconds.
fn truth(program: &Program, scheme: Scheme, seconds: u32) -> Duration {
    let is_node = program.to_string() == "node";
    let seconds = match (is_node, scheme.is_http2()) {
        // Its script says so.
        (true, true) => 1,
        // It adds a second of its own (20.20).
        (true, false) => seconds + 1,
        (false, _) => seconds,
    };
    Duration::from_secs(seconds.into())
}

/// Each timeout, at servers side by side. Returns what was found of each.
async fn found(program: &'static Program, scheme: Scheme) -> Vec<Value> {
    let mut servers = Vec::new();
    for seconds in SECONDS {
        let mut server = Server::spawn_keeping(program, Ipv4Addr::LOCALHOST, seconds);
        server.wait_until_it_accepts().await;
        servers.push((server, seconds));
    }
    let probes = servers.iter().map(|(server, seconds)| async move {
        let name = format!("{program}-{scheme:?}-{seconds}.pem");
        let certificate = Temporary::certificate(&name, &server.certificate());
        let protocol = if scheme.is_http2() {
            "HTTP/2"
        } else {
            "HTTP/1.1"
        };
        let url = server.url(scheme) + "/";
        let truth = truth(program, scheme, *seconds);
        found_at(&url, &certificate, protocol, truth).await
    });
    futures_util::future::join_all(probes).await
}

macro_rules! table {
    ($($name:ident: $program:ident, $scheme:ident;)*) => {$(
        #[tokio::test]
        #[ignore = "needs nginx, apache2, haproxy or node"]
        async fn $name() {
            found(&$program, Scheme::$scheme).await;
        }
    )*};
}

table! {
    the_timeout_of_nginx_is_found_over_tls: NGINX, Tls;
    the_timeout_of_nginx_is_found_over_http2: NGINX, Http2Tls;
    the_timeout_of_apache_is_found_over_tls: APACHE, Tls;
    the_timeout_of_apache_is_found_over_http2: APACHE, Http2Tls;
    the_timeout_of_haproxy_is_found_over_tls: HAPROXY, Tls;
    the_timeout_of_haproxy_is_found_over_http2: HAPROXY, Http2Tls;
    the_timeout_of_node_is_found_over_tls: NODE, Tls;
    the_timeout_of_node_is_found_over_http2: NODE, Http2Tls;
}

/// All of them close by a FIN, and in the same manner each time.
#[track_caller]
fn assert_manners(found: &[Value], lingers: bool) {
    for found in found {
        let [manner] = &found["closes"].as_array().unwrap()[..] else {
            panic!("{found:#}");
        };
        let close = &manner["close"];
        assert_eq!(close["by"], "fin", "{found:#}");
        assert_eq!(close["lingers"], lingers, "{found:#}");
    }
}

/// Each announces its timeout, to all or only to those that ask.
fn assert_announced(found: &[Value], only_when_asked: bool) {
    for (found, seconds) in found.iter().zip(SECONDS) {
        let announced = &found["announced"];
        let timeout = f64::from(seconds) * 1000.0;
        assert_eq!(announced["timeout_ms"], timeout, "{found:#}");
        assert_eq!(announced["only_when_asked"], only_when_asked, "{found:#}");
    }
}

#[tokio::test]
#[ignore = "needs nginx"]
async fn the_timeout_of_nginx_is_found_and_that_it_closes_fully() {
    let found = found(&NGINX, Scheme::Cleartext).await;
    assert_manners(&found, false);
    assert!(found.iter().all(|found| found["announced"].is_null()));
}

#[tokio::test]
#[ignore = "needs apache2"]
async fn the_timeout_of_apache_is_found_and_that_it_lingers() {
    let found = found(&APACHE, Scheme::Cleartext).await;
    assert_manners(&found, true);
    assert_announced(&found, true);
}

#[tokio::test]
#[ignore = "needs haproxy"]
async fn the_timeout_of_haproxy_is_found_and_that_it_closes_fully() {
    let found = found(&HAPROXY, Scheme::Cleartext).await;
    assert_manners(&found, false);
}

#[tokio::test]
#[ignore = "needs node"]
async fn the_timeout_of_node_is_found_and_that_it_announces_less() {
    let found = found(&NODE, Scheme::Cleartext).await;
    assert_manners(&found, false);
    assert_announced(&found, false);
}

/// Go in cleartext and over TLS, where it speaks both protocols on one port.
async fn found_of_go(is_tls: bool, protocol: &str) {
    let probes = SECONDS.map(|seconds| async move {
        let server = Go::start(seconds, is_tls).await;
        let truth = Duration::from_secs(seconds.into());
        found_at(server.url(), server.certificate(), protocol, truth).await;
    });
    futures_util::future::join_all(probes).await;
}

#[tokio::test]
#[ignore = "needs go"]
async fn the_timeout_of_go_is_found_in_cleartext() {
    found_of_go(false, "HTTP/1.1").await;
}

#[tokio::test]
#[ignore = "needs go"]
async fn the_timeout_of_go_is_found_over_tls() {
    found_of_go(true, "HTTP/1.1").await;
}

#[tokio::test]
#[ignore = "needs go"]
async fn the_timeout_of_go_is_found_over_http2() {
    found_of_go(true, "HTTP/2").await;
}
