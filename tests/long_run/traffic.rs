//! What the workers send, and what became of it: any method and body, read to the end, given up half way, or not read.

use std::pin::pin;
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, StatusCode};
use http_body_util::BodyExt;
use tokio::time::{sleep, timeout};
use unstale::verdict::{Attempt, Refusal};
use unstale::{Attempts, Client, Connections, Error};

use crate::client::{Body, empty, full, stream};
use crate::random::Dice;

/// How often a second may pass before a request is thought to hang: for much longer than anything sound takes, on a busy machine too.
/// A process that gets no processor, or is stopped, for all of that time lets but one of these seconds pass.
const PATIENCE: usize = 30;
const SECOND: Duration = Duration::from_secs(1);

const SMALL: usize = 200;
/// Over the limit of what is kept for a replay.
const LARGE: usize = 200 * 1024;

/// One request, and what is to become of it.
pub struct Plan {
    method: Method,
    pieces: Vec<Bytes>,
    /// Its body comes bit by bit, and nobody knows how long it will be.
    is_streamed: bool,
    fate: Fate,
}

enum Fate {
    ReadToTheEnd,
    GivenUpAfter(Duration),
    AnswerDropped,
    AnswerDroppedHalfWay,
}

/// A request that was sent.
pub struct Sent {
    pub method: Method,
    pub path: String,
    pub body: usize,
    pub outcome: Outcome,
}

impl Sent {
    pub fn met_a_closed_client(&self) -> bool {
        match &self.outcome {
            Outcome::Failed(error) => error.refusal() == Refusal::ClientClosed,
            _ => false,
        }
    }
}

pub enum Outcome {
    /// It was answered; the body is `None` if it broke off.
    Answered {
        status: StatusCode,
        body: Option<Bytes>,
        failed: Vec<Attempt>,
    },
    Failed(Error),
    /// The caller lost interest.
    Dropped,
    /// What the client had for connections then.
    Hangs(Connections),
}

impl Plan {
    pub fn by_chance(dice: &mut Dice) -> Self {
        let method = match dice.below(20) {
            0..=7 => Method::GET,
            8..=12 => Method::PUT,
            _ => Method::POST,
        };
        let pieces = match dice.below(16) {
            _ if method == Method::GET => 0,
            0 => 0,
            1..=3 => 1 + dice.below(5),
            _ => 1,
        };
        let largest = if dice.chance(12) { LARGE } else { SMALL };
        let piece = |dice: &mut Dice| Bytes::from(vec![b'b'; 1 + dice.below(largest)]);
        let fate = match dice.below(40) {
            0..=4 => Fate::GivenUpAfter(Duration::from_micros(dice.below(8_000) as u64)),
            5..=6 => Fate::AnswerDropped,
            7..=8 => Fate::AnswerDroppedHalfWay,
            _ => Fate::ReadToTheEnd,
        };
        Self {
            method,
            pieces: (0..pieces).map(|_| piece(dice)).collect(),
            is_streamed: pieces > 1 || dice.chance(4),
            fate,
        }
    }

    /// Sends it.
    pub async fn send(self, client: &Client, base: &str, path: String) -> Sent {
        let Self {
            method,
            pieces,
            is_streamed,
            fate,
        } = self;
        let length = pieces.iter().map(Bytes::len).sum();
        let (feed, body) = feed(pieces, is_streamed);
        let request = Request::builder()
            .method(&method)
            .uri(format!("{base}{path}"))
            .body(body)
            .unwrap();
        let exchange = async { tokio::join!(exchange(client, request, &fate), feed).0 };
        let outcome = match fate {
            Fate::GivenUpAfter(delay) => timeout(delay, exchange).await.unwrap_or(Outcome::Dropped),
            _ => patiently(exchange)
                .await
                .unwrap_or_else(|| Outcome::Hangs(client.connections())),
        };
        Sent {
            method,
            path,
            body: length,
            outcome,
        }
    }
}

/// What a request comes to, unless it hangs.
async fn patiently(exchange: impl Future<Output = Outcome>) -> Option<Outcome> {
    let mut exchange = pin!(exchange);
    for _ in 0..PATIENCE {
        if let Ok(outcome) = timeout(SECOND, exchange.as_mut()).await {
            return Some(outcome);
        }
    }
    None
}

/// The body, and what feeds it meanwhile if it is streamed.
fn feed(pieces: Vec<Bytes>, is_streamed: bool) -> (impl Future<Output = ()>, Body) {
    let (sender, body, pieces) = if is_streamed {
        let (sender, body) = stream();
        (Some(sender), body, pieces)
    } else {
        let whole = pieces.concat();
        let body = if whole.is_empty() {
            empty()
        } else {
            full(whole)
        };
        (None, body, Vec::new())
    };
    let feed = async move {
        for piece in pieces {
            let is_wanted = sender
                .as_ref()
                .is_some_and(|sender| sender.send(piece).is_ok());
            if !is_wanted {
                return;
            }
            sleep(Duration::from_millis(1)).await;
        }
    };
    (feed, body)
}

async fn exchange(client: &Client, request: Request<Body>, fate: &Fate) -> Outcome {
    let mut response = match client.request(request).await {
        Ok(response) => response,
        Err(error) => return Outcome::Failed(error),
    };
    match fate {
        Fate::AnswerDropped => Outcome::Dropped,
        Fate::AnswerDroppedHalfWay => {
            let _ = response.body_mut().frame().await;
            Outcome::Dropped
        }
        _ => Outcome::Answered {
            status: response.status(),
            failed: Attempts::of(&response).to_vec(),
            body: match response.into_body().collect().await {
                Ok(body) => Some(body.to_bytes()),
                Err(_) => None,
            },
        },
    }
}

/// How long a worker does nothing: mostly not at all, at times long enough for the pool to close what is idle.
pub async fn rest(dice: &mut Dice) {
    match dice.below(60) {
        0 => sleep(Duration::from_millis(400)).await,
        1..=20 => sleep(Duration::from_millis(dice.below(15) as u64)).await,
        _ => {}
    }
}
