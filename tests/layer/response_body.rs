//! The body of a response of `Client`, read in one call.

use std::time::Duration;

use unstale::{Client, Counters};

use crate::peer::{Peer, Script, Tls};

fn client() -> Client {
    Client::builder().no_proxy().build().unwrap()
}

fn answers(answer: Script) -> Peer {
    Peer::start(Tls::Off, move |_| {
        Script::new().read_all().execute().then(answer.clone())
    })
}

const CHUNKED: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n";

#[tokio::test]
async fn pieces_are_joined() {
    let rest = "3\r\ntwo\r\n5\r\nthree\r\n0\r\n\r\n";
    let in_two = Script::new().send(CHUNKED).signal("sent").wait("go");
    let peer = answers(in_two.send(rest).stall());
    let response = client().get(peer.url("/")).await.unwrap();
    peer.reached("sent");
    peer.go("go");
    let body = response.into_body().bytes().await.unwrap();
    assert_eq!(body, "onetwothree");
}

#[tokio::test]
async fn no_bytes_are_none() {
    let empty = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    let peer = answers(Script::new().send(empty).stall());
    let response = client().get(peer.url("/")).await.unwrap();
    assert_eq!(response.into_body().bytes().await.unwrap(), "");
}

#[tokio::test]
async fn a_body_that_breaks_off_is_an_error_and_not_the_part_that_came() {
    let peer = answers(Script::new().send(CHUNKED).close());
    let response = client().get(peer.url("/")).await.unwrap();
    let error = response.into_body().bytes().await.unwrap_err();
    assert!(
        error.to_string().starts_with("the response broke off"),
        "{error}"
    );
}

#[tokio::test]
async fn a_body_given_up_half_way_holds_no_connection() {
    let peer = answers(Script::new().send(CHUNKED).stall());
    let client = client();
    let response = client.get(peer.url("/")).await.unwrap();
    let reading = response.into_body().bytes();
    let cut = tokio::time::timeout(Duration::from_millis(20), reading).await;
    cut.unwrap_err();
    // What is left does not come, so it is not drained.
    let discarded = |counters: Counters| counters.discarded(unstale::DiscardReason::NotDrained);
    while discarded(client.counters()) == 0 {
        tokio::task::yield_now().await;
    }
    client.close().await;
    assert_eq!(client.connections().all().len(), 0);
}
