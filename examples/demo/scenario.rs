//! The scenarios: what the server does with idle connections, and when the client uses them.

use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request};
use http_body_util::{BodyExt, Full};
use tokio::task::JoinSet;
use tokio::time::sleep;
use tower::ServiceExt;

use crate::clients::{AnyClient, BoxError, Kind};
use crate::link::Link;
use crate::server::{Manner, Server};
use crate::tally::Tally;

/// Connections of one batch: so few that a runtime does not look for news from the kernel between two of them.
const BATCH: usize = 25;
/// Batches for each method.
const BATCHES: usize = 2;
/// The idle timeout of a server whose closes are waited for.
const SHORT: Duration = Duration::from_millis(100);
/// The idle timeout of a server that is told when it passes.
const LONG: Duration = Duration::from_secs(60);

/// When the request meets the close.
#[derive(Clone, Copy, Debug)]
enum Moment {
    /// The kernel knows of the close; the runtime was busy, and has not asked it.
    Known,
    /// The close is on its way while the request leaves.
    Crossing,
    /// Whatever comes: requests around the idle timeout, by the clock.
    Race,
}

/// One row of the table.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scenario {
    pub(crate) title: &'static str,
    manner: Manner,
    moment: Moment,
}

/// All of them.
#[rustfmt::skip]
pub(crate) const SCENARIOS: [Scenario; 7] = [
    Scenario { title: "closes; FIN known to the kernel", manner: Manner::Close, moment: Moment::Known },
    Scenario { title: "closes; FIN in flight", manner: Manner::Close, moment: Moment::Crossing },
    Scenario { title: "resets; RST known to the kernel", manner: Manner::Reset, moment: Moment::Known },
    Scenario { title: "half-closes, lingers; FIN known", manner: Manner::HalfClose, moment: Moment::Known },
    Scenario { title: "half-closes, lingers; in flight", manner: Manner::HalfClose, moment: Moment::Crossing },
    Scenario { title: "executes one more, then closes", manner: Manner::Crash, moment: Moment::Crossing },
    Scenario { title: "closes; requests race it", manner: Manner::Close, moment: Moment::Race },
];

impl Scenario {
    /// Runs it with one client.
    pub(crate) async fn run(self, kind: Kind) -> Result<Tally, BoxError> {
        if matches!(self.moment, Moment::Race) {
            let server = Server::start(self.manner, SHORT)?;
            let idles = (0..BATCH * BATCHES).map(around_timeout).collect();
            let mut tally = race(kind, &server.url(), idles).await?;
            tally.add_executions(&server);
            return Ok(tally);
        }
        let mut tally = Tally::default();
        for method in [Method::GET, Method::POST].iter().cycle().take(2 * BATCHES) {
            self.batch(kind, method, &mut tally).await?;
        }
        Ok(tally)
    }

    /// Opens connections by one request each, meets the moment, and sends as many again.
    async fn batch(self, kind: Kind, method: &Method, tally: &mut Tally) -> Result<(), BoxError> {
        let idle = match self.moment {
            Moment::Known | Moment::Race => SHORT,
            Moment::Crossing => LONG,
        };
        let server = Server::start(self.manner, idle)?;
        let link = Link::to(&server);
        let (client, url) = match self.moment {
            Moment::Crossing => (kind.client_over(link.clone())?, server.url()),
            Moment::Known | Moment::Race => (kind.client(), server.url()),
        };
        for answer in all_at_once(&client, &url, &Method::GET, "first").await {
            answer?;
        }
        match self.moment {
            Moment::Crossing => link.cross(),
            Moment::Known | Moment::Race => busy(SHORT * 2),
        }
        for answer in all_at_once(&client, &url, method, "second").await {
            tally.add(method, &answer);
        }
        tally.add_executions(&server);
        Ok(())
    }
}

/// On each of many connections: a request to open it, an idle time, and the request that counts; GET and POST.
pub(crate) async fn race(kind: Kind, url: &str, idles: Vec<Duration>) -> Result<Tally, BoxError> {
    let mut tasks = JoinSet::new();
    for (n, idle) in idles.into_iter().enumerate() {
        for method in [Method::GET, Method::POST] {
            // A client of its own, so that no other request takes its connection.
            let client = kind.client();
            let [first, second] =
                ["first", "second"].map(|name| format!("{url}/{name}/{method}/{n}"));
            tasks.spawn(async move {
                send(client.clone(), Method::GET, first).await?;
                sleep(idle).await;
                // What a program does between waking up and sending.
                busy(Duration::from_millis(1));
                let answer = send(client, method.clone(), second).await;
                Ok::<_, BoxError>((method, answer))
            });
        }
    }
    let mut tally = Tally::default();
    while let Some(ended) = tasks.join_next().await {
        let (method, answer) = ended??;
        tally.add(&method, &answer);
    }
    Ok(tally)
}

async fn all_at_once(client: &AnyClient, url: &str, method: &Method, name: &str) -> Vec<Answer> {
    let sending: JoinSet<_> = (0..BATCH)
        .map(|n| send(client.clone(), method.clone(), format!("{url}/{name}/{n}")))
        .collect();
    sending.join_all().await
}

type Answer = Result<http::Response<Bytes>, BoxError>;

/// Sends a request and reads the response to its end, so that the connection goes back to the pool.
async fn send(client: AnyClient, method: Method, url: String) -> Answer {
    let body = if method == Method::POST { "one=1" } else { "" };
    let request = Request::builder()
        .method(method)
        .uri(url)
        .body(Full::from(body))?;
    let (head, body) = client.oneshot(request).await?.into_parts();
    let body = body.collect().await?.to_bytes();
    Ok(http::Response::from_parts(head, body))
}

/// Idle times that lie around the timeout, closer together the nearer they are to it.
fn around_timeout(n: usize) -> Duration {
    const MICROS: [i32; 10] = [0, 100, -200, 300, -500, 800, -1200, 1800, -2500, 4000];
    let offset = MICROS.into_iter().cycle().nth(n).unwrap_or_default();
    SHORT.mul_f64(1.0 + f64::from(offset) * 1e-6 / SHORT.as_secs_f64())
}

#[expect(
    clippy::disallowed_methods,
    reason = "stands for work that keeps the runtime from asking the kernel what became of its connections"
)]
fn busy(time: Duration) {
    std::thread::sleep(time);
}
