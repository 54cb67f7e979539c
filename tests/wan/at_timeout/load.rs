//! The load: POSTs on connections that were idle for about as long as the server keeps them.

use std::future::Future;
use std::ops::RangeInclusive;
use std::time::Duration;

use http::{Method, Request};
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::client::Body;
use crate::traffic::{Report, whole};

const POSTS: &str = "UNSTALE_POSTS";
const DEFAULT_POSTS: usize = 200;
const MOST_AT_ONCE: usize = 200;

/// Which idle times a run has, and how many.
#[derive(Debug)]
pub(super) struct Load {
    pub(super) shortest: Duration,
    pub(super) longest: Duration,
    at_once: usize,
    each: usize,
}

impl Load {
    /// Around the idle times after which the end of a connection was seen here: a request is on its way for half a round trip,
    /// and the close for the other half, so those cross that are sent in the last round trip before. One and a half more
    /// on each side of its middle.
    pub(super) fn around(ends: RangeInclusive<Duration>, round_trip: Duration) -> Self {
        let posts = std::env::var(POSTS).map_or(DEFAULT_POSTS, |posts| posts.parse().unwrap());
        let at_once = posts.clamp(1, MOST_AT_ONCE);
        Self {
            shortest: ends.start().saturating_sub(2 * round_trip),
            longest: *ends.end() + round_trip,
            at_once,
            each: posts.div_ceil(at_once),
        }
    }

    /// The multiples of the golden ratio fill the range evenly, however many there are.
    fn idle_time(&self, nth: usize) -> Duration {
        let nth = u32::try_from(nth).unwrap();
        let share = (f64::from(nth) * 0.618_033_988_749_895).fract();
        self.shortest + self.longest.saturating_sub(self.shortest).mul_f64(share)
    }

    /// Sends the POSTs, on so many connections at once as there are tasks. `client` is called for each of them: a pool of its
    /// own has one connection, whose idle time is the one that is meant.
    pub(super) async fn run<S, F, A, E>(&self, base: &str, client: impl Fn() -> S) -> Report<A, E>
    where
        S: Fn(Request<Body>) -> F + Send + 'static,
        F: Future<Output = Result<A, E>> + Send + 'static,
        A: Send + 'static,
        E: Send + 'static,
    {
        let mut tasks = JoinSet::new();
        for task in 0..self.at_once {
            let numbers = task * self.each..(task + 1) * self.each;
            let idle = numbers.map(|nth| (nth, self.idle_time(nth))).collect();
            let posts = post_after_each(idle, base.to_owned(), client());
            // All at once they would keep the client too busy to see in time what it is to see.
            let [nth, of] = [task, self.at_once].map(|number| u32::try_from(number).unwrap());
            let turn = self.longest * nth / of;
            tasks.spawn(async move {
                sleep(turn).await;
                posts.await
            });
        }
        whole(tasks).await
    }
}

/// Sends a POST after each of these idle times.
async fn post_after_each<S, F, A, E>(
    idle: Vec<(usize, Duration)>,
    base: String,
    send: S,
) -> Report<A, E>
where
    S: Fn(Request<Body>) -> F,
    F: Future<Output = Result<A, E>>,
{
    let mut report = Report::default();
    let mut is_open = false;
    for (nth, idle) in idle {
        if !is_open {
            // A failure closes the connection. Each POST is to meet one that was kept alive.
            let _ = send(request(Method::GET, &base, "/open")).await;
        }
        sleep(idle).await;
        let path = format!("/{nth}");
        let outcome = send(request(Method::POST, &base, &path)).await;
        is_open = outcome.is_ok();
        report.add(outcome, (Method::POST, path));
    }
    report
}

fn request(method: Method, base: &str, path: &str) -> Request<Body> {
    let body = if method == Method::POST { "one=1" } else { "" };
    let request = Request::builder()
        .method(method)
        .uri(format!("{base}{path}"));
    request.body(Body::from(body)).unwrap()
}
