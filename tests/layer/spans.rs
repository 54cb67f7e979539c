//! The spans of the feature `tracing`: one for each call, one for each connection and for each that is being opened; and the
//! events within them.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::Request;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::DefaultGuard;
use tracing::{Event, Metadata, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;
use unstale::request::RequestOptions;
use unstale::{Client, ClientBuilder, RetryPolicy};

use crate::peer::{Peer, Script};
use crate::wire;

type Fields = BTreeMap<&'static str, String>;

/// What was told: of spans their fields as they stand now, of events the span that they were told in.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Told>>);

#[derive(Default)]
struct Told {
    spans: BTreeMap<u64, Span>,
    events: Vec<(&'static str, Option<&'static str>, Fields)>,
}

#[derive(Clone, Debug)]
struct Span {
    name: &'static str,
    level: tracing::Level,
    parent: Option<&'static str>,
    fields: Fields,
    follows: Vec<u64>,
    is_closed: bool,
}

#[derive(Default)]
struct Collected(Fields);

impl Visit for Collected {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name(), value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.insert(field.name(), format!("{value:?}"));
    }
}

fn is_ours(metadata: &Metadata<'_>) -> bool {
    metadata.target() == "unstale"
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Log {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let metadata = attributes.metadata();
        if !is_ours(metadata) {
            return;
        }
        let mut fields = Collected::default();
        attributes.record(&mut fields);
        let parent = context.span(id).unwrap().parent();
        let span = Span {
            name: metadata.name(),
            level: *metadata.level(),
            parent: parent.map(|parent| parent.name()),
            fields: fields.0,
            follows: Vec::new(),
            is_closed: false,
        };
        self.0.lock().unwrap().spans.insert(id.into_u64(), span);
    }

    fn on_record(&self, id: &Id, record: &Record<'_>, _: Context<'_, S>) {
        if let Some(span) = self.0.lock().unwrap().spans.get_mut(&id.into_u64()) {
            let mut fields = Collected(std::mem::take(&mut span.fields));
            record.record(&mut fields);
            span.fields = fields.0;
        }
    }

    fn on_follows_from(&self, id: &Id, follows: &Id, _: Context<'_, S>) {
        if let Some(span) = self.0.lock().unwrap().spans.get_mut(&id.into_u64()) {
            span.follows.push(follows.into_u64());
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let metadata = event.metadata();
        if !is_ours(metadata) {
            return;
        }
        let mut fields = Collected::default();
        event.record(&mut fields);
        let within = context.event_span(event).map(|span| span.name());
        let event = (metadata.name(), within, fields.0);
        self.0.lock().unwrap().events.push(event);
    }

    fn on_close(&self, id: Id, _: Context<'_, S>) {
        if let Some(span) = self.0.lock().unwrap().spans.get_mut(&id.into_u64()) {
            span.is_closed = true;
        }
    }
}

/// Collects what is told on this thread, as long as the guard lives.
fn collect() -> (Log, DefaultGuard) {
    let log = Log::default();
    let subscriber = tracing_subscriber::registry().with(log.clone());
    (log, tracing::subscriber::set_default(subscriber))
}

impl Log {
    fn spans(&self, name: &str) -> Vec<Span> {
        let told = self.0.lock().unwrap();
        let spans = told.spans.values().filter(|span| span.name == name);
        spans.cloned().collect()
    }

    /// The only one of this name.
    #[track_caller]
    fn span(&self, name: &str) -> Span {
        let spans = self.spans(name);
        assert_eq!(spans.len(), 1, "{spans:?}");
        spans[0].clone()
    }

    /// The events but the verdicts, each with the span that it was told in.
    fn events(&self) -> Vec<(&'static str, Option<&'static str>)> {
        let told = self.0.lock().unwrap();
        let events = told.events.iter();
        events.map(|(name, within, _)| (*name, *within)).collect()
    }
}

fn builder() -> ClientBuilder {
    Client::builder().no_proxy()
}

async fn get(client: &Client, peer: &Peer) {
    let response = client.get(peer.url("/secret?key=1")).await.unwrap();
    response.into_body().bytes().await.unwrap();
    wire::settle().await;
}

const CONNECTION: Option<&str> = Some("unstale.connection");
const REQUEST: Option<&str> = Some("unstale.request");

#[tokio::test]
async fn a_call_is_a_span_that_names_the_origin_and_the_outcome_and_no_path() {
    let (log, _guard) = collect();
    let peer = wire::peer_that_then(Script::serve_forever());
    get(&builder().build().unwrap(), &peer).await;
    let span = log.span("unstale.request");
    assert_eq!((span.level, span.is_closed), (tracing::Level::DEBUG, true));
    let expected = [
        ("http.request.method", "GET".to_owned()),
        ("http.response.status_code", "200".to_owned()),
        ("otel.kind", "client".to_owned()),
        ("outcome", "answered".to_owned()),
        ("server.address", "localhost".to_owned()),
        ("server.port", peer.addr().port().to_string()),
        ("url.scheme", "http".to_owned()),
    ];
    assert_eq!(span.fields, Fields::from(expected));
    let told = log.0.lock().unwrap();
    let spans = told.spans.values().map(|span| &span.fields);
    let fields = spans.chain(told.events.iter().map(|(_, _, fields)| fields));
    let said: Vec<_> = fields.flat_map(BTreeMap::values).collect();
    assert!(!said.iter().any(|said| said.contains("secret")), "{said:?}");
}

#[tokio::test]
async fn a_connection_is_a_span_of_its_own_and_says_what_ended_it() {
    let (log, _guard) = collect();
    let peer = wire::peer_that_then(Script::serve_forever());
    let client = builder().build().unwrap();
    for _ in 0..2 {
        get(&client, &peer).await;
    }
    let number = client.connections().all()[0].number().to_string();
    client.close().await;
    wire::settle().await;

    let connecting = log.span("unstale.connect");
    assert_eq!((connecting.parent, connecting.is_closed), (None, true));
    assert_eq!(connecting.fields["connection"], number);
    let connection = log.span("unstale.connection");
    assert_eq!((connection.parent, connection.is_closed), (None, true));
    let expected = [
        ("connection", number),
        ("ended_by", "ClientClosed".to_owned()),
        ("network.protocol.name", "http".to_owned()),
        ("network.protocol.version", "1.1".to_owned()),
        ("server.address", "localhost".to_owned()),
        ("server.port", peer.addr().port().to_string()),
        ("url.scheme", "http".to_owned()),
    ];
    assert_eq!(connection.fields, Fields::from(expected));
    assert_eq!(
        log.events(),
        [
            ("unstale.connection.opened", CONNECTION),
            ("unstale.connection.reused", REQUEST),
            ("unstale.connection.discarded", CONNECTION),
            ("unstale.connection.closed", CONNECTION),
        ]
    );
}

#[tokio::test]
async fn a_connection_follows_from_its_opening_and_that_from_the_request() {
    let (log, _guard) = collect();
    let peer = wire::peer_that_then(Script::serve_forever());
    get(&builder().build().unwrap(), &peer).await;
    let told = log.0.lock().unwrap();
    let follows = |name| {
        let span = told.spans.values().find(|span| span.name == name).unwrap();
        span.follows.iter().map(|id| told.spans[id].name).collect()
    };
    let of_connection: Vec<_> = follows("unstale.connection");
    assert_eq!(of_connection, ["unstale.connect"]);
    let of_opening: Vec<_> = follows("unstale.connect");
    assert_eq!(of_opening, ["unstale.request"]);
}

#[tokio::test]
async fn a_replay_is_told_of_within_the_call_and_counted() {
    let (log, _guard) = collect();
    let peer = wire::loses_the_second();
    let client = builder().build().unwrap();
    for _ in 0..2 {
        get(&client, &peer).await;
    }
    let calls = log.spans("unstale.request");
    assert_eq!(calls.len(), 2);
    assert!(!calls[0].fields.contains_key("http.request.resend_count"));
    assert_eq!(calls[1].fields["http.request.resend_count"], "1");
    assert!(log.events().contains(&("unstale.verdict", REQUEST)));
    let ended_by = |span: &Span| span.fields.get("ended_by").cloned();
    let ended: Vec<_> = log
        .spans("unstale.connection")
        .iter()
        .map(ended_by)
        .collect();
    assert_eq!(ended, [Some("Failed".to_owned()), None]);
}

#[tokio::test]
async fn a_failure_names_its_reason() {
    let (log, _guard) = collect();
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", closed.local_addr().unwrap());
    drop(closed);
    builder().build().unwrap().get(url).await.unwrap_err();
    let call = log.span("unstale.request");
    assert_eq!(call.fields["outcome"], "failed");
    assert_eq!(call.fields["error.type"], "Connect");
    let connecting = log.span("unstale.connect");
    let said = &connecting.fields["error"];
    assert!(said.contains("refused"), "{said}");
    let failed = ("unstale.connect.failed", Some("unstale.connect"));
    assert!(log.events().contains(&failed), "{:?}", log.events());
}

#[tokio::test]
async fn a_call_that_is_dropped_says_so() {
    let (log, _guard) = collect();
    let peer = wire::peer_that_then(Script::new().read_all().stall());
    let client = builder().build().unwrap();
    get(&client, &peer).await;
    let cut = tokio::time::timeout(Duration::from_millis(20), client.get(peer.url("/"))).await;
    cut.unwrap_err();
    assert_eq!(log.spans("unstale.request")[1].fields["outcome"], "dropped");
}

#[tokio::test]
async fn a_deadline_is_a_failure() {
    let (log, _guard) = collect();
    let peer = wire::peer_that_then(Script::new().read_all().stall());
    let client = builder().retry_policy(RetryPolicy::never()).build();
    let client = client.unwrap();
    get(&client, &peer).await;
    let options = RequestOptions::new().deadline(Duration::from_millis(20));
    let request = Request::get(peer.url("/")).extension(options);
    let request = request.body(String::new()).unwrap();
    client.request(request).await.unwrap_err();
    let call = &log.spans("unstale.request")[1];
    assert_eq!(call.fields["outcome"], "failed");
    assert_eq!(call.fields["error.type"], "DeadlineExceeded");
}
