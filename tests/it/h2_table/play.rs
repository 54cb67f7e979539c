//! One play: a request that warms the connection, perhaps, and the request under test.

use std::error::Error as StdError;
use std::sync::Arc;

use bytes::Bytes;
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use unstale::client::pooled::ResponseBody;
use unstale::{Attempts, Client, ClientBuilder, Error, RetryPolicy};

use crate::kernel;
use crate::peer_h2::{Peer2, Script2, Tls};
use crate::scenario::mode::{Flavour, Mode};

pub const PATH: &str = "/tested";
pub const WIRES: [Tls; 2] = [Tls::Off, Tls::V13 { close_notify: true }];
/// The columns.
pub const COLUMNS: [(Tls, Flavour); 4] = [
    (Tls::Off, Flavour::CurrentThread),
    (Tls::Off, Flavour::MultiThread),
    (Tls::V13 { close_notify: true }, Flavour::CurrentThread),
    (Tls::V13 { close_notify: true }, Flavour::MultiThread),
];
pub const METHODS: [Method; 3] = [Method::GET, Method::PUT, Method::POST];

type Body = Full<Bytes>;

/// A client for this peer: by prior knowledge in cleartext, by what ALPN gives over TLS; the budget off.
pub fn builder(peer: &Peer2) -> ClientBuilder {
    let policy = RetryPolicy::builder().no_budget().build().unwrap();
    let client = Client::builder()
        .retry_policy(policy)
        .tls_config(peer.client_config());
    if peer.url("").starts_with("http:") {
        client.http2_prior_knowledge()
    } else {
        client
    }
}

pub fn request(peer: &Peer2, method: &Method, path: &str) -> Request<Body> {
    let body = if *method == Method::GET { "" } else { "hello" };
    Request::builder()
        .method(method)
        .uri(peer.url(path))
        .body(Full::from(body))
        .unwrap()
}

/// An answer, read to its end, and how many attempts failed before.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub body: Result<Bytes, Box<dyn StdError + Send + Sync>>,
    pub failed: usize,
}

/// Sends a request and reads its answer.
pub async fn send(client: &Client, request: Request<Body>) -> Result<Answer, Error> {
    let response: http::Response<ResponseBody> = client.request(request).await?;
    Ok(Answer {
        status: response.status(),
        failed: Attempts::of(&response).len(),
        body: match response.into_body().collect().await {
            Ok(body) => Ok(body.to_bytes()),
            Err(error) => Err(error.into()),
        },
    })
}

/// What came of a play.
pub struct Played {
    pub name: String,
    pub method: Method,
    pub peer: Arc<Peer2>,
    pub outcome: Result<Answer, Error>,
}

impl Played {
    #[track_caller]
    pub fn answered(&self, executed: usize) -> &Answer {
        let answer = match &self.outcome {
            Ok(answer) => answer,
            Err(error) => panic!("{}: {error}\n{error:?}", self.name),
        };
        assert_eq!(answer.status, StatusCode::OK, "{}", self.name);
        assert!(answer.body.is_ok(), "{}: {answer:?}", self.name);
        self.executed(executed);
        answer
    }

    #[track_caller]
    pub fn failed(&self) -> &Error {
        match &self.outcome {
            Ok(answer) => panic!("{}: {answer:?}", self.name),
            Err(error) => error,
        }
    }

    #[track_caller]
    pub fn executed(&self, times: usize) {
        let executed = self.peer.executed(self.method.as_str(), PATH);
        assert_eq!(executed, times, "{}: {:?}", self.name, self.outcome);
    }

    pub fn is_idempotent(&self) -> bool {
        self.method != Method::POST
    }
}

/// What happens to the connection before the request under test.
#[derive(Clone, Copy)]
enum End {
    Later,
    /// The script says something, and signals `ended`.
    Said,
    /// The script closes it.
    InTheKernel,
}

/// A row of the table: what the first connection does, and whether a request is served on it before.
pub struct Row {
    script: Script2,
    warm: bool,
    end: End,
}

impl Row {
    /// On a connection that has served; the script goes on from there.
    pub fn reused(script: Script2) -> Self {
        Self {
            script: Script2::new().serve(1).then(script),
            warm: true,
            end: End::Later,
        }
    }

    /// On a connection that is opened for the request.
    pub fn fresh(script: Script2) -> Self {
        Self {
            script,
            warm: false,
            end: End::Later,
        }
    }

    /// The script says something while the connection lies idle.
    pub fn idle(script: Script2) -> Self {
        Self {
            script: Script2::new().serve(1).then(
                Script2::bare()
                    .wait("end")
                    .then(script)
                    .signal("ended")
                    .read_forever(),
            ),
            warm: true,
            end: End::Said,
        }
    }

    /// The script ends the connection while it lies idle.
    pub fn idle_closed(script: Script2) -> Self {
        Self {
            script: Script2::new()
                .serve(1)
                .then(Script2::bare().wait("end").then(script)),
            warm: true,
            end: End::InTheKernel,
        }
    }

    pub fn check(self, check: impl Fn(&Played)) {
        self.check_on(&COLUMNS, check);
    }

    pub fn check_on(self, columns: &[(Tls, Flavour)], check: impl Fn(&Played)) {
        for (tls, flavour) in columns {
            for method in METHODS {
                check(&self.play(self.script.clone(), *tls, *flavour, method));
            }
        }
    }

    /// Plays one cell of each wire on the multi-thread runtime so many times: for what is lost in a race.
    pub fn check_often(self, times: usize, method: &Method, check: impl Fn(&Played)) {
        for tls in WIRES {
            for _ in 0..times {
                let (script, method) = (self.script.clone(), method.clone());
                check(&self.play(script, tls, Flavour::MultiThread, method));
            }
        }
    }

    fn play(&self, script: Script2, tls: Tls, flavour: Flavour, method: Method) -> Played {
        let peer = Arc::new(Peer2::start(tls, move |n| match n {
            0 => script.clone(),
            _ => Script2::new().serve_forever(),
        }));
        let name = format!("{method} {tls:?} {flavour:?}");
        let stage = Arc::clone(&peer);
        let (warm, end, tested) = (self.warm, self.end, method.clone());
        let outcome = Mode::of(flavour).run(false, async move {
            let client = builder(&stage).build().unwrap();
            if warm {
                let warm = send(&client, request(&stage, &Method::GET, "/warm")).await;
                assert_eq!(warm.unwrap().failed, 0);
            }
            match end {
                End::Later => {}
                End::Said => {
                    stage.go("end");
                    stage.reached_async("ended").await;
                }
                End::InTheKernel => {
                    stage.go("end");
                    let ended = || kernel::established(stage.addr()) == 0;
                    kernel::until("the end is in the kernel", ended).await;
                }
            }
            send(&client, request(&stage, &tested, PATH)).await
        });
        Played {
            name,
            method,
            peer,
            outcome,
        }
    }
}
