//! 10,000 random peers: whatever they send, every request ends within its time, and no POST is executed twice.
//!
//! To see one seed again: `UNSTALE_SEED=17 cargo test --test it fuzz`.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use http::Request;
use http_body_util::BodyExt;
use tokio::runtime::{Builder, Runtime};
use tower::ServiceExt;

use crate::client::{Client, Stack, client, empty, full, url};
use crate::peer::{Peer, Tls};

const SEEDS: u64 = 10_000;

/// Side by side, as most of a seed is waiting.
const THREADS: usize = 16;

/// Much longer than any sound one takes.
const WATCHDOG: Duration = Duration::from_secs(10);

/// One after the other, each round side by side: so connections are reused, and several lie in the pool.
const ROUNDS: usize = 3;
const METHODS: [&str; 3] = ["GET", "PUT", "POST"];

#[test]
fn no_random_peer_makes_a_request_hang_or_a_post_run_twice() {
    if let Some(seed) = std::env::var_os("UNSTALE_SEED") {
        let seed = seed.into_string().unwrap().parse().unwrap();
        return play(&runtime(), seed);
    }
    let next = AtomicU64::new(0);
    std::thread::scope(|threads| {
        for _ in 0..THREADS {
            threads.spawn(|| {
                let runtime = runtime();
                let seeds = std::iter::repeat_with(|| next.fetch_add(1, Ordering::Relaxed));
                for seed in seeds.take_while(|seed| *seed < SEEDS) {
                    play(&runtime, seed);
                }
            });
        }
    });
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

fn play(runtime: &Runtime, seed: u64) {
    // Printed if anything here panics, the peer's threads included.
    let _seed = OnPanic(seed);
    let tls = match seed / 2 % 8 {
        0 => Tls::V13 { close_notify: true },
        1 => Tls::V13 {
            close_notify: false,
        },
        _ => Tls::Off,
    };
    let scripts =
        move |n| crate::random::script(seed.wrapping_mul(1_000_003).wrapping_add(n as u64));
    let peer = Peer::start(tls, scripts);
    runtime.block_on(async {
        let stack = Stack::BOTH[usize::from(seed % 2 == 1)];
        let client = client(stack, &peer, tls);
        for round in 0..ROUNDS {
            let requests = METHODS.map(|method| {
                let path = format!("/{method}/{round}");
                send_one(&client, &peer, tls, method, path)
            });
            let [get, put, post] = requests;
            tokio::join!(get, put, post);
        }
    });
    // Once more, when nothing is under way: an execution may come later than the end of its request.
    for round in 0..ROUNDS {
        let path = format!("/POST/{round}");
        let executed = peer.executed("POST", &path);
        assert!(executed <= 1, "{path} was executed {executed} times");
    }
}

async fn send_one(client: &Client, peer: &Peer, tls: Tls, method: &str, path: String) {
    let body = if method == "GET" {
        empty()
    } else {
        full("hello")
    };
    let request = Request::builder()
        .method(method)
        .uri(url(peer, tls, &path))
        .body(body)
        .unwrap();
    let exchange = async {
        let response = client.clone().oneshot(request).await.ok()?;
        let is_success = response.status().is_success();
        response.into_body().collect().await.ok()?;
        Some(is_success)
    };
    let ended = tokio::time::timeout(WATCHDOG, exchange).await;
    let succeeded = ended.unwrap_or_else(|_| panic!("{method} {path} does not end"));
    let executed = peer.executed(method, &path);
    assert!(
        succeeded != Some(true) || executed >= 1,
        "{method} {path} was answered and not executed"
    );
    assert!(
        executed <= 2,
        "{method} {path} was executed {executed} times"
    );
    assert!(
        method != "POST" || executed <= 1,
        "{path} was executed {executed} times"
    );
}

/// Says which seed it was.
struct OnPanic(u64);

impl Drop for OnPanic {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{self}");
        }
    }
}

impl fmt::Display for OnPanic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "failed with UNSTALE_SEED={}", self.0)
    }
}
