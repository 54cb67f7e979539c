//! How many system calls a request costs on the way that works, counted by strace, beside hyper-util's own client.

#![cfg(target_os = "linux")]
#![allow(
    missing_docs,
    dead_code,
    unused_imports,
    unreachable_pub,
    unnameable_types,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    reason = "test code: nothing is exported, and a panic is how a test fails; the peer is shared with other tests"
)]

mod contestant;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use rustls::pki_types::CertificateDer;
use tokio::runtime::Builder;
use unstale::test_peer as peer;

use contestant::Contestant;
use peer::{Peer, Script, Tls};

const REQUESTS: usize = 2_000;
/// What the kernel is asked by: `TCP_INFO`.
const QUESTION: &str = "getsockopt";
/// What differs by chance between two runs: the scheduler moves an `epoll_wait` or two.
const NOISE: usize = REQUESTS / 20;

const URL: &str = "UNSTALE_SYSCALLS_URL";
const CLIENT: &str = "UNSTALE_SYSCALLS_CLIENT";
/// Where the peer's certificate lies, which the process under strace has to trust.
const ROOT: &str = "UNSTALE_SYSCALLS_ROOT";

const TLS: Tls = Tls::V13 { close_notify: true };

#[test]
#[ignore = "needs strace"]
fn a_request_through_the_layer_costs_one_system_call_more_than_without() {
    costs_one_more(Contestant::Layered, Tls::Off);
}

#[test]
#[ignore = "needs strace"]
fn a_request_of_the_client_costs_one_system_call_more_than_one_of_hyper_util() {
    costs_one_more(Contestant::Client, Tls::Off);
}

#[test]
#[ignore = "needs strace"]
fn a_request_of_the_client_over_tls_costs_one_system_call_more_than_one_of_hyper_util() {
    costs_one_more(Contestant::Client, TLS);
}

fn costs_one_more(contestant: Contestant, tls: Tls) {
    let peer = Peer::start(tls, |_| Script::serve_forever());
    let (plain, ours) = (
        Count::of(&peer, Contestant::Plain),
        Count::of(&peer, contestant),
    );
    println!("{REQUESTS} requests, {tls:?}\n  plain {plain:?}\n  {contestant:?} {ours:?}");
    // The first request has nothing to ask; SO_PROTOCOL is asked once a connection.
    let asked = ours.times(QUESTION) - plain.times(QUESTION);
    assert!(
        (REQUESTS - 1..=REQUESTS + 1).contains(&asked),
        "the kernel is asked {asked} times"
    );
    let more = ours.all().saturating_sub(plain.all());
    assert!(more <= asked + NOISE, "{more} more");
}

/// How often each system call was made.
#[derive(Debug)]
struct Count(BTreeMap<String, usize>);

impl Count {
    /// Runs the test below under strace.
    fn of(peer: &Peer, contestant: Contestant) -> Self {
        let (trace, root) = (file(contestant, "trace"), file(contestant, "root"));
        std::fs::write(&root, peer.root()).unwrap();
        let status = Command::new("strace")
            .args(["-f", "-qq", "-o"])
            .arg(&trace)
            .arg(std::env::current_exe().unwrap())
            .args(["--exact", "sends_requests", "--ignored"])
            .env(URL, peer.url("/"))
            .env(CLIENT, contestant.name())
            .env(ROOT, &root)
            .stdout(Stdio::null())
            .status()
            .expect("this test needs strace: install it (Debian: apt-get install strace)");
        assert!(status.success(), "{contestant:?}");
        let calls = std::fs::read_to_string(&trace).unwrap();
        std::fs::remove_file(&trace).unwrap();
        std::fs::remove_file(&root).unwrap();
        let mut count = BTreeMap::new();
        // A call that another thread interrupts is written in two lines; a line is `PID name(arguments…`.
        for line in calls.lines().filter(|line| !line.contains(" resumed>")) {
            let call = line
                .split_whitespace()
                .nth(1)
                .and_then(|call| call.split_once('('));
            if let Some((name, _)) = call {
                *count.entry(name.to_owned()).or_default() += 1;
            }
        }
        Self(count)
    }

    fn times(&self, name: &str) -> usize {
        self.0.get(name).copied().unwrap_or(0)
    }

    fn all(&self) -> usize {
        self.0.values().sum()
    }
}

fn file(contestant: Contestant, what: &str) -> PathBuf {
    let (process, thread) = (std::process::id(), std::thread::current().id());
    let name = format!("unstale-{process}-{thread:?}-{}-{what}", contestant.name());
    std::env::temp_dir().join(name)
}

/// By a clock that stands still: strace makes everything slow, and where so much time passes between the answer to the question
/// and the write, the kernel is asked again.
#[test]
#[ignore = "run by the others under strace; by itself it needs a peer of its own"]
fn sends_requests() {
    let peer = Peer::start(Tls::Off, |_| Script::serve_forever());
    let url = std::env::var(URL).unwrap_or_else(|_| peer.url("/"));
    let contestant =
        std::env::var(CLIENT).map_or(Contestant::Client, |name| Contestant::named(&name));
    let root = std::env::var_os(ROOT).map_or_else(
        || peer.root(),
        |file| CertificateDer::from(std::fs::read(file).unwrap()),
    );
    let runtime = Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .unwrap();
    runtime.block_on(async {
        // While a thread is blocked tokio does not move the clock on by itself.
        let (done, blocked) = std::sync::mpsc::channel::<()>();
        let blocked = tokio::task::spawn_blocking(move || blocked.recv());
        contestant.send(REQUESTS, &url, root).await;
        drop(done);
        blocked.await.unwrap().unwrap_err();
    });
}
