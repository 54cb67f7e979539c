//! What goes on the wire around hyper-util's client is what goes on it without: the head, field by field, however the client was put
//! together and set up.

use http::{Request, header};
use http_body_util::BodyExt;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::{Builder, Client};
use tower::{Layer, Service};
use unstale::client::hyper_util::Attest;
use unstale::{ReplayLayer, RetryPolicy, TrackLayer, stack};

use crate::peer::{Peer, Script, Tls};
use crate::wire::{self, Body};

/// The requests of which the heads are compared.
fn requests(peer: &Peer) -> Vec<Request<Body>> {
    let port = peer.addr().port();
    let hosts = [
        format!("localhost:{port}"),
        format!("LOCALHOST:{port}"),
        format!("127.0.0.1:{port}"),
        format!("user@localhost:{port}"),
        format!("user:word@127.0.0.1:{port}"),
    ];
    let mut requests: Vec<_> = hosts.iter().map(get_from).collect();
    requests.push(wire::request(peer, "POST", "/", "body"));
    let mut named = wire::request(peer, "GET", "/", "");
    let other = header::HeaderValue::from_static("other.example");
    named.headers_mut().insert(header::HOST, other);
    requests.push(named);
    requests
}

fn get_from(host: &String) -> Request<Body> {
    let request = Request::get(format!("http://{host}/a?b"));
    request.body(Body::default()).unwrap()
}

/// A head: method, target and fields, but for the port, which is another for each peer.
type Head = (String, String, Vec<(String, String)>);

/// The heads that a peer has seen of a client, which is made for it.
async fn heads<S, R>(client: S) -> Vec<Head>
where
    S: Service<Request<Body>, Response = http::Response<R>> + Clone,
    S::Error: std::fmt::Debug,
    R: http_body::Body<Error: std::fmt::Debug>,
{
    let peer = Peer::start(Tls::Off, |_| Script::serve_forever());
    for request in requests(&peer) {
        let response = wire::send(&client, request).await.unwrap();
        response.into_body().collect().await.unwrap();
    }
    let port = format!(":{}", peer.addr().port());
    let seen = peer.finish().into_iter().map(|seen| {
        let fields = seen.headers.into_iter();
        let fields = fields.map(|(name, value)| (name, value.replace(&port, ":PORT")));
        (seen.method, seen.path, fields.collect())
    });
    seen.collect()
}

/// By each way to put a client of this builder together, as without.
async fn are_those_of_hyper_util(builder: &Builder) {
    let plain: Client<_, Body> = builder.build(HttpConnector::new());
    let plain = heads(plain).await;
    assert_eq!(plain.len(), 7);
    let policy = RetryPolicy::default;
    let track = || TrackLayer::new().layer(HttpConnector::new());
    let layer = ReplayLayer::new(policy());
    let around = layer.layer(Attest::new(builder.build(track())));
    assert_eq!(heads(around).await, plain, "Attest::new");
    let built = layer.layer(Attest::build(builder, track()));
    assert_eq!(heads(built).await, plain, "Attest::build");
    let stacked = stack::over_http(builder, HttpConnector::new(), policy());
    assert_eq!(heads(stacked).await, plain, "over_http");
}

#[tokio::test]
async fn heads_are_those_of_hyper_util() {
    are_those_of_hyper_util(&wire::builder()).await;
}

#[tokio::test]
async fn heads_are_those_of_hyper_util_when_it_sets_no_host() {
    // Only one of the requests brings its own.
    let mut builder = wire::builder();
    builder.set_host(false);
    are_those_of_hyper_util(&builder).await;
}
