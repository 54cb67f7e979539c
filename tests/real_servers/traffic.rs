//! The load: many connections, each left idle for about as long as the server keeps it, then used again.
//!
//! Apart from the servers and from the client, so that both can be changed under the same load. Every request has a
//! path of its own, so a server's log tells how often each was executed.
//!
//! The moment at which both ends act at once is less than a millisecond wide, and a server's timer, or a busy machine,
//! moves it by several. So the idle times are swept around the timeout, closer together the nearer they are to it. No
//! chance is involved: one number of connections and rounds always gives the same idle times.

use std::{future::Future, time::Duration};

use bytes::Bytes;
use http::{Method, Request};
use http_body_util::Full;
use tokio::{sync::watch, task::JoinSet, time::sleep};

/// The farthest that an idle time lies from the timeout.
const SWEEP: Duration = Duration::from_millis(60);

/// What tells a request from every other: its method, and its path with the query. The servers' logs count by the same.
pub(crate) type Id = (Method, String);

/// What became of the requests.
#[derive(Debug)]
pub(crate) struct Report<A, E> {
    /// The requests that were answered, with what the client makes of the answer.
    pub(crate) answered: Vec<(Id, A)>,
    /// The requests that were not, with the error.
    pub(crate) failed: Vec<(Id, E)>,
}

impl<A, E> Report<A, E> {
    /// How many requests were sent.
    pub(crate) fn sent(&self) -> usize {
        self.answered.len() + self.failed.len()
    }

    /// How many requests of a method failed.
    pub(crate) fn failures(&self, method: &Method) -> usize {
        self.failed
            .iter()
            .filter(|((failed, _), _)| failed == method)
            .count()
    }

    pub(crate) fn add(&mut self, outcome: Result<A, E>, id: Id) {
        match outcome {
            Ok(answer) => self.answered.push((id, answer)),
            Err(error) => self.failed.push((id, error)),
        }
    }

    fn extend(&mut self, part: Self) {
        self.answered.extend(part.answered);
        self.failed.extend(part.failed);
    }
}

impl<A, E> Default for Report<A, E> {
    fn default() -> Self {
        Self {
            answered: Vec::new(),
            failed: Vec::new(),
        }
    }
}

/// Sends `rounds` requests to `base` on each of `connections` tasks at once, GET and POST by turns, with an idle time
/// of about `timeout` before each but the first.
///
/// `client` is called once for each task: a client that pools should be a new one each time, else the tasks take each
/// other's connections, and the idle times are not the ones swept.
pub(crate) async fn run<C, S, F, A, E>(
    base: &str,
    connections: usize,
    rounds: usize,
    timeout: Duration,
    client: C,
) -> Report<A, E>
where
    C: Fn() -> S,
    S: Fn(Request<Full<Bytes>>) -> F + Send + 'static,
    F: Future<Output = Result<A, E>> + Send,
    A: Send + 'static,
    E: Send + 'static,
{
    let mut tasks = JoinSet::new();
    for connection in 0..connections {
        let base = base.to_owned();
        let send = client();
        tasks.spawn(async move {
            let mut report = Report::default();
            for round in 0..rounds {
                if round > 0 {
                    sleep(idle_time(timeout, connection * rounds + round)).await;
                }
                let id = id(connection, round);
                report.add(send(request(&base, &id)).await, id);
            }
            report
        });
    }
    whole(tasks).await
}

/// The reports of all tasks in one.
pub(crate) async fn whole<A: 'static, E: 'static>(
    mut tasks: JoinSet<Report<A, E>>,
) -> Report<A, E> {
    let mut whole = Report::default();
    while let Some(part) = tasks.join_next().await {
        whole.extend(part.expect("a task of the load does not panic"));
    }
    whole
}

/// Sends requests to `base` on each of `at_once` tasks, one after the other, GET, POST and PUT by turns, until the other
/// future is ready. One client for all.
pub(crate) async fn crowd<C, S, F, A, E>(
    base: &str,
    at_once: usize,
    until: impl Future<Output = ()>,
    client: C,
) -> Report<A, E>
where
    C: Fn() -> S,
    S: Fn(Request<Full<Bytes>>) -> F + Send + 'static,
    F: Future<Output = Result<A, E>> + Send,
    A: Send + 'static,
    E: Send + 'static,
{
    let (stop, stopped) = watch::channel(false);
    let mut tasks = JoinSet::new();
    for worker in 0..at_once {
        let (base, send, stopped) = (base.to_owned(), client(), stopped.clone());
        tasks.spawn(async move {
            let mut report = Report::default();
            for round in 0.. {
                if *stopped.borrow() {
                    break;
                }
                let method = match (worker + round) % 3 {
                    0 => Method::GET,
                    1 => Method::POST,
                    _ => Method::PUT,
                };
                let id = (method, format!("/r/{worker}?round={round}"));
                report.add(send(request(&base, &id)).await, id);
            }
            report
        });
    }
    until.await;
    stop.send_replace(true);
    whole(tasks).await
}

/// Neighbours differ in the method, so that both methods meet every part of the sweep.
fn id(connection: usize, round: usize) -> Id {
    let method = if (connection + round) % 2 == 0 {
        Method::GET
    } else {
        Method::POST
    };
    (method, format!("/r/{connection}?round={round}"))
}

fn request(base: &str, (method, path): &Id) -> Request<Full<Bytes>> {
    let body = if *method == Method::GET { "" } else { "one=1" };
    Request::builder()
        .method(method)
        .uri(format!("{base}{path}"))
        .body(Full::from(body))
        .expect("the base is a URL")
}

/// The idle time before the `nth` request: the multiples of the golden ratio fill -1..1 evenly, however many there
/// are, and the cube draws them to the middle.
fn idle_time(timeout: Duration, nth: usize) -> Duration {
    let nth = u32::try_from(nth).expect("the load is small");
    let even = (f64::from(nth) * 0.618_033_988_749_895).fract() * 2.0 - 1.0;
    let shift = SWEEP.mul_f64(even.powi(3).abs());
    if even < 0.0 {
        timeout.saturating_sub(shift)
    } else {
        timeout + shift
    }
}
