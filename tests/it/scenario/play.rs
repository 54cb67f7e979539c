//! One play of a row, and what is asked of it afterwards.

use std::sync::Arc;

use bytes::Bytes;
use http::{Response, StatusCode};
use http_body_util::BodyExt;
use tokio::runtime::Handle;
use tokio::task::JoinSet;
use tower::ServiceExt;
use unstale::evidence::{Delivery, Evidence};
use unstale::verdict::Attempt;
use unstale::{Attempts, Error};

use super::call::{Call, With};
use super::mode::Mode;
use super::row::Moment;
use crate::client::{self, Client, Stack, url};
use crate::kernel;
use crate::peer::{Peer, Tls};

/// The path of the request under test.
pub const PATH: &str = "/tested";

/// What a play needs while it runs.
#[derive(Clone)]
pub struct Stage {
    pub peer: Arc<Peer>,
    pub client: Client,
    pub tls: Tls,
    pub stack: Stack,
}

impl Stage {
    pub fn url(&self, path: &str) -> String {
        url(&self.peer, self.tls, path)
    }

    /// Opens so many connections, and comes back when they lie in the pool. The peer's scripts wait for `warm` before they
    /// answer, so that there are so many.
    pub async fn warm_up(&self, connections: usize) {
        let tasks = || Handle::current().metrics().num_alive_tasks();
        let tasks_before = tasks();
        let mut requests = JoinSet::new();
        for _ in 0..connections {
            let request = Call::Get.request(&self.url("/warm"), With::Nothing);
            let answer = self.client.clone().oneshot(request);
            requests.spawn(async { answer.await.unwrap().into_body().collect().await.unwrap() });
        }
        let executed = || self.peer.executed("GET", "/warm");
        kernel::until("a connection for each request", || {
            executed() == connections
        })
        .await;
        self.peer.go("warm");
        requests.join_all().await;
        // A connection is one task. Another one that puts it into the pool has ended when there is no more than that.
        let others = if connections > 0 {
            self.stack.tasks()
        } else {
            0
        };
        let all_idle = || tasks() == tasks_before + connections + others;
        kernel::until("the connections lie in the pool", all_idle).await;
    }

    /// Lets the peer end the idle connections, and comes back at the moment for the request.
    pub async fn come_to(&self, moment: Moment) {
        let addr = self.peer.addr();
        let all_ended = || kernel::established(addr) == 0;
        self.peer.go("end");
        match moment {
            Moment::Before => {}
            Moment::After(time) => {
                kernel::until("the ends are in the kernel", all_ended).await;
                tokio::time::sleep(time).await;
            }
            Moment::Blocked => kernel::block_until("the ends are in the kernel", all_ended),
        }
    }
}

/// A response, read to its end.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub body: Result<Bytes, Box<dyn std::error::Error + Send + Sync>>,
    /// The attempts that failed before it.
    pub failed: Vec<Attempt>,
}

/// Sends the request under test; nothing is awaited before it is handed to the client.
pub async fn send(stage: &Stage, call: Call, with: With) -> Result<Answer, Error> {
    let mut request = call.request(&stage.url(PATH), with);
    if let With::Upload(upload) = with {
        *request.body_mut() = upload.begin(stage);
    }
    read(stage.client.clone().oneshot(request)).await
}

/// Reads a response to its end.
pub async fn read(
    response: impl Future<Output = Result<Response<client::Answer>, Error>>,
) -> Result<Answer, Error> {
    let response = response.await?;
    let failed = Attempts::of(&response).to_vec();
    let status = response.status();
    let body = response.into_body().collect().await;
    Ok(Answer {
        status,
        body: body.map(http_body_util::Collected::to_bytes),
        failed,
    })
}

/// What came of it. The runtime is gone by now, and the client's sockets with it.
pub struct Played {
    pub mode: Mode,
    pub call: Call,
    pub with: With,
    pub warm: usize,
    pub peer: Arc<Peer>,
    pub outcome: Result<Answer, Error>,
    /// Bytes that the peer had read on each of the warm connections when they lay idle.
    pub read_before: Vec<usize>,
}

impl Played {
    /// A whole response; the attempts that failed before it.
    #[track_caller]
    pub fn answered(&self) -> &[Attempt] {
        let answer = self.response();
        assert_eq!(answer.status, StatusCode::OK, "{self}");
        let body = if self.call == Call::Head { "" } else { "ok" };
        assert_eq!(answer.body.as_ref().unwrap(), body, "{self}");
        &answer.failed
    }

    /// A response, of whatever kind.
    #[track_caller]
    pub fn response(&self) -> &Answer {
        match &self.outcome {
            Ok(answer) => answer,
            Err(error) => panic!("{self}: {error}\n{error:?}"),
        }
    }

    #[track_caller]
    pub fn failed(&self) -> &Error {
        match &self.outcome {
            Ok(answer) => panic!("{self}: answered\n{answer:?}"),
            Err(error) => error,
        }
    }

    /// How many attempts have to fail where so many idle connections are dead, and only the kernel knows.
    pub fn attempts_at_the_gate(&self, dead: usize) -> usize {
        self.mode.stack.attempts_at_the_gate(dead)
    }

    /// An error after one attempt, with this delivery.
    #[track_caller]
    pub fn failed_at_once(&self, delivery: Delivery) -> &Error {
        let error = self.failed();
        let evidence = error.evidence().unwrap();
        assert_eq!(evidence.delivery(), delivery, "{self}: {error:?}");
        assert_eq!(error.attempts().len(), 1, "{self}: {error:?}");
        error
    }

    /// How often the request was executed.
    pub fn executed(&self) -> usize {
        self.peer.executed(self.call.method().as_str(), PATH)
    }

    #[track_caller]
    pub fn executed_times(&self, times: usize) {
        assert_eq!(self.executed(), times, "{self}: {:?}", self.outcome);
    }

    #[track_caller]
    pub fn opened(&self, connections: usize) {
        let outcome = &self.outcome;
        assert_eq!(self.peer.connections(), connections, "{self}: {outcome:?}");
    }

    /// What was executed is the request, whole.
    #[track_caller]
    pub fn executed_whole(&self) {
        let executions = self.peer.executions();
        for execution in executions.iter().filter(|execution| execution.path == PATH) {
            let is_whole = match self.with {
                With::Upload(upload) => execution.body == upload.bytes(),
                _ => execution.body == self.call.body().as_bytes(),
            };
            let bytes = execution.body.len();
            assert!(is_whole, "{self}: {bytes} bytes, {:?}", self.outcome);
        }
    }

    /// Ok, executed once, on one more connection than there were; not one byte went to those.
    #[track_caller]
    pub fn answered_by_a_new_connection_untouched(&self) -> &[Attempt] {
        let failed = self.answered();
        for attempt in failed {
            self.sent_nothing(attempt);
        }
        self.executed_times(1);
        self.executed_whole();
        self.opened(self.warm + 1);
        failed
    }

    /// That the peer read not one byte more on the connections that had lain idle; for ends that go on reading.
    #[track_caller]
    pub fn idle_ones_untouched(&self) {
        let addr = self.peer.addr();
        kernel::block_until("the peer reads on to our FIN", || kernel::served(addr) == 0);
        assert_eq!(read_on(&self.peer, self.warm), self.read_before, "{self}");
    }

    /// That the attempt put nothing on the wire.
    #[track_caller]
    pub fn sent_nothing(&self, attempt: &Attempt) {
        assert_eq!(sent(attempt), 0, "{self}: {attempt:?}");
        let delivery = attempt.evidence().map(Evidence::delivery);
        assert_eq!(delivery, Some(Delivery::NotSent), "{self}: {attempt:?}");
    }
}

/// Bytes that the peer has read on each of its first connections.
pub fn read_on(peer: &Peer, connections: usize) -> Vec<usize> {
    (0..connections).map(|n| peer.raw_bytes(n)).collect()
}

/// Bytes that an attempt put on the wire.
pub fn sent(attempt: &Attempt) -> u64 {
    let trace = attempt.evidence().and_then(Evidence::trace);
    trace.map_or(0, unstale::evidence::Trace::sent)
}

/// Which play it is, for a failure's message.
impl std::fmt::Display for Played {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?} {:?}", self.call, self.mode)
    }
}
