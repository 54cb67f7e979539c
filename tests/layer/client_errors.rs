//! What somebody who does not know sockets reads when `Client` could not even send the request, word for word.

use std::net::TcpListener;
use std::time::Duration;

use unstale::evidence::{ConnectFailure, Evidence};
use unstale::{Client, ClientBuilder, Error, RetryPolicy};

use crate::peer::{Peer, Script, Tls};
use crate::wire;

fn builder() -> ClientBuilder {
    Client::builder().no_proxy()
}

async fn error(client: ClientBuilder, url: impl AsRef<str>) -> Error {
    let client = client.build().unwrap();
    client.get(url.as_ref()).await.unwrap_err()
}

fn why(error: &Error) -> Option<ConnectFailure> {
    assert!(error.is_connect() && !error.is_stale() && !error.is_request());
    error.evidence().and_then(Evidence::connect_failure)
}

/// The URL of a port where nobody listens.
fn nowhere() -> String {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}/", closed.local_addr().unwrap())
}

#[tokio::test]
async fn a_name_that_cannot_be_resolved() {
    // Too long for a name: no resolver asks anybody.
    let error = error(builder(), format!("http://{}.localhost/", "a".repeat(64))).await;
    assert_eq!(why(&error), Some(ConnectFailure::Name));
    assert_eq!(
        error.to_string(),
        "no connection to the server could be opened: its name could not be resolved to an address; it was not repeated \
         because the policy does not try to connect again; check how the name is written, and whether this machine can \
         resolve names; RetryPolicy::builder().connect(n) tries again"
    );
}

#[tokio::test]
async fn a_port_where_nobody_listens() {
    let error = error(builder(), nowhere()).await;
    assert_eq!(why(&error), Some(ConnectFailure::Refused));
    assert_eq!(
        error.to_string(),
        "no connection to the server could be opened: nothing accepts connections at that address and port; it was not \
         repeated because the policy does not try to connect again; check the host, the port and that the server runs; \
         RetryPolicy::builder().connect(n) tries again"
    );
    let chain = wire::chain(&error);
    assert_eq!(
        chain[1..3],
        [
            "the attempt failed: the request was never sent",
            "tcp connect error"
        ]
    );
    assert!(chain[3].starts_with("Connection refused"), "{chain:?}");
}

#[tokio::test]
async fn a_server_that_does_not_answer_in_time() {
    // The kernel accepts, nobody speaks TLS.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}/", silent.local_addr().unwrap());
    let error = error(builder().connect_timeout(Duration::from_millis(20)), url).await;
    assert_eq!(why(&error), Some(ConnectFailure::TimedOut));
    assert_eq!(
        error.to_string(),
        "no connection to the server could be opened: it did not answer in time; it was not repeated because the policy \
         does not try to connect again; check the host and the port, whether a firewall is in the way, and the client's \
         connect_timeout; RetryPolicy::builder().connect(n) tries again"
    );
    let chain = wire::chain(&error);
    let said = "opening the connection took longer than the connect_timeout of 20ms";
    assert!(chain.contains(&said.to_owned()), "{chain:?}");
}

#[tokio::test]
async fn a_certificate_that_nobody_trusts() {
    let peer = Peer::start(Tls::V13 { close_notify: true }, |_| Script::serve_forever());
    let url = format!("https://{}/", peer.addr());
    let error = error(builder().tls_platform_roots(false), url).await;
    assert_eq!(why(&error), Some(ConnectFailure::Tls));
    assert_eq!(
        error.to_string(),
        "no connection to the server could be opened: it was reached, and TLS with it failed: invalid peer certificate: \
         UnknownIssuer; it was not repeated because the policy does not try to connect again; check that the port is one \
         for https, that the certificate is for this name and not expired, and that who signed it is trusted here"
    );
}

#[tokio::test]
async fn a_port_without_tls() {
    let answer = "HTTP/1.1 400 Bad Request\r\n\r\n";
    let peer = Peer::start(Tls::Off, move |_| Script::new().send(answer).stall());
    let error = error(builder(), format!("https://{}/", peer.addr())).await;
    assert_eq!(why(&error), Some(ConnectFailure::Tls));
    let said = error.to_string();
    let begin = "no connection to the server could be opened: it was reached, and TLS with it failed: received corrupt";
    assert!(said.starts_with(begin), "{said}");
}

#[tokio::test]
async fn a_proxy_that_is_not_there() {
    for origin in ["http://localhost/", "https://localhost/"] {
        let error = error(Client::builder().proxy(&nowhere()), origin).await;
        assert_eq!(why(&error), Some(ConnectFailure::Proxy));
        let said = error.to_string();
        let phrase =
            "opened: the proxy could not be reached, or opened no way to it: Connection refused";
        assert!(said.contains(phrase), "{said}");
        assert!(
            said.contains("; check the proxy that the client was given"),
            "{said}"
        );
    }
}

#[tokio::test]
async fn a_proxy_that_opens_no_tunnel() {
    let refused = "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n";
    let peer = Peer::start(Tls::Off, move |_| {
        Script::new().read_all().send(refused).stall()
    });
    let client = Client::builder().proxy(&peer.url("/"));
    let error = error(client, "https://localhost/").await;
    assert_eq!(why(&error), Some(ConnectFailure::Proxy));
}

#[tokio::test]
async fn a_deadline_that_passes() {
    let peer = Peer::start(Tls::Off, |_| Script::new().stall());
    let policy = RetryPolicy::builder().deadline(Duration::from_millis(20));
    let error = error(
        builder().retry_policy(policy.build().unwrap()),
        peer.url("/"),
    )
    .await;
    assert!(error.is_timeout());
    assert_eq!(
        error.to_string(),
        "the request took too long; it was not repeated because its deadline has passed"
    );
}

#[tokio::test]
async fn an_address_that_is_none() {
    for (address, said) in [
        (
            "/path",
            "the address of the request names no server; it must be absolute, like http://host/path",
        ),
        (
            "localhost",
            "the address of the request names no scheme; it must begin with http:// or https://",
        ),
        (
            "ftp://localhost/",
            "the address must begin with http:// or https://, not ftp://",
        ),
        ("http://a b/", "invalid uri character"),
    ] {
        let error = error(builder(), address).await;
        assert!(error.is_request() && !error.is_connect());
        let expected = format!("the request cannot be sent as it is: {said}");
        assert_eq!(error.to_string(), expected);
    }
    let error = error(builder().https_only(true), "http://localhost/").await;
    assert_eq!(
        error.to_string(),
        "the request cannot be sent as it is: the address must begin with https://, as this client sends nothing in \
         cleartext (`https_only`)"
    );
}

#[tokio::test]
async fn a_client_that_was_closed() {
    let client = builder().build().unwrap();
    client.close().await;
    let error = client.get("http://localhost/").await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the client was closed, and takes no further requests"
    );
}

#[test]
fn a_client_and_its_builder_show_no_secret_and_fit_on_a_line() {
    let builder = Client::builder().proxy("http://user:secret@localhost:3128");
    let shown = format!("{builder:?}");
    assert!(!shown.contains("secret") && shown.len() < 200, "{shown}");
    let shown = format!("{:?}", builder.build().unwrap());
    assert!(!shown.contains("secret") && shown.len() < 200, "{shown}");
}
