//! What was on the wire: the ages at which the doctor says that connections were closed, against the packets.
//!
//! Apart from the timeouts that are configured, as a server that is busy does not keep to its own. The program that watches has the
//! kernel's times of the packets, so it does not matter when it is let run. It wants Python, and root.

use std::net::Ipv4Addr;
use std::process::Stdio;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::process::{Child, ChildStdout, Command};

use super::command::Temporary;
use super::server::{NGINX, NODE, Program, Scheme, Server};
use super::servers::{allowed, probed};

/// Someone who watches a server's packets.
struct Watcher {
    child: Child,
    lines: BufReader<ChildStdout>,
}

impl Watcher {
    async fn of(port: &str) -> Self {
        let script = include_str!("wire.py");
        let mut command = Command::new("python3");
        command.args(["-c", script, port]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.kill_on_drop(true).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap());
        let mut ready = String::new();
        lines.read_line(&mut ready).await.unwrap();
        assert_eq!(ready, "ready\n", "it needs root");
        Self { child, lines }
    }

    /// For how long the server was silent, each time, in milliseconds.
    async fn silences(mut self) -> Vec<f64> {
        drop(self.child.stdin.take());
        let mut lines = String::new();
        self.lines.read_to_string(&mut lines).await.unwrap();
        lines.lines().map(|line| line.parse().unwrap()).collect()
    }
}

/// A server that keeps connections for a second: each close that is seen is there on the wire, and at that age.
async fn are_on_the_wire(program: &'static Program, scheme: Scheme) {
    let mut server = Server::spawn_keeping(program, Ipv4Addr::LOCALHOST, 1);
    server.wait_until_it_accepts().await;
    let name = format!("wire-{program}.pem");
    let certificate = Temporary::certificate(&name, &server.certificate());
    let base = server.url(scheme);
    let (_, port) = base.rsplit_once(':').unwrap();
    let (url, watcher) = (format!("{base}/"), Watcher::of(port).await);
    let protocol = if scheme.is_http2() {
        "HTTP/2"
    } else {
        "HTTP/1.1"
    };
    let found = probed(&url, &certificate, protocol).await;

    let mut silences = watcher.silences().await;
    let observations = found["observations"].as_array().unwrap().iter();
    let closed = observations.filter(|observation| observation["seen"] == "closed");
    let ages: Vec<_> = closed
        .map(|closed| closed["idle_ms"].as_f64().unwrap())
        .collect();
    println!("{url}: closed at {ages:?}; silent for {silences:?}");
    assert!(!ages.is_empty(), "{found:#}");
    for age in ages {
        let near = silences
            .iter()
            .position(|silence| (silence - age).abs() <= allowed(age));
        silences.swap_remove(near.unwrap_or_else(|| panic!("nobody was silent for {age} ms")));
    }
}

#[tokio::test]
#[ignore = "needs nginx, python3 and root"]
async fn the_closes_of_nginx_are_on_the_wire() {
    are_on_the_wire(&NGINX, Scheme::Cleartext).await;
}

#[tokio::test]
#[ignore = "needs node, python3 and root"]
async fn the_closes_of_node_over_http2_are_on_the_wire() {
    are_on_the_wire(&NODE, Scheme::Http2Tls).await;
}
