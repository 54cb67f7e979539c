//! Redirects: a POST that was answered with one is executed once, whatever becomes of the hop after it.

use std::net::TcpListener;

use reqwest::StatusCode;
use unstale::reqwest::{Client, RedirectPolicy};
use unstale::verdict::{Grounds, Refusal, Verdict};
use unstale::{Attempts, Error, RetryPolicy};

use crate::client::{self, Stack, configured, given, ours, url};
use crate::peer::{Peer, Script, Tls};

const TLS: Tls = Tls::V13 { close_notify: true };

fn redirects(status: &str, location: &str) -> String {
    format!("HTTP/1.1 {status} X\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n")
}

fn see_other(location: &str) -> Script {
    Script::new()
        .read_all()
        .execute()
        .send(redirects("303", location))
}

/// Where nobody listens.
fn nowhere() -> String {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}/done", closed.local_addr().unwrap())
}

/// Serves one request, so that the connection is a kept-alive one; then this.
fn then(script: Script) -> Script {
    Script::new().serve().then(script)
}

/// The first connection does this, any other serves.
fn first(tls: Tls, script: Script) -> Peer {
    Peer::start(tls, move |n| match n {
        0 => script.clone(),
        _ => Script::serve_forever(),
    })
}

/// A policy under which everything would be tried again that might be.
fn eager() -> RetryPolicy {
    RetryPolicy::builder()
        .no_budget()
        .connect(2)
        .build()
        .unwrap()
}

fn eager_one(peer: &Peer) -> Client {
    let client = Client::builder(configured(peer));
    client.retry_policy(eager()).build().unwrap()
}

fn eager_given(peer: &Peer) -> Client {
    let client = configured(peer)(reqwest::Client::builder());
    Client::around(client.build().unwrap(), eager())
}

async fn warm(client: &Client, peer: &Peer, tls: Tls) {
    let response = client.get(url(peer, tls, "/warm")).send().await.unwrap();
    response.bytes().await.unwrap();
}

async fn order(client: &Client, peer: &Peer, tls: Tls) -> Result<reqwest::Response, Error> {
    let order = client.post(url(peer, tls, "/order")).body("one=1");
    order.send().await
}

fn grounds(response: &reqwest::Response) -> Vec<Grounds> {
    let attempts = Attempts::in_extensions(response.extensions()).iter();
    let grounds = attempts.map(|attempt| match attempt.decided() {
        Verdict::Replay(grounds) => grounds,
        decided => panic!("{decided:?}"),
    });
    grounds.collect()
}

#[tokio::test]
async fn a_post_is_followed_by_a_get_without_its_body() {
    for status in ["301", "302", "303"] {
        let script = Script::new().read_all().execute();
        let script = script.send(redirects(status, "/done?a=1")).serve();
        let peer = first(Tls::Off, then(script));
        let client = ours(&peer);
        warm(&client, &peer, Tls::Off).await;
        let response = order(&client, &peer, Tls::Off).await.unwrap();
        assert_eq!(response.url().as_str(), url(&peer, Tls::Off, "/done?a=1"));
        assert_eq!(response.text().await.unwrap(), "ok");
        let done = peer.executions().pop().unwrap();
        assert_eq!((done.method.as_str(), done.body.len()), ("GET", 0));
        let referer = ("referer".to_owned(), url(&peer, Tls::Off, "/order"));
        assert!(done.headers.contains(&referer), "{done:?}");
        let sized = done
            .headers
            .iter()
            .any(|(name, _)| name == "content-length");
        assert!(!sized, "{done:?}");
    }
}

#[tokio::test]
async fn what_keeps_the_method_keeps_the_body_unless_that_is_a_stream() {
    for status in ["307", "308"] {
        let script = Script::new().read_all().execute();
        let peer = first(Tls::Off, script.send(redirects(status, "/done")).serve());
        order(&ours(&peer), &peer, Tls::Off).await.unwrap();
        assert_eq!(peer.executions().pop().unwrap().body, b"one=1");

        let script = Script::new().read_all().execute();
        let peer = first(Tls::Off, script.send(redirects(status, "/done")).serve());
        let stream = reqwest::Body::wrap(client::full("one=1"));
        let request = ours(&peer)
            .post(url(&peer, Tls::Off, "/order"))
            .body(stream);
        let response = request.send().await.unwrap();
        assert_eq!(response.status().as_str(), status);
        assert_eq!(peer.executions().len(), 1);
    }
}

#[tokio::test]
async fn the_policy_says_which_are_followed() {
    let script = || Script::new().repeat(see_other("/again"));
    let peer = Peer::start(Tls::Off, move |_| script());
    let with = |redirects: RedirectPolicy| {
        let client = client::builder(Stack::Asking, &peer);
        client.redirect(redirects).build().unwrap()
    };
    let response = order(&with(RedirectPolicy::none()), &peer, Tls::Off).await;
    assert_eq!(response.unwrap().status(), StatusCode::SEE_OTHER);
    let three = RedirectPolicy::custom(|hop| hop.previous().len() <= 3);
    let response = order(&with(three), &peer, Tls::Off).await.unwrap();
    assert_eq!(response.status(), StatusCode::SEE_OTHER);
    assert_eq!(peer.executions().len(), 1 + 4);
    let error = order(&with(RedirectPolicy::limited(2)), &peer, Tls::Off)
        .await
        .unwrap_err();
    assert!(error.is_request(), "{error:?}");
    assert!(error.to_string().contains("too many redirects"), "{error}");
    assert_eq!(peer.executions().len(), 5 + 3);
}

#[tokio::test]
async fn what_is_secret_stays_with_its_origin() {
    let other = Peer::start(Tls::Off, |_| Script::serve_forever());
    let elsewhere = url(&other, Tls::Off, "/done");
    let peer = first(Tls::Off, see_other("/here").then(see_other(&elsewhere)));
    let request = ours(&peer).get(url(&peer, Tls::Off, "/"));
    let request = request.bearer_auth("secret").header("cookie", "a=1");
    request.send().await.unwrap();
    let secrets = |headers: &[(String, String)]| {
        let secret = |name: &str| name == "authorization" || name == "cookie";
        headers.iter().filter(|(name, _)| secret(name)).count()
    };
    let executions = peer.executions();
    assert_eq!(secrets(&executions[1].headers), 2, "{executions:?}");
    let executions = other.executions();
    assert_eq!(secrets(&executions[0].headers), 0, "{executions:?}");
}

#[tokio::test]
async fn a_second_hop_that_is_lost_is_repeated_by_itself_and_not_the_post() {
    let lost = see_other("/done").read_all().execute().rst();
    let peer = first(Tls::Off, then(lost));
    let client = eager_one(&peer);
    warm(&client, &peer, Tls::Off).await;
    let response = order(&client, &peer, Tls::Off).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(grounds(&response), [Grounds::Idempotent]);
    assert_eq!(peer.executed("POST", "/order"), 1);
    assert_eq!(peer.executed("GET", "/done"), 2);
}

#[tokio::test]
async fn a_second_hop_to_nowhere_does_not_repeat_the_post() {
    let peer = first(Tls::Off, then(see_other(&nowhere()).stall()));
    let client = eager_one(&peer);
    warm(&client, &peer, Tls::Off).await;
    let error = order(&client, &peer, Tls::Off).await.unwrap_err();
    assert!(error.is_connect(), "{error:?}");
    assert_eq!(error.attempts().len(), 3, "{error:?}");
    assert_eq!(peer.executed("POST", "/order"), 1);
}

#[tokio::test]
async fn from_tls_to_cleartext_the_post_is_executed_once() {
    let other = first(Tls::Off, then(Script::new().read_all().execute().close()));
    let peer = first(TLS, then(see_other(&url(&other, Tls::Off, "/done"))));
    let client = eager_one(&peer);
    warm(&client, &peer, TLS).await;
    warm(&client, &other, Tls::Off).await;
    let response = order(&client, &peer, TLS).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(peer.executed("POST", "/order"), 1);
    assert_eq!(other.executed("GET", "/done"), 2);
    let done = other.executions().pop().unwrap();
    let told = done.headers.iter().any(|(name, _)| name == "referer");
    assert!(!told, "{done:?}");
}

/// A client that was handed in follows by itself, and its error names the first request: not the least follows from it.
async fn executed_once_by_a_given_client(peer: &Peer, tls: Tls) {
    let client = eager_given(peer);
    warm(&client, peer, tls).await;
    let error = order(&client, peer, tls).await.unwrap_err();
    assert_eq!(error.refusal(), Refusal::NotThisSending, "{error:?}");
    assert_eq!(error.attempts().len(), 1, "{error:?}");
    assert_eq!(peer.executed("POST", "/order"), 1);
}

#[tokio::test]
async fn a_given_client_that_follows_to_nowhere_executes_the_post_once() {
    for tls in [Tls::Off, TLS] {
        let peer = first(tls, then(see_other(&nowhere()).stall()));
        executed_once_by_a_given_client(&peer, tls).await;
    }
}

#[tokio::test]
async fn a_given_client_that_loses_the_second_hop_executes_the_post_once() {
    for tls in [Tls::Off, TLS] {
        for end in [Script::new().rst(), Script::new().close()] {
            let lost = see_other("/done").read_all().execute().then(end);
            let peer = first(tls, then(lost));
            executed_once_by_a_given_client(&peer, tls).await;
        }
    }
}

#[tokio::test]
async fn a_given_client_that_follows_from_tls_to_cleartext_executes_the_post_once() {
    let other = first(Tls::Off, Script::new().read_all().execute().close());
    let peer = first(TLS, then(see_other(&url(&other, Tls::Off, "/done"))));
    executed_once_by_a_given_client(&peer, TLS).await;
    assert_eq!(other.executed("GET", "/done"), 1);
}

#[tokio::test]
async fn a_given_client_repeats_a_lost_get_and_nothing_that_is_not_safe() {
    let lost = || then(Script::new().read_all().execute().rst());
    let peer = first(Tls::Off, lost());
    let client = given(&peer);
    warm(&client, &peer, Tls::Off).await;
    let get = client.get(url(&peer, Tls::Off, "/get"));
    let response = get.send().await.unwrap();
    assert_eq!(grounds(&response), [Grounds::Idempotent]);
    assert_eq!(peer.executed("GET", "/get"), 2);

    let peer = first(Tls::Off, lost());
    let client = given(&peer);
    warm(&client, &peer, Tls::Off).await;
    let put = client.put(url(&peer, Tls::Off, "/put")).body("a");
    let error = put.send().await.unwrap_err();
    assert_eq!(error.refusal(), Refusal::NotThisSending, "{error:?}");
    assert_eq!(peer.executed("PUT", "/put"), 1);
}

#[tokio::test]
async fn a_given_client_that_cannot_connect_repeats_nothing_that_is_not_safe() {
    let peer = Peer::start(Tls::Off, |_| Script::serve_forever());
    let error = eager_given(&peer).post(nowhere()).send().await.unwrap_err();
    assert_eq!(error.refusal(), Refusal::NotThisSending, "{error:?}");
    assert_eq!(error.attempts().len(), 1, "{error:?}");
}
