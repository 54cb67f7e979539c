//! Bodies through the layer and over a real socket: the same framing on every attempt, and only the replay is lost of one
//! that is over the limit.

use std::future::{Ready, ready};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body::{Body, Frame};
use http_body_util::Full;
use tower::{Layer, Service, ServiceExt};
use unstale::body::BodyError;
use unstale::evidence::{AttemptError, End, Evidence, SecondLook};
use unstale::policy::Pause;
use unstale::verdict::{Grounds, Refusal};
use unstale::{ReplayBody, ReplayLayer, RetryPolicy};

use crate::frames::Frames;
use crate::peer::{Execution, Peer, Script, Tls};
use crate::wire;

/// Loses a PUT, and says how it was executed both times.
async fn put_twice<B>(body: B) -> [Execution; 2]
where
    B: http_body::Body + Default + Send + Unpin + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let peer = wire::loses_the_second();
    let client = wire::tapped(wire::unbudgeted());
    wire::warm(&client, &peer).await;
    let request = Request::put(peer.url("/")).body(body).unwrap();
    let response = wire::send(&client, request).await.unwrap();
    assert_eq!(wire::grounds(&response), [Grounds::Idempotent]);
    let mut executed = peer.executions();
    executed.retain(|execution| execution.method == "PUT");
    executed.try_into().unwrap()
}

fn assert_same(first: &Execution, second: &Execution) {
    assert_eq!(first.headers, second.headers);
    assert_eq!(first.body, second.body);
    assert_eq!((first.connection, second.connection), (0, 1));
}

fn header<'a>(execution: &'a Execution, name: &str) -> Option<&'a str> {
    let mut headers = execution.headers.iter();
    let found = headers.find(|(known, _)| known == name);
    found.map(|(_, value)| value.as_str())
}

#[tokio::test]
async fn content_length_is_the_same_on_both_attempts() {
    let [first, second] = put_twice(Full::new(Bytes::from_static(b"salut"))).await;
    assert_same(&first, &second);
    assert_eq!(header(&second, "content-length"), Some("5"));
    assert_eq!(second.body, b"salut");
}

#[tokio::test]
async fn no_body_stays_none() {
    let [first, second] = put_twice(Full::<Bytes>::default()).await;
    assert_same(&first, &second);
    assert_eq!(header(&second, "transfer-encoding"), None);
}

#[tokio::test]
async fn a_chunked_body_stays_chunked() {
    let pieces = ["one, ", "two, ", "three"].map(Bytes::from);
    let [first, second] = put_twice(Frames::data(pieces)).await;
    assert_same(&first, &second);
    assert_eq!(header(&second, "transfer-encoding"), Some("chunked"));
    assert_eq!(header(&second, "content-length"), None);
    assert_eq!(second.body, b"one, two, three");
}

#[tokio::test]
async fn a_body_over_the_limit_goes_on_and_only_its_replay_is_lost() {
    let peer = wire::loses_the_second();
    let policy = RetryPolicy::builder().replay_limit(1_000).build().unwrap();
    let client = wire::tapped(policy);
    wire::warm(&client, &peer).await;
    let pieces = (0..50).map(|n| Bytes::from(vec![n; 100]));
    let request = Request::put(peer.url("/")).body(Frames::data(pieces));
    let error = wire::send(&client, request.unwrap()).await.unwrap_err();
    assert_eq!(error.refusal(), Refusal::BodyOverLimit);
    assert!(error.is_stale());
    let said = error.to_string();
    assert!(
        said.contains("its body is larger than what is kept"),
        "{said}"
    );
    assert!(said.contains("raise the policy's replay_limit"), "{said}");
    let executed = peer.executions();
    assert_eq!(executed.len(), 2);
    assert_eq!(executed[1].body.len(), 5_000);
}

#[tokio::test]
async fn a_body_over_the_limit_is_not_begun_on_a_connection_that_refuses_its_head() {
    let peer = wire::peer_that_then(Script::new().wait("go").fin().signal("fin").discard());
    let policy = RetryPolicy::builder().replay_limit(1_000).build().unwrap();
    let client = wire::tapped(policy);
    wire::warm(&client, &peer).await;
    peer.go("go");
    // Blocks the runtime, which so does not hear of the FIN before the request meets the gate.
    peer.reached("fin");
    let pieces = (0..50).map(|n| Bytes::from(vec![n; 100]));
    let request = Request::post(peer.url("/")).body(Frames::data(pieces));
    let response = wire::send(&client, request.unwrap()).await.unwrap();
    assert_eq!(wire::grounds(&response), [Grounds::NotSent]);
    assert_eq!(peer.executed("POST", "/"), 1);
    assert_eq!(peer.executions().last().unwrap().body.len(), 5_000);
}

#[tokio::test]
async fn an_error_of_the_callers_body_ends_it_on_the_wire_too() {
    let peer = Peer::start(Tls::Off, |_| {
        Script::new().serve().read_all().execute().answer()
    });
    let client = wire::tapped(wire::unbudgeted());
    wire::warm(&client, &peer).await;
    let body = Frames::data([Bytes::from_static(b"begin")]).failing();
    let request = Request::put(peer.url("/")).body(body).unwrap();
    let error = wire::send(&client, request).await.unwrap_err();
    assert_eq!(error.refusal(), Refusal::CallerBody);
    assert!(error.is_body() && !error.is_stale());
    assert_eq!((error.attempts().len(), peer.executed("PUT", "/")), (1, 0));
    // The caller's own error says "connection reset" and is found at the end of the chain; it was not taken for ours.
    assert!(wire::chain(&error).len() > 2);
}

/// Fails its first attempt with proof that it was not received, and keeps what it was given of it; answers the second.
#[derive(Clone, Default)]
struct Hoards {
    kept: Arc<Mutex<Option<ReplayBody<Frames>>>>,
}

impl Service<Request<ReplayBody<Frames>>> for Hoards {
    type Response = Response<()>;
    type Error = AttemptError;
    type Future = Ready<Result<Response<()>, AttemptError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), AttemptError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, mut request: Request<ReplayBody<Frames>>) -> Self::Future {
        let mut kept = self.kept.lock().unwrap();
        if kept.is_some() {
            return ready(Ok(Response::new(())));
        }
        let token = request.body_mut().take_token().unwrap();
        let sending = token.take(request.method(), request.uri());
        let evidence = Evidence::new(End::Closed(SecondLook::NeverAcknowledged));
        *kept = Some(request.into_body());
        ready(Err(AttemptError::new(
            evidence.about(Some(sending)),
            "lost",
        )))
    }
}

fn read_on(body: &mut ReplayBody<Frames>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
    let mut cx = Context::from_waker(Waker::noop());
    // Of a body that may be too large the first poll yields nothing.
    let _head_first = Pin::new(&mut *body).poll_frame(&mut cx);
    Pin::new(body).poll_frame(&mut cx)
}

#[tokio::test(start_paused = true)]
async fn what_is_still_being_sent_during_the_pause_takes_nothing_of_the_body() {
    let pause = Pause::Fixed(Duration::from_secs(1));
    let policy = RetryPolicy::builder().replay_limit(1_000).pause(pause);
    let service = Hoards::default();
    let kept = Arc::clone(&service.kept);
    let client = ReplayLayer::new(policy.build().unwrap()).layer(service);
    let pieces = (0..50).map(|n| Bytes::from(vec![n; 100]));
    let request = Request::post("http://mock/")
        .body(Frames::data(pieces))
        .unwrap();
    let call = tokio::spawn(client.oneshot(request));
    wire::settle().await;
    let frame = read_on(kept.lock().unwrap().as_mut().unwrap());
    assert!(matches!(frame, Poll::Ready(Some(Err(error))) if error.is_fenced()));
    let response = call.await.unwrap().unwrap();
    assert_eq!(wire::grounds(&response), [Grounds::NotReceived]);
}
