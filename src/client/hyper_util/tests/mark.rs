//! The mark is never above the true start of the exchange: the stress that the proof rests on.

use std::convert::Infallible;
use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Empty, Full, StreamBody};
use hyper_util::client::legacy::connect::{HttpConnector, capture_connection};
use hyper_util::client::legacy::{Client, Error};
use hyper_util::rt::TokioExecutor;
use tokio::time::{Instant, timeout};
use tower_layer::Layer;

use super::attacked::{START, serve};
use crate::body::ReplayBody;
use crate::conn::scope::{self, Seen, Slot};
use crate::conn::{Track, TrackLayer};

type Body = ReplayBody<UnsyncBoxBody<Bytes, Infallible>>;
type Tracked = Client<Track<HttpConnector>, Body>;
type Answer = http::Response<hyper::body::Incoming>;

const TASKS: u64 = 48;
const REQUESTS_A_TASK: u64 = 417;

/// How the marks of the answered requests compare with the truth.
#[derive(Debug, Default)]
struct Tally {
    exact: AtomicU64,
    low: AtomicU64,
    high: AtomicU64,
}

/// A sequence of choices, the same for the same seed.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        (mixed >> 31) % sides
    }
}

#[test]
fn the_mark_is_never_above_the_true_start() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(4)
        .enable_all()
        .build()
        .unwrap();
    let tally = Arc::new(Tally::default());
    runtime.block_on(async {
        let address = serve().await;
        let client = Client::builder(TokioExecutor::new())
            .pool_max_idle_per_host(16)
            .build(TrackLayer::new().layer(HttpConnector::new()));
        let tasks: Vec<_> = (0..TASKS)
            .map(|seed| {
                tokio::spawn(attack(
                    client.clone(),
                    address,
                    Dice(seed),
                    Arc::clone(&tally),
                ))
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
    });
    let count = |of: &AtomicU64| of.load(Ordering::Relaxed);
    assert_eq!(count(&tally.high), 0, "{tally:?}");
    // A mark that is always low would pass, and prove nothing ever.
    let answered = count(&tally.exact) + count(&tally.low);
    assert!(answered > TASKS * REQUESTS_A_TASK / 2, "{tally:?}");
    assert!(count(&tally.exact) > answered * 8 / 10, "{tally:?}");
}

async fn attack(client: Tracked, address: SocketAddr, mut dice: Dice, tally: Arc<Tally>) {
    for _ in 0..REQUESTS_A_TASK {
        let request = request(address, &mut dice);
        let is_captured = dice.roll(10) == 0;
        let patience = match dice.roll(6) {
            0 => Duration::from_micros(dice.roll(2_000)),
            _ => Duration::from_secs(20),
        };
        let sending = send(&client, request, is_captured);
        let Ok((Ok(answer), Some(seen))) = timeout(patience, sending).await else {
            continue;
        };
        let start = answer.headers()[START]
            .to_str()
            .unwrap()
            .parse::<u64>()
            .unwrap();
        let count = match seen.mark.cmp(&start) {
            std::cmp::Ordering::Equal => &tally.exact,
            std::cmp::Ordering::Less => &tally.low,
            std::cmp::Ordering::Greater => &tally.high,
        };
        count.fetch_add(1, Ordering::Relaxed);
        // Copies of the extra that a user makes must change nothing.
        let copies = vec![answer.extensions().clone(); 2];
        if dice.roll(4) > 0 {
            let _ = answer.into_body().collect().await;
        }
        drop(copies);
    }
}

/// One attempt as the adapter makes it, and the connection as it saw it.
async fn send(
    client: &Tracked,
    mut request: Request<Body>,
    is_captured: bool,
) -> (Result<Answer, Error>, Option<Seen>) {
    let started = Instant::now();
    if is_captured {
        drop(capture_connection(&mut request));
    }
    let mut slot = Some(Box::new(Slot {
        progress: request.body().progress(),
        started,
        is_captured,
        opened_after: None,
        idle_at_most: None,
        silent_since: None,
        tunnel: false,
        opened: None,
        seen: None,
    }));
    let mut future = pin!(client.request(request));
    let answer = poll_fn(|cx| scope::within(&mut slot, || future.as_mut().poll(cx))).await;
    (answer, slot.unwrap().seen)
}

fn request(address: SocketAddr, dice: &mut Dice) -> Request<Body> {
    let path = [
        "",
        "large",
        "early",
        "continue",
        "early-large",
        "continue-early",
    ];
    let path = path[usize::try_from(dice.roll(6)).unwrap()];
    let uri = format!("http://{address}/{path}");
    let body = match dice.roll(4) {
        0 | 1 => Empty::new().boxed_unsync(),
        2 => Full::from("twelve bytes").boxed_unsync(),
        _ => paced(dice.roll(5)).boxed_unsync(),
    };
    Request::post(uri).body(ReplayBody::once(body)).unwrap()
}

/// An upload that takes its time.
fn paced(frames: u64) -> impl http_body::Body<Data = Bytes, Error = Infallible> {
    let frames = futures_util::stream::unfold(frames, |left| async move {
        if left == 0 {
            return None;
        }
        if left % 2 == 0 {
            tokio::time::sleep(Duration::from_micros(300)).await;
        } else {
            tokio::task::yield_now().await;
        }
        let frame = http_body::Frame::data(Bytes::from_static(&[b'x'; 700]));
        Some((Ok(frame), left - 1))
    });
    StreamBody::new(frames)
}
