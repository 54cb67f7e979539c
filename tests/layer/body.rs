//! Bodies through the layer and over a real socket: the same framing on every attempt, and only the replay is lost of one
//! that is over the limit.

use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use unstale::RetryPolicy;
use unstale::verdict::{Grounds, Refusal};

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
