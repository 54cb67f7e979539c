//! For how long idle connections are trusted; by a paused clock, and others that are set.

use std::time::Duration;

use http::HeaderMap;
use http::header::HeaderValue;
use tokio::io::DuplexStream;
use tokio::time::{advance, sleep};

use super::*;
use crate::conn::{Keeping, Set};
use crate::keepalive::Prevention;

const SECOND: Duration = Duration::from_secs(1);

type Peers = Arc<Mutex<Vec<DuplexStream>>>;

/// Opens connections whose peers say nothing, until they are dropped.
#[derive(Debug)]
struct Held(Peers);

impl Dial for Held {
    fn route(&self, key: Key) -> Result<Route, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Route::direct(key, Speaks::Http1)?)
    }

    fn dial(&self, _: &Arc<Route>, member: Arc<Member>) -> Dialing {
        let peers = Arc::clone(&self.0);
        Box::pin(async move {
            let (ours, theirs) = tokio::io::duplex(64);
            peers.lock().push(theirs);
            let io = PlainIo::alone(TokioIo::new(ours));
            let ledger = io.ledger();
            let (sender, mut connection) = http1::handshake(io).await?;
            let driver = poll_fn(move |cx| {
                let done = Pin::new(&mut connection).poll(cx);
                member.polled();
                done.map(|_| ())
            });
            Ok(Dialed {
                sender: Sender::Http1(sender),
                ledger,
                driver: Driving::new(driver),
            })
        })
    }
}

struct Server {
    pool: Arc<Pool>,
    peers: Peers,
    clocks: &'static Set,
}

impl Server {
    fn with(prevention: &Prevention) -> Self {
        let (peers, clocks) = (Peers::default(), Set::new());
        let dialer = Box::new(Held(Arc::clone(&peers)));
        let keeping = Keeping::by(prevention, clocks);
        Self {
            pool: Pool::new(Settings::default(), dialer, keeping, None),
            peers,
            clocks,
        }
    }

    fn new() -> Self {
        Self::with(&Prevention::default())
    }

    /// So many connections lie idle.
    async fn idle(&self, connections: usize) {
        let mut taken = Vec::new();
        for _ in 0..connections {
            taken.push(lease(&self.pool, "a").await);
        }
        settle().await;
        taken.into_iter().for_each(give_back);
        settle().await;
    }

    async fn announce(&self, value: &'static str) {
        let taken = lease(&self.pool, "a").await;
        let mut head = HeaderMap::new();
        head.insert("keep-alive", HeaderValue::from_static(value));
        taken.ledger().answered(&head);
        settle().await;
        give_back(taken);
        settle().await;
    }

    /// The server closes all that it has.
    async fn close(&self) {
        self.peers.lock().clear();
        settle().await;
        assert!(self.pool.connections().all().is_empty());
    }

    /// It closes connections that have been idle for so long, twice.
    async fn teach(&self, idle: Duration) {
        for _ in 0..2 {
            self.idle(1).await;
            sleep(idle).await;
            self.close().await;
            sleep(2 * SECOND).await;
        }
    }

    /// What ends a connection that is idle from now on.
    async fn ends(&self) -> (DiscardReason, Duration) {
        self.idle(1).await;
        self.pool.connections().all()[0].ends().unwrap()
    }

    fn discarded(&self, reason: DiscardReason) -> u64 {
        self.pool.counters().discarded(reason)
    }

    async fn is_reused(&self) -> bool {
        let taken = lease(&self.pool, "a").await;
        let is_reused = taken.is_reused;
        settle().await;
        advance(Duration::from_millis(1)).await;
        give_back(taken);
        settle().await;
        is_reused
    }
}

#[tokio::test(start_paused = true)]
async fn one_that_its_server_is_about_to_close_is_neither_used_nor_kept() {
    let server = Server::new();
    server.announce("timeout=5").await;
    let ends = server.pool.connections().all()[0].ends();
    let limit = Duration::from_millis(4_800);
    assert_eq!(ends, Some((DiscardReason::Expiring, limit)));
    sleep(Duration::from_millis(4_700)).await;
    assert!(server.is_reused().await, "not yet");
    advance(limit).await;
    // Nobody has swept yet.
    assert!(!server.is_reused().await);
    assert_eq!(server.discarded(DiscardReason::Expiring), 1);
    sleep(10 * SECOND).await;
    // Nobody has asked for it.
    assert!(server.pool.connections().all().is_empty());
    assert_eq!(server.discarded(DiscardReason::Expiring), 2);
    assert_eq!(server.discarded(DiscardReason::IdleTimeout), 0);
}

#[tokio::test(start_paused = true)]
async fn all_that_have_been_idle_for_too_long_are_passed_over() {
    let server = Server::new();
    server.announce("timeout=5").await;
    server.idle(10).await;
    advance(Duration::from_millis(4_800)).await;
    assert!(!server.is_reused().await);
    assert_eq!(server.discarded(DiscardReason::Expiring), 10);
}

#[tokio::test(start_paused = true)]
async fn what_two_closes_taught_ends_the_next_ones_before() {
    let server = Server::new();
    assert_eq!(server.ends().await.0, DiscardReason::IdleTimeout);
    server.teach(5 * SECOND).await;
    let limit = Duration::from_millis(4_800);
    assert_eq!(server.ends().await, (DiscardReason::Expiring, limit));
    sleep(limit).await;
    assert!(!server.is_reused().await);
}

#[tokio::test(start_paused = true)]
async fn a_burst_and_a_restart_teach_nothing() {
    let server = Server::new();
    for uptime in [20, 7, 31] {
        server.idle(64).await;
        sleep(uptime * SECOND).await;
        server.close().await;
    }
    assert_eq!(server.ends().await.0, DiscardReason::IdleTimeout);
}

#[tokio::test(start_paused = true)]
async fn what_was_learned_is_kept_unused_until_its_server_has_closed_it() {
    let server = Server::new();
    server.teach(5 * SECOND).await;
    server.idle(1).await;
    sleep(Duration::from_millis(5_200)).await;
    assert_eq!(server.pool.connections().all().len(), 1);
    let before = server.discarded(DiscardReason::PeerClosed);
    server.close().await;
    assert_eq!(server.discarded(DiscardReason::PeerClosed), before + 1);
    assert_eq!(server.discarded(DiscardReason::Expiring), 0);
}

#[tokio::test(start_paused = true)]
async fn what_two_connections_have_outlived_was_not_so() {
    let server = Server::new();
    server.teach(5 * SECOND).await;
    for _ in 0..2 {
        assert_eq!(server.ends().await.0, DiscardReason::Expiring);
        sleep(7 * SECOND).await;
        assert!(server.pool.connections().all().is_empty());
    }
    assert_eq!(server.ends().await.0, DiscardReason::IdleTimeout);
}

#[tokio::test(start_paused = true)]
async fn after_a_sleep_a_request_gets_a_fresh_connection() {
    let server = Server::new();
    server.idle(3).await;
    server.clocks.sleep(3_600);
    assert!(!server.is_reused().await);
    assert_eq!(server.discarded(DiscardReason::AfterSleep), 3);
    sleep(4 * SECOND).await;
    assert!(server.is_reused().await, "the fresh one");
}

#[tokio::test(start_paused = true)]
async fn after_a_sleep_those_that_nobody_asks_for_are_closed() {
    let server = Server::new();
    server.idle(3).await;
    server.clocks.sleep(3_600);
    sleep(6 * SECOND).await;
    assert!(server.pool.connections().all().is_empty());
    assert_eq!(server.discarded(DiscardReason::AfterSleep), 3);
}

#[tokio::test(start_paused = true)]
async fn a_sleep_counts_against_what_is_known_of_the_server() {
    let server = Server::new();
    server.announce("timeout=60").await;
    server.clocks.sleep(30);
    assert!(server.is_reused().await, "its server keeps it for longer");
    server.clocks.sleep(60);
    assert!(!server.is_reused().await);
    assert_eq!(server.discarded(DiscardReason::Expiring), 1);
}

#[tokio::test(start_paused = true)]
async fn after_the_process_stood_still_a_request_gets_a_fresh_connection() {
    let server = Server::new();
    server.idle(2).await;
    // No task runs meanwhile, and no clock loses time.
    advance(11 * SECOND).await;
    assert!(!server.is_reused().await);
    assert_eq!(server.discarded(DiscardReason::AfterSleep), 2);
    // While they run, the same time is nothing.
    sleep(40 * SECOND).await;
    assert!(server.is_reused().await);
}

#[tokio::test(start_paused = true)]
async fn a_close_in_a_time_that_was_stood_still_teaches_nothing() {
    let server = Server::new();
    for _ in 0..4 {
        server.idle(1).await;
        advance(20 * SECOND).await;
        server.close().await;
        sleep(2 * SECOND).await;
    }
    assert_eq!(server.ends().await.0, DiscardReason::IdleTimeout);
}

#[tokio::test(start_paused = true)]
async fn with_prevention_off_only_the_pools_own_timeout_counts() {
    let server = Server::with(&Prevention::off());
    server.announce("timeout=5").await;
    server.teach(5 * SECOND).await;
    assert_eq!(server.ends().await.0, DiscardReason::IdleTimeout);
    advance(60 * SECOND).await;
    server.clocks.sleep(3_600);
    assert!(server.is_reused().await);
}
