//! What prevention is worth: POSTs over connections that have been idle for about as long as the server keeps them, by a client
//! that has had the time to learn how long that is. None fails, and none is sent twice; and well before that time
//! connections are used as ever.
//!
//! `UNSTALE_PREVENTION_POSTS`: how many POSTs each server, timeout, client and scheme gets.

use std::collections::HashSet;
use std::fmt;
use std::net::Ipv4Addr;
use std::time::Duration;

use http::{Method, Request, StatusCode};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};
use unstale::evidence::{End, Evidence};
use unstale::{Client, Connection, DiscardReason, Prevention};

use super::client::{Answer, Failure, UnstaleClient, pooled};
use super::server::{Executed, Program, Scheme, Server};
use super::together::Together;

/// How many POSTs if nobody says it.
const POSTS: usize = 100;
/// How many requests are sent at once, over as many connections: fewer to a server that ends them sooner, so that a second has
/// no more of them.
const AT_ONCE: usize = 10;
const AT_ONCE_LATER: usize = 20;
/// So many idle connections are closed by the server before it counts.
const LESSONS: usize = 4;
/// The idle times before the POSTs: from so much before the server's timeout to so much after it.
const BEFORE: Duration = Duration::from_millis(300);
const AFTER: Duration = Duration::from_millis(100);
/// How often it is tried whether connections are used well before the timeout, and how many tries there are on a machine that
/// is often too late.
const WELL_BEFORE: usize = 4;
const MOST_ROUNDS: usize = 40;
/// The part of the timeout that this is, and what it must not have become by the last answer.
const PART: f64 = 0.7;
const LATEST: f64 = 0.78;
/// How long a server may take to end its connections when it is reloaded.
const PATIENCE: Duration = Duration::from_secs(20);
const STEP: Duration = Duration::from_millis(10);

/// Which client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stack {
    Layered,
    Pooled,
}

/// How it went.
#[derive(Debug, Default)]
pub(crate) struct Figures {
    /// POSTs, and how many of them failed.
    pub(crate) posts: usize,
    pub(crate) failed: Vec<String>,
    /// Connections that did not take a POST, before a byte of it had left: too old, or closed by then. The layer cannot
    /// take them out of hyper-util's pool otherwise.
    pub(crate) passed_over: usize,
    /// POSTs that had left and were sent again.
    pub(crate) replays: Vec<String>,
    /// Requests well before the timeout, and how many of them went over an idle connection.
    pub(crate) early: usize,
    pub(crate) reused: usize,
    /// For how long an idle connection is used, as the client shows it (not the layer): before the POSTs, and after them.
    pub(crate) used_for: [Option<Duration>; 2],
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} POSTs, {} failed, {} replays, {} connections passed over; at 70 %: {} of {} over an idle connection",
            self.posts,
            self.failed.len(),
            self.replays.len(),
            self.passed_over,
            self.reused,
            self.early,
        )?;
        let [before, after] = self.used_for;
        match before.zip(after) {
            Some((before, after)) => {
                write!(f, "; used for {before:.2?}, after the POSTs {after:.2?}")
            }
            None => Ok(()),
        }
    }
}

/// One client at one server.
struct Play {
    base: String,
    client: UnstaleClient<Together>,
    /// The client's own, where it has counters.
    pool: Option<Client>,
    at_once: usize,
    figures: Figures,
}

/// Plays it, with requests whose paths begin with `name`, at a server that says, or is told, to keep idle connections for so
/// long. It may keep them for longer.
pub(crate) async fn play(
    server: &Server,
    (stack, scheme): (Stack, Scheme),
    (name, promised): (&str, Duration),
    posts: usize,
) -> Figures {
    let kept = server.idle_timeout(scheme).await;
    let prevention = Prevention::default();
    let pool = (stack == Stack::Pooled).then(|| pooled(server.certificate(), scheme));
    let client = match &pool {
        Some(client) => UnstaleClient::of(client.clone()),
        None => UnstaleClient::layered(server.certificate(), scheme, &prevention),
    };
    let mut play = Play {
        base: format!("{}/{name}", server.url(scheme)),
        client,
        pool,
        at_once: if promised > Duration::from_secs(1) {
            AT_ONCE_LATER
        } else {
            AT_ONCE
        },
        figures: Figures::default(),
    };
    for lesson in 0..LESSONS {
        play.send(Method::GET, &format!("lesson{lesson}"), 1).await;
        sleep(kept + BEFORE).await;
    }
    let before = play.used_for().await;
    play.post(posts, [promised, kept]).await;
    play.get_well_before(promised).await;
    play.figures.used_for = [before, play.used_for().await];
    play.figures
}

impl Play {
    /// POSTs, as many at once as there are connections, each time after another idle time, about each of these by turns.
    async fn post(&mut self, posts: usize, about: [Duration; 2]) {
        self.send(Method::GET, "open", self.at_once).await;
        for round in 0..posts.div_ceil(self.at_once) {
            let [promised, kept] = about;
            let about = if round % 2 == 0 { promised } else { kept };
            sleep(idle_time(about, round)).await;
            let count = self.at_once.min(posts - round * self.at_once);
            for outcome in self
                .send(Method::POST, &format!("post{round}"), count)
                .await
            {
                self.figures.posts += 1;
                self.note(outcome);
            }
        }
    }

    fn note(&mut self, outcome: Result<Answer, Failure>) {
        let answer = match outcome {
            Ok(answer) => answer,
            Err(failure) => return self.figures.failed.push(format!("{failure} {failure:?}")),
        };
        assert_eq!(answer.status, StatusCode::OK);
        for attempt in &answer.attempts {
            match attempt.evidence().map(Evidence::end) {
                Some(End::Gate(_)) => self.figures.passed_over += 1,
                _ => self.figures.replays.push(format!("{attempt:?}")),
            }
        }
    }

    /// A round counts if it was over before the margin began; a busy machine needs more of them.
    async fn get_well_before(&mut self, promised: Duration) {
        let mut begun = Instant::now();
        self.send(Method::GET, "warm", self.at_once).await;
        for round in 0..MOST_ROUNDS {
            if self.figures.early >= WELL_BEFORE * self.at_once {
                break;
            }
            let opened = self.opened();
            sleep(promised.mul_f64(PART)).await;
            let since = std::mem::replace(&mut begun, Instant::now());
            let answers = self
                .send(Method::GET, &format!("early{round}"), self.at_once)
                .await;
            let passed_over = |answer: &Result<Answer, _>| {
                answer
                    .as_ref()
                    .is_ok_and(|answer| !answer.attempts.is_empty())
            };
            let anew = match opened {
                Some(opened) => self.opened().unwrap_or_default() - opened,
                None => answers.iter().filter(|answer| passed_over(answer)).count(),
            };
            if since.elapsed() < promised.mul_f64(LATEST) {
                self.figures.early += self.at_once;
                self.figures.reused += self.at_once.saturating_sub(anew);
            }
        }
    }

    async fn used_for(&self) -> Option<Duration> {
        self.send(Method::GET, "ends", 1).await;
        let connections = self.pool.as_ref()?.connections();
        let mut of_idle = connections.iter().filter_map(|one| {
            let (reason, left) = one.ends()?;
            (reason == DiscardReason::Expiring).then_some(one.idle()? + left)
        });
        of_idle.next()
    }

    fn opened(&self) -> Option<usize> {
        let opened = self.pool.as_ref()?.counters().opened();
        Some(usize::try_from(opened).expect("a few"))
    }

    /// So many at once. GETs, by which connections are made ready and counted, go over as many connections; POSTs are sent in
    /// one piece.
    async fn send(&self, method: Method, path: &str, count: usize) -> Vec<Result<Answer, Failure>> {
        let bodies = if method == Method::GET {
            Together::many(count, "one=1")
        } else {
            (0..count).map(|_| Together::alone("one=1")).collect()
        };
        let mut requests = JoinSet::new();
        for (n, body) in bodies.into_iter().enumerate() {
            let url = format!("{}/{path}?n={n}", self.base);
            let request = Request::builder().method(&method).uri(url);
            let request = request.body(body).expect("a request");
            requests.spawn(self.client.clone().send(request));
        }
        requests.join_all().await
    }
}

/// The multiples of the golden ratio fill the range evenly.
fn idle_time(timeout: Duration, round: usize) -> Duration {
    let round = u32::try_from(round).expect("a few");
    let part = (f64::from(round) * 0.618_033_988_749_895).fract();
    timeout.saturating_sub(BEFORE) + (BEFORE + AFTER).mul_f64(part)
}

pub(crate) fn posts() -> usize {
    std::env::var("UNSTALE_PREVENTION_POSTS")
        .map_or(POSTS, |posts| posts.parse().expect("a number"))
}

/// Every POST was executed, and once; and connections are used well before the timeout.
pub(crate) fn judge(figures: &Figures, executed: &Executed, name: &str) {
    let failed = figures.failed.first();
    assert!(failed.is_none(), "{name}: {figures}: {failed:?}");
    let replay = figures.replays.first();
    assert!(replay.is_none(), "{name}: {figures}: {replay:?}");
    let of_this = |(method, path): &(Method, String)| {
        *method == Method::POST && path.starts_with(&format!("/{name}/"))
    };
    let counts = executed.iter().filter(|(id, _)| of_this(id));
    let counts: Vec<usize> = counts.map(|(_, count)| *count).collect();
    assert_eq!(counts.len(), figures.posts, "{name}");
    assert!(counts.iter().all(|count| *count == 1), "{name}: {counts:?}");
    assert!(figures.early > 0, "{name}: never in time: {figures}");
    let enough = figures.early * 99 / 100;
    assert!(figures.reused >= enough, "{name}: {figures}");
}

/// Both clients, in cleartext and over TLS, at a server that was told to keep idle connections for so many seconds.
pub(crate) async fn by_all_ways(server: &mut Server, seconds: u32, posts: usize) {
    server.wait_until_it_accepts().await;
    let timeout = Duration::from_secs(seconds.into());
    let one = async |stack, scheme| {
        let name = format!("{stack:?}{scheme:?}");
        let figures = play(server, (stack, scheme), (&name, timeout), posts).await;
        println!("{server} {seconds} s, {stack:?}, {scheme:?}: {figures}");
        (name, figures)
    };
    let (a, b, c, d) = tokio::join!(
        one(Stack::Layered, Scheme::Cleartext),
        one(Stack::Layered, Scheme::Tls),
        one(Stack::Pooled, Scheme::Cleartext),
        one(Stack::Pooled, Scheme::Tls),
    );
    let executed = server.executed().await;
    for (name, figures) in &[a, b, c, d] {
        judge(figures, &executed, name);
    }
}

/// Once it is announced or learned how long the server keeps idle connections, no POST meets the end of that time.
pub(crate) async fn within_a_second(program: &'static Program) {
    let mut server = Server::spawn_keeping(program, Ipv4Addr::LOCALHOST, 1);
    Box::pin(by_all_ways(&mut server, 1, posts())).await;
}

/// The same with five seconds.
pub(crate) async fn within_five_seconds(program: &'static Program) {
    let mut server = Server::spawn_keeping(program, Ipv4Addr::LOCALHOST, 5);
    Box::pin(by_all_ways(&mut server, 5, posts())).await;
}

/// Sixty-four connections lie idle since the same moment, and a reload of the server closes them all.
pub(crate) async fn learns_nothing_of_a_restart(program: &'static Program) {
    const BURST: usize = 64;
    let mut server = Server::spawn_keeping(program, Ipv4Addr::LOCALHOST, 60);
    server.wait_until_it_accepts().await;
    let client = pooled(server.certificate(), Scheme::Cleartext);
    let play = Play {
        base: server.url(Scheme::Cleartext),
        client: UnstaleClient::of(client.clone()),
        pool: Some(client.clone()),
        at_once: BURST,
        figures: Figures::default(),
    };
    play.send(Method::GET, "burst", BURST).await;
    let numbers = || -> HashSet<u64> {
        let connections = client.connections();
        connections.iter().map(Connection::number).collect()
    };
    let before = numbers();
    sleep(Duration::from_secs(2)).await;
    server.reload();
    let all_have_ended = async {
        while !before.is_disjoint(&numbers()) {
            sleep(STEP).await;
        }
    };
    let ended = timeout(PATIENCE, all_have_ended).await;
    ended.expect("a reload ends idle connections");
    play.send(Method::GET, "after", 1).await;
    let ends = || client.connections().iter().find_map(Connection::ends);
    let (reason, _) = ends().expect("one is idle");
    assert_eq!(
        reason,
        DiscardReason::IdleTimeout,
        "{}",
        client.connections()
    );
    println!(
        "{program}: {} connections ended by a reload, and nothing was learned",
        before.len()
    );
    assert!(before.len() > BURST / 2, "there was a burst");
    client.close().await;
}
