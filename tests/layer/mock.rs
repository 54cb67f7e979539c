//! A hand-written service in the place of a client: it answers by a script, and writes down what it was sent.
//!
//! It panics when it is called without having said that it is ready, and when two attempts run at once.

use std::collections::VecDeque;
use std::error::Error as StdError;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, Method, Request, Response, StatusCode, Uri};
use http_body::Body;
use http_body_util::BodyExt;
use tokio::time::Instant;
use tower::Service;
use unstale::body::BodyError;
use unstale::evidence::{AttemptError, AttemptToken, End, Evidence, Sending};
use unstale::request::OnFreshConnection;
use unstale::{Replay, ReplayBody, ReplayLayer, RetryPolicy};

pub type BoxError = Box<dyn StdError + Send + Sync>;

/// What the mock does about one attempt.
#[derive(Debug)]
pub enum Reply {
    /// Reads the body and answers 200.
    Ok,
    /// Reads the body and answers with a status, with evidence attached if there is an end.
    Status(StatusCode, Option<End>),
    /// Reads the body and fails.
    Fail(Evidence),
    /// Fails without reading the body.
    FailUnread(Evidence),
    /// Fails without evidence.
    Bare,
    /// Reads the body and never answers.
    Hang,
    /// Does the other after a while.
    After(Duration, Box<Self>),
}

impl Reply {
    pub fn end(end: End) -> Self {
        Self::Fail(Evidence::new(end))
    }

    pub fn after(self, pause: Duration) -> Self {
        Self::After(pause, Box::new(self))
    }
}

/// How the mock takes the attempt token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taking {
    Once,
    Never,
    AsMethod,
    AsUri,
}

/// What one attempt looked like.
#[derive(Clone, Debug)]
pub struct Seen {
    pub parts: Parts,
    /// What its token says.
    pub is_replay: Option<bool>,
    pub on_fresh_connection: bool,
    pub at: Instant,
}

/// The whole of a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    pub data: Bytes,
    pub trailers: Option<HeaderMap>,
}

#[derive(Debug)]
pub struct Stage {
    replies: Mutex<VecDeque<Reply>>,
    taking: Taking,
    seen: Mutex<Vec<Seen>>,
    sent: Mutex<Vec<Sent>>,
    /// Polls of readiness yet to be answered by `Pending`, for each call; the last one holds on.
    unready: Mutex<VecDeque<usize>>,
    running: AtomicUsize,
}

#[derive(Debug)]
pub struct Mock {
    pub stage: Arc<Stage>,
    is_ready: bool,
}

impl Mock {
    pub fn new(replies: impl IntoIterator<Item = Reply>) -> Self {
        Self::taking(Taking::Once, replies)
    }

    pub fn taking(taking: Taking, replies: impl IntoIterator<Item = Reply>) -> Self {
        let stage = Stage {
            replies: Mutex::new(replies.into_iter().collect()),
            taking,
            seen: Mutex::default(),
            sent: Mutex::default(),
            unready: Mutex::default(),
            running: AtomicUsize::new(0),
        };
        Self {
            stage: Arc::new(stage),
            is_ready: false,
        }
    }

    /// For each call, how often `poll_ready` answers `Pending` first.
    pub fn unready(self, polls: impl IntoIterator<Item = usize>) -> Self {
        *self.stage.unready.lock().unwrap() = polls.into_iter().collect();
        self
    }

    pub fn replayed(&self, policy: RetryPolicy) -> Replay<Self> {
        use tower::Layer;
        ReplayLayer::new(policy).layer(self.clone())
    }

    pub fn seen(&self) -> Vec<Seen> {
        self.stage.seen.lock().unwrap().clone()
    }

    pub fn sent(&self) -> Vec<Sent> {
        self.stage.sent.lock().unwrap().clone()
    }

    pub fn calls(&self) -> usize {
        self.stage.seen.lock().unwrap().len()
    }

    /// Attempts whose future has not been dropped.
    pub fn running(&self) -> usize {
        self.stage.running.load(Ordering::SeqCst)
    }
}

/// A clone is not ready, whatever the original is: as `ConcurrencyLimit` and `Buffer` do it.
impl Clone for Mock {
    fn clone(&self) -> Self {
        Self {
            stage: Arc::clone(&self.stage),
            is_ready: false,
        }
    }
}

impl<B> Service<Request<ReplayBody<B>>> for Mock
where
    B: Body + Send + 'static,
    B::Error: Into<BoxError>,
{
    type Response = Response<()>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Response<()>, BoxError>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        if let Some(polls) = self.stage.unready.lock().unwrap().front_mut() {
            if *polls > 0 {
                *polls -= 1;
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
        }
        self.is_ready = true;
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<ReplayBody<B>>) -> Self::Future {
        assert!(self.is_ready, "called without being ready");
        self.is_ready = false;
        self.stage.unready.lock().unwrap().pop_front();
        let (mut parts, mut body) = request.into_parts();
        let token = body.take_token();
        let is_replay = token.as_ref().map(AttemptToken::is_replay);
        let sending = token.and_then(|token| take(self.stage.taking, &parts, token));
        let on_fresh_connection = parts.extensions.remove::<OnFreshConnection>().is_some();
        self.stage.seen.lock().unwrap().push(Seen {
            parts,
            is_replay,
            on_fresh_connection,
            at: Instant::now(),
        });
        let reply = self.stage.replies.lock().unwrap().pop_front();
        let reply = reply.expect("more attempts than replies");
        let running = Running::begin(Arc::clone(&self.stage));
        Box::pin(async move {
            let _running = &running;
            act(reply, sending, body, &running.0).await
        })
    }
}

async fn act<B>(
    reply: Reply,
    sending: Option<Sending>,
    body: ReplayBody<B>,
    stage: &Stage,
) -> Result<Response<()>, BoxError>
where
    B: Body,
    B::Error: Into<BoxError>,
{
    let fail = |evidence: Evidence, source: BoxError| {
        Err(AttemptError::new(evidence.about(sending.clone()), source).into())
    };
    let mut reply = reply;
    while let Reply::After(pause, then) = reply {
        tokio::time::sleep(pause).await;
        reply = *then;
    }
    match reply {
        Reply::FailUnread(evidence) => return fail(evidence, "the mock fails".into()),
        Reply::Bare => return Err("the mock fails without evidence".into()),
        _ => {}
    }
    match read(body).await {
        Ok(sent) => stage.sent.lock().unwrap().push(sent),
        Err(error) => return fail(Evidence::new(End::CallerBody), error.into()),
    }
    let mut response = Response::new(());
    match reply {
        Reply::Status(status, end) => {
            *response.status_mut() = status;
            if let Some(end) = end {
                let evidence = Evidence::new(end).about(sending.clone());
                response.extensions_mut().insert(evidence);
            }
            Ok(response)
        }
        Reply::Fail(evidence) => fail(evidence, "the mock fails".into()),
        Reply::Hang => std::future::pending().await,
        _ => Ok(response),
    }
}

/// Copies the data, so that nothing of the caller's own is held.
async fn read<B>(body: ReplayBody<B>) -> Result<Sent, BodyError>
where
    B: Body,
    B::Error: Into<BoxError>,
{
    let collected = body.collect().await?;
    let trailers = collected.trailers().cloned();
    let data = Bytes::copy_from_slice(&collected.to_bytes());
    Ok(Sent { data, trailers })
}

fn take(taking: Taking, parts: &Parts, token: AttemptToken) -> Option<Sending> {
    let (method, uri) = (&parts.method, &parts.uri);
    match taking {
        Taking::Once => Some(token.take(method, uri)),
        Taking::Never => None,
        Taking::AsMethod => Some(token.take(&Method::OPTIONS, uri)),
        Taking::AsUri => Some(token.take(method, &Uri::from_static("http://mock/elsewhere"))),
    }
}

/// Counts an attempt while its future lives.
struct Running(Arc<Stage>);

impl Running {
    fn begin(stage: Arc<Stage>) -> Self {
        let before = stage.running.fetch_add(1, Ordering::SeqCst);
        assert_eq!(before, 0, "two attempts at once");
        Self(stage)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::SeqCst);
    }
}
