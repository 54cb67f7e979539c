//! The events of the feature `tracing`: one for each verdict, with typed fields.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::{Arc, Mutex};

use http::{Request, StatusCode};
use tracing::field::{Field, Visit};
use tracing::subscriber::DefaultGuard;
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use unstale::RetryPolicy;
use unstale::evidence::{End, StatusRefusal};
use unstale::policy::NonIdempotent;

use crate::mock::{Mock, Reply};
use crate::{sample, wire};

#[derive(Clone, Debug, PartialEq)]
enum Value {
    Number(u64),
    Truth(bool),
    Text(String),
    Printed(String),
}

type Fields = BTreeMap<&'static str, Value>;

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<Fields>>>);

#[derive(Default)]
struct Collected(Fields);

impl Visit for Collected {
    fn record_u64(&mut self, field: &Field, value: u64) {
        self.0.insert(field.name(), Value::Number(value));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.0.insert(field.name(), Value::Truth(value));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name(), Value::Text(value.to_owned()));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let printed = format!("{value:?}");
        self.0.insert(field.name(), Value::Printed(printed));
    }
}

impl<S: Subscriber> Layer<S> for Log {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let metadata = event.metadata();
        if metadata.target() != "unstale" {
            return;
        }
        assert_eq!(metadata.name(), "unstale.verdict");
        assert_eq!(*metadata.level(), Level::DEBUG);
        let mut fields = Collected::default();
        event.record(&mut fields);
        self.0.lock().unwrap().push(fields.0);
    }
}

/// Collects the events of this thread, as long as the guard lives.
fn collect() -> (Log, DefaultGuard) {
    let log = Log::default();
    let subscriber = tracing_subscriber::registry().with(log.clone());
    (log, tracing::subscriber::set_default(subscriber))
}

async fn post(mock: &Mock) -> Vec<Fields> {
    let (log, _guard) = collect();
    let request = Request::post("http://mock/").body(wire::Body::default());
    let service = mock.replayed(RetryPolicy::default());
    let _answer = wire::send(&service, request.unwrap()).await;
    log.0.lock().unwrap().clone()
}

fn text(words: &str) -> Value {
    Value::Text(words.to_owned())
}

fn printed(words: &str) -> Value {
    Value::Printed(words.to_owned())
}

#[tokio::test]
async fn there_is_one_event_for_each_verdict() {
    let mock = Mock::new([Reply::end(End::HandedBack), Reply::Fail(sample::lost())]);
    let events = post(&mock).await;
    assert_eq!(events.len(), 2);

    let replayed = Fields::from([
        ("http.request.method", printed("POST")),
        ("attempt", Value::Number(1)),
        ("replay", Value::Truth(true)),
        ("reason", text("NotSent")),
        ("delivery", printed("NotSent")),
        ("end", printed("HandedBack")),
        ("reuse", printed("Unknown")),
        (
            "message",
            printed("not one byte of the request had been sent"),
        ),
    ]);
    assert_eq!(events[0], replayed);

    let refused = Fields::from([
        ("http.request.method", printed("POST")),
        ("attempt", Value::Number(2)),
        ("replay", Value::Truth(false)),
        ("reason", text("MayHaveBeenProcessed")),
        ("delivery", printed("Unknown")),
        ("end", printed("Reset")),
        ("reuse", printed("Reused")),
        ("connection", Value::Number(7)),
        ("sent", Value::Number(100)),
        ("acknowledged", Value::Number(0)),
        ("received", Value::Number(0)),
        (
            "message",
            printed("it may have been processed, and its method must not be executed twice"),
        ),
    ]);
    assert_eq!(events[1], refused);
}

#[tokio::test]
async fn an_error_without_evidence_is_an_event_too() {
    let events = post(&Mock::new([Reply::Bare])).await;
    assert_eq!(events.len(), 1);
    assert_eq!(events[0]["reason"], text("NoEvidence"));
    assert!(!events[0].contains_key("delivery") && !events[0].contains_key("sent"));
}

#[tokio::test]
async fn a_declined_request_that_is_not_sent_again_is_one() {
    let (log, _guard) = collect();
    let end = End::Status(StatusRefusal::TooEarly);
    let mock = Mock::new([Reply::Status(StatusCode::TOO_EARLY, Some(end))]);
    let policy = RetryPolicy::builder().too_early(false).build().unwrap();
    let request = Request::post("http://mock/").body(wire::Body::default());
    let service = mock.replayed(policy);
    let response = wire::send(&service, request.unwrap()).await.unwrap();
    assert_eq!(response.status(), StatusCode::TOO_EARLY);
    let events = log.0.lock().unwrap().clone();
    assert_eq!(events.len(), 1);
    assert_eq!(events[0]["attempt"], Value::Number(1));
    assert_eq!(events[0]["replay"], Value::Truth(false));
    assert_eq!(events[0]["reason"], text("Policy"));
    assert_eq!(events[0]["end"], printed("Status(TooEarly)"));
}

#[tokio::test]
async fn a_request_that_goes_well_is_none() {
    assert_eq!(post(&Mock::new([Reply::Ok])).await, []);
}

#[tokio::test]
async fn a_get_in_the_place_of_a_post_is_called_one() {
    let (first, second) = (sample::lost(), sample::lost());
    let (log, _guard) = collect();
    let mock = Mock::new([Reply::Fail(first), Reply::Fail(second)]);
    let choice = NonIdempotent::AsGet;
    let policy = RetryPolicy::builder().non_idempotent(choice).build();
    let request = Request::post("http://mock/").body(wire::Body::default());
    let service = mock.replayed(policy.unwrap());
    wire::send(&service, request.unwrap()).await.unwrap_err();
    let events = log.0.lock().unwrap().clone();
    assert_eq!(events[0]["http.request.method"], printed("POST"));
    assert_eq!(events[0]["reason"], text("AsGet"));
    assert_eq!(events[1]["http.request.method"], printed("GET"));
    assert_eq!(events[1]["reason"], text("AttemptsExhausted"));
}

#[tokio::test(start_paused = true)]
async fn a_deadline_is_one() {
    let (log, _guard) = collect();
    let second = std::time::Duration::from_secs(1);
    let policy = RetryPolicy::builder().deadline(second).build().unwrap();
    let service = Mock::new([Reply::Hang]).replayed(policy);
    let request = Request::get("http://mock/").body(wire::Body::default());
    wire::send(&service, request.unwrap()).await.unwrap_err();
    let events = log.0.lock().unwrap().clone();
    assert_eq!(events.len(), 1);
    assert_eq!(events[0]["reason"], text("DeadlineExceeded"));
}

#[tokio::test(start_paused = true)]
async fn a_deadline_between_two_attempts_is_one() {
    let (log, _guard) = collect();
    let second = std::time::Duration::from_secs(1);
    let policy = RetryPolicy::builder().deadline(second).build().unwrap();
    let mock = Mock::new([Reply::end(End::HandedBack)]).unready([0, usize::MAX]);
    let service = mock.replayed(policy);
    let request = Request::post("http://mock/").body(wire::Body::default());
    let call = tokio::spawn(async move { wire::send(&service, request.unwrap()).await });
    wire::settle().await;
    tokio::time::advance(second).await;
    call.await.unwrap().unwrap_err();
    let events = log.0.lock().unwrap().clone();
    assert_eq!(events.len(), 2);
    assert_eq!(events[0]["replay"], Value::Truth(true));
    assert_eq!(events[1]["reason"], text("DeadlineExceeded"));
}
