//! One play: a connection is made a reused one, the peer does what its case says, and the request is sent at that moment.

use std::time::Duration;

use http::Request;
use http_body_util::BodyExt;
use tokio::time::{Instant, sleep, timeout};
use tower::ServiceExt;
use unstale::evidence::{Delivery, End, Evidence};
use unstale::verdict::{Attempt, Refusal};
use unstale::{Attempts, RetryPolicy};

use super::case::{Case, DONE, END, ENDED};
use super::node::Node;
use super::request::{Sender, client, post};
use crate::lab::Link;
use crate::peer::{Peer, Script, Tls};
use crate::stacks;

/// So many exchanges make a connection one of which its peer's kernel expects an answer before it acknowledges.
const BEFORE: usize = 3;
/// How often a play is begun anew in which the request did not cross the peer's end.
pub const TRIES: usize = 50;
/// After which time a play has gone wrong, or nobody will ever hear of the request: a RST that is lost is not sent again, and a
/// kernel to which everything was acknowledged has nothing to ask about.
const PATIENCE: Duration = Duration::from_secs(20);
/// By then a connection whose response was read is back in the pool, on a machine that is not too busy.
const BACK_IN_THE_POOL: Duration = Duration::from_millis(2);
/// How long is waited for the peer's program, where nobody else waits for it.
const AFTERMATH: Duration = Duration::from_secs(1);

/// How the client speaks with the peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Wire {
    /// In cleartext, the whole request at once.
    Cleartext,
    /// In cleartext, with a rest of the body to come.
    CleartextRestToCome,
    /// TLS 1.3, whose end the peer announces by `close_notify`.
    TlsGoodbye,
    /// TLS 1.3 without.
    TlsAbrupt,
}

impl Wire {
    /// The ways in which a case can be played.
    pub fn of(case: Case) -> &'static [Self] {
        match case {
            // Node's `socket.end()` always says `close_notify`.
            Case::NodeEndsIdle => &[Self::Cleartext, Self::TlsGoodbye],
            Case::Closes
            | Case::HalfClosesExecutesCloses
            | Case::HalfClosesActsOnPart
            | Case::AbortsIdle => &[
                Self::Cleartext,
                Self::CleartextRestToCome,
                Self::TlsGoodbye,
                Self::TlsAbrupt,
            ],
            _ => &[Self::Cleartext, Self::TlsGoodbye, Self::TlsAbrupt],
        }
    }

    pub fn tls(self) -> Tls {
        match self {
            Self::Cleartext | Self::CleartextRestToCome => Tls::Off,
            Self::TlsGoodbye => Tls::V13 { close_notify: true },
            Self::TlsAbrupt => Tls::V13 {
                close_notify: false,
            },
        }
    }
}

/// What is played.
#[derive(Clone, Debug)]
pub struct Play {
    pub case: Case,
    pub wire: Wire,
    pub sender: Sender,
    pub policy: RetryPolicy,
    /// When the rest of the body falls due, if it is to come.
    pub rest_after: Duration,
}

/// What came of the request.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The evidence of the first attempt: the one that was played on.
    pub evidence: Option<Evidence>,
    /// How often it was executed, on all connections.
    pub executed: usize,
    /// Why it failed; `None` if it was answered.
    pub refusal: Option<Refusal>,
    /// Nothing at all was heard.
    pub is_silent: bool,
}

impl Outcome {
    /// Of a play that came to nothing: the exchanges before went over more than one connection.
    const NOTHING: Self = Self {
        evidence: None,
        executed: 0,
        refusal: None,
        is_silent: false,
    };

    /// Of a play of which nobody hears any more.
    const SILENCE: Self = Self {
        is_silent: true,
        ..Self::NOTHING
    };

    fn new(attempts: &[Attempt], refusal: Option<Refusal>, executed: usize) -> Self {
        Self {
            evidence: attempts.first().and_then(Attempt::evidence).cloned(),
            executed,
            refusal,
            is_silent: false,
        }
    }

    pub fn delivery(&self) -> Option<Delivery> {
        self.evidence.as_ref().map(Evidence::delivery)
    }

    pub fn end(&self) -> Option<End> {
        self.evidence.as_ref().map(Evidence::end)
    }

    /// Whether the request was sent on the connection that was played on.
    pub fn was_sent(&self) -> bool {
        !matches!(self.delivery(), None | Some(Delivery::NotSent))
    }
}

impl Play {
    /// Plays once. `node` is for the one case that is no script's.
    pub async fn run(&self, link: &Link, node: Option<&Node>) -> Outcome {
        let played = async {
            match node {
                Some(node) if self.case == Case::NodeEndsIdle => self.with_node(node).await,
                _ => self.with_peer(link).await,
            }
        };
        let outcome = timeout(PATIENCE, played).await;
        outcome.unwrap_or(Outcome::SILENCE)
    }

    async fn with_peer(&self, link: &Link) -> Outcome {
        let whole = self.wire != Wire::CleartextRestToCome;
        let before = (0..BEFORE).fold(Script::new(), |script, _| script.serve());
        let script = self.case.script(before, whole).expect("a scripted case");
        let tls = self.wire.tls();
        let address = link.address();
        // Not on the runtime: to enter the namespace takes a thread, which is waited for.
        let peer = tokio::task::block_in_place(|| {
            link.place(move || {
                Peer::start_at(address, tls, move |n| match n {
                    0 => script.clone(),
                    _ => Script::serve_forever(),
                })
            })
        });
        let client = client(self.sender, peer.root(), self.policy.clone());
        let url = format!("{}://{}", tls.scheme(), peer.addr());
        make_reused(&client, &url).await;
        if peer.connections() > 1 {
            tokio::task::block_in_place(|| drop(peer));
            return Outcome::NOTHING;
        }
        if self.case.crosses() {
            peer.go(END);
            peer.reached_async(ENDED).await;
        }
        let (attempts, refusal) = self.send(&client, &format!("{url}/play")).await;
        let begun = Instant::now();
        // What is executed late is executed all the same.
        while self.case.executes() && !peer.has_reached(DONE) && begun.elapsed() < AFTERMATH {
            sleep(Duration::from_millis(5)).await;
        }
        drop(client);
        let executed = tokio::task::block_in_place(|| peer.finish(Peer::finish));
        let of_the_play = executed
            .iter()
            .filter(|execution| execution.path == "/play");
        Outcome::new(&attempts, refusal, of_the_play.count())
    }

    async fn with_node(&self, node: &Node) -> Outcome {
        let client = client(self.sender, node.certificate(), self.policy.clone());
        let url = node.url(self.wire.tls());
        let path = node.new_path();
        let ports = make_reused(&client, &url).await;
        let [port, others @ ..] = ports.as_slice() else {
            return Outcome::NOTHING;
        };
        if others.iter().any(|other| other != port) {
            return Outcome::NOTHING;
        }
        node.end(port).await;
        let (attempts, refusal) = self.send(&client, &format!("{url}{path}")).await;
        let begun = Instant::now();
        while node.executed(&path) == 0 && begun.elapsed() < AFTERMATH {
            sleep(Duration::from_millis(5)).await;
        }
        Outcome::new(&attempts, refusal, node.executed(&path))
    }

    async fn send(&self, client: &stacks::Client, url: &str) -> (Vec<Attempt>, Option<Refusal>) {
        let rest_to_come = self.wire == Wire::CleartextRestToCome;
        let request = post(url, rest_to_come.then_some(self.rest_after));
        match client.clone().oneshot(request).await {
            Ok(response) => {
                let attempts = Attempts::of(&response).to_vec();
                response.into_body().collect().await.unwrap();
                (attempts, None)
            }
            Err(error) => (error.attempts().to_vec(), Some(error.refusal())),
        }
    }
}

/// Exchanges, after which a connection lies idle; what they were answered.
async fn make_reused(client: &stacks::Client, url: &str) -> Vec<String> {
    let mut answers = Vec::new();
    for _ in 0..BEFORE {
        let request = Request::get(format!("{url}/before")).body(stacks::empty());
        let response = client.clone().oneshot(request.unwrap()).await.unwrap();
        let answer = response.into_body().collect().await.unwrap().to_bytes();
        answers.push(String::from_utf8(answer.to_vec()).unwrap());
        // The connection goes back to the pool by a task of its own. One that is late is left, and the play begun anew.
        sleep(BACK_IN_THE_POOL).await;
    }
    answers
}
