//! A client process that was stopped, while its peer closed, reset, or went away: its next POST goes over a fresh connection.
//!
//! The client is this very test, run in a process of its own, which is told by its environment that it is the client. It is
//! stopped as a debugger or a frozen container stops it, and no clock of its loses time by that.

use std::io::{BufRead, BufReader, Lines, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use tokio::io::AsyncBufReadExt;
use unstale::{Attempts, Client, DiscardReason};

use super::setup::{current_thread, get, post, read, soon};
use crate::kernel;
use crate::peer::{Peer, Script, Tls};

/// Where the client finds the address that it is to send to.
const ADDRESS: &str = "UNSTALE_FROZEN_CLIENT";
/// What it says begins with this; the test harness says more.
const SAID: &str = "client: ";

/// What the client does: one request, and when it is told so, a POST.
fn client(url: &str) {
    current_thread().block_on(async {
        let client = Client::builder().no_proxy().build().unwrap();
        get(&client, format!("{url}/warm")).await.unwrap();
        say("idle");
        let mut told = tokio::io::BufReader::new(tokio::io::stdin()).lines();
        told.next_line().await.unwrap();
        let answer = soon(client.request(post(format!("{url}/pay"))))
            .await
            .unwrap();
        let (status, failed) = (answer.status(), Attempts::of(&answer).len());
        read(answer).await;
        let counters = client.counters();
        say(&format!(
            "{status}, {failed} failed, {} expiring, {} after sleep",
            counters.discarded(DiscardReason::Expiring),
            counters.discarded(DiscardReason::AfterSleep),
        ));
    });
}

fn say(what: &str) {
    println!("{SAID}{what}");
    std::io::stdout().flush().unwrap();
}

/// The client as its test sees it.
struct Frozen {
    child: Child,
    told: ChildStdin,
    said: Lines<BufReader<ChildStdout>>,
}

impl Frozen {
    /// Starts the client of this test; it has made its first request when this returns.
    fn start(test: &str, peer: &Peer) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([&format!("frozen::{test}"), "--exact", "--nocapture"])
            .env(ADDRESS, format!("http://{}", peer.addr()))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let told = child.stdin.take().unwrap();
        let said = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut started = Self { child, told, said };
        assert_eq!(started.hear(), "idle");
        started
    }

    fn hear(&mut self) -> String {
        let said = self.said.by_ref().map(Result::unwrap);
        let mut words = said.filter_map(|line| {
            let at = line.find(SAID)? + SAID.len();
            Some(line.get(at..)?.to_owned())
        });
        words.next().expect("the client says how it went")
    }

    /// Stops it while the peer does this, and for so long at least; then it sends its POST.
    fn stopped_while(&mut self, time: Duration, act: impl FnOnce()) -> String {
        self.signal("STOP");
        kernel::block_until("it is stopped", || self.state() == Some('T'));
        act();
        pause(time);
        writeln!(self.told, "now").unwrap();
        self.signal("CONT");
        self.hear()
    }

    fn signal(&self, name: &str) {
        let line = format!("kill -{name} {}", self.child.id());
        let sent = Command::new("sh").args(["-c", &line]).status().unwrap();
        assert!(sent.success());
    }

    /// As `ps` says it.
    fn state(&self) -> Option<char> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).ok()?;
        let (_, after_name) = stat.rsplit_once(") ")?;
        after_name.chars().next()
    }
}

impl Drop for Frozen {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// For the process that is stopped it is this time which matters.
#[expect(
    clippy::disallowed_methods,
    reason = "no runtime is blocked: there is none in the process that waits"
)]
fn pause(time: Duration) {
    std::thread::sleep(time);
}

/// A peer that answers the first request like this, and then does as it is told; further connections serve.
fn peer(answer: &'static str, end: Script) -> Peer {
    let first = Script::new().read_all().execute().send(answer).wait("end");
    let script = first.then(end);
    Peer::start(Tls::Off, move |n| match n {
        0 => script.clone(),
        _ => Script::serve_forever(),
    })
}

const ANSWER: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const KEEPS_TWO_SECONDS: &str =
    "HTTP/1.1 200 OK\r\nKeep-Alive: timeout=2\r\nContent-Length: 2\r\n\r\nok";

/// It was stopped for long enough that this is noticed by itself.
const LONG: Duration = Duration::from_secs(12);
const SHORT: Duration = Duration::from_secs(3);

fn play(test: &str, peer: &Peer, time: Duration, act: impl FnOnce(&Peer)) -> String {
    let mut client = Frozen::start(test, peer);
    let said = client.stopped_while(time, || act(peer));
    assert_eq!(peer.executed("POST", "/pay"), 1, "{said}");
    assert_eq!(peer.connections(), 2, "{said}");
    said
}

#[test]
fn after_a_stop_in_which_the_peer_closed_a_post_succeeds() {
    if let Ok(url) = std::env::var(ADDRESS) {
        return client(&url);
    }
    let test = "after_a_stop_in_which_the_peer_closed_a_post_succeeds";
    let peer = peer(ANSWER, Script::new().close());
    let said = play(test, &peer, Duration::ZERO, |peer| {
        peer.go("end");
        let addr = peer.addr();
        kernel::block_until("its FIN has come", || kernel::half_closed(addr) == 1);
    });
    assert!(said.starts_with("200 OK, 0 failed"), "{said}");
}

#[test]
fn after_a_stop_in_which_the_peer_reset_a_post_succeeds() {
    if let Ok(url) = std::env::var(ADDRESS) {
        return client(&url);
    }
    let test = "after_a_stop_in_which_the_peer_reset_a_post_succeeds";
    let peer = peer(ANSWER, Script::new().rst());
    let said = play(test, &peer, Duration::ZERO, |peer| {
        peer.go("end");
        let addr = peer.addr();
        kernel::block_until("its RST has come", || kernel::established(addr) == 0);
    });
    assert!(said.starts_with("200 OK, 0 failed"), "{said}");
}

#[test]
fn after_a_stop_in_which_a_peer_went_away_that_had_announced_its_timeout_a_post_succeeds() {
    if let Ok(url) = std::env::var(ADDRESS) {
        return client(&url);
    }
    let test =
        "after_a_stop_in_which_a_peer_went_away_that_had_announced_its_timeout_a_post_succeeds";
    // It answers nothing any more on this connection, and says nothing either.
    let peer = peer(KEEPS_TWO_SECONDS, Script::new().stall());
    let said = play(test, &peer, SHORT, |_| {});
    assert_eq!(said, "200 OK, 0 failed, 1 expiring, 0 after sleep");
}

#[test]
fn after_a_long_stop_in_which_a_peer_went_away_a_post_succeeds() {
    if let Ok(url) = std::env::var(ADDRESS) {
        return client(&url);
    }
    let test = "after_a_long_stop_in_which_a_peer_went_away_a_post_succeeds";
    let peer = peer(ANSWER, Script::new().stall());
    let said = play(test, &peer, LONG, |_| {});
    assert_eq!(said, "200 OK, 0 failed, 0 expiring, 1 after sleep");
}
