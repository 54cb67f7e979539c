//! POST to GET, end to end: what may have been processed as a POST is asked for as a GET, where the caller wants that.

use bytes::Bytes;
use http::request::Parts;
use http::{Method, Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use unstale::policy::{NonIdempotent, RetryPolicyBuilder};
use unstale::request::{NotConvertible, RequestOptions};
use unstale::verdict::{Grounds, Refusal};
use unstale::{Error, RetryPolicy};

use crate::mock::{Mock, Reply};
use crate::peer::{Execution, Peer};
use crate::{sample, wire};

const FORM: &str = "application/x-www-form-urlencoded";

fn as_get() -> RetryPolicyBuilder {
    RetryPolicy::builder().non_idempotent(NonIdempotent::AsGet)
}

fn post(peer: &Peer, path: &str, media_type: &str, body: &str) -> Request<wire::Body> {
    Request::post(peer.url(path))
        .header("content-type", media_type)
        .header("content-language", "en")
        .header("x-kept", "yes")
        .body(Full::new(Bytes::copy_from_slice(body.as_bytes())))
        .unwrap()
}

/// Sends a POST over a connection that executes it and is then reset.
async fn lose(
    peer: &Peer,
    policy: RetryPolicyBuilder,
    request: Request<wire::Body>,
) -> Result<Response<Incoming>, Error> {
    let client = wire::tapped(policy.build().unwrap());
    wire::warm(&client, peer).await;
    wire::send(&client, request).await
}

fn methods(peer: &Peer) -> Vec<(String, usize)> {
    let executed = peer.executions().into_iter().skip(1);
    executed
        .map(
            |Execution {
                 method, connection, ..
             }| (method, connection),
        )
        .collect()
}

fn assert_post_then_get(peer: &Peer, path: &str) {
    let expected = [("POST".to_owned(), 0), ("GET".to_owned(), 1)];
    assert_eq!(methods(peer), expected);
    let get = peer.executions().pop().unwrap();
    assert_eq!((get.path.as_str(), get.body.as_slice()), (path, &b""[..]));
    let names: Vec<_> = get.headers.iter().map(|(name, _)| name.as_str()).collect();
    assert!(names.contains(&"x-kept"), "{names:?}");
    for name in &names {
        assert!(
            !name.starts_with("content-") && *name != "transfer-encoding",
            "{names:?}"
        );
    }
}

#[tokio::test]
async fn a_lost_form_is_asked_for_as_a_get_over_a_fresh_connection() {
    let peer = wire::loses_the_second();
    let request = post(&peer, "/search?lang=en", FORM, "q=tower&page=2");
    let response = lose(&peer, as_get(), request).await.unwrap();
    assert_eq!(wire::grounds(&response), [Grounds::AsGet]);
    assert_post_then_get(&peer, "/search?lang=en&q=tower&page=2");
}

#[tokio::test]
async fn an_empty_body_needs_no_media_type() {
    let peer = wire::loses_the_second();
    let mut request = post(&peer, "/refresh", FORM, "");
    request.headers_mut().remove("content-type");
    lose(&peer, as_get(), request).await.unwrap();
    assert_post_then_get(&peer, "/refresh");
}

#[tokio::test]
async fn one_request_may_ask_for_it_by_itself() {
    let peer = wire::loses_the_second();
    let mut request = post(&peer, "/search", FORM, "q=tower");
    request
        .extensions_mut()
        .insert(RequestOptions::new().replay_as_get());
    lose(&peer, RetryPolicy::builder(), request).await.unwrap();
    assert_post_then_get(&peer, "/search?q=tower");
}

#[tokio::test]
async fn nobody_gets_it_unasked() {
    let peer = wire::loses_the_second();
    let request = post(&peer, "/search", FORM, "q=tower");
    let error = lose(&peer, RetryPolicy::builder(), request)
        .await
        .unwrap_err();
    assert_eq!(error.refusal(), Refusal::MayHaveBeenProcessed);
    assert_eq!(methods(&peer), [("POST".to_owned(), 0)]);
}

#[tokio::test]
async fn a_post_that_never_left_stays_a_post() {
    use crate::peer::Script;
    let peer = wire::peer_that_then(Script::new().wait("go").fin().signal("fin").discard());
    let client = wire::tapped(as_get().build().unwrap());
    wire::warm(&client, &peer).await;
    peer.go("go");
    peer.reached("fin");
    let request = post(&peer, "/search", FORM, "q=tower");
    let response = wire::send(&client, request).await.unwrap();
    assert_eq!(wire::grounds(&response), [Grounds::NotSent]);
    assert_eq!(methods(&peer), [("POST".to_owned(), 1)]);
}

#[tokio::test]
async fn what_cannot_be_converted_is_refused_with_the_reason() {
    let long = format!("q={}", "x".repeat(8_000));
    let small = || as_get().replay_limit(10);
    for (policy, media_type, body, refusal, said) in [
        (
            as_get(),
            "application/json",
            "{}",
            Refusal::NotAForm,
            "its body is neither empty nor a form",
        ),
        (
            as_get(),
            "multipart/form-data; boundary=x",
            "--x--",
            Refusal::NotAForm,
            "neither empty nor a form",
        ),
        (
            as_get(),
            FORM,
            long.as_str(),
            Refusal::UriTooLong,
            "the address would grow too long",
        ),
        (
            small(),
            FORM,
            "q=a-longer-form",
            Refusal::FormOverLimit,
            "larger than what is kept",
        ),
    ] {
        let peer = wire::loses_the_second();
        let request = post(&peer, "/search", media_type, body);
        let error = lose(&peer, policy, request).await.unwrap_err();
        assert_eq!(error.refusal(), refusal);
        let text = error.to_string();
        assert!(text.contains("it could not be turned into a GET"), "{text}");
        assert!(text.contains(said), "{text}");
        assert_eq!(methods(&peer), [("POST".to_owned(), 0)]);
    }
}

#[tokio::test]
async fn a_converter_of_the_callers_own_decides() {
    let converter = |request: &Parts, body: &[u8]| {
        if body != b"{\"id\":7}" {
            return Err(NotConvertible::ByConverter);
        }
        let mut get = request.clone();
        get.method = Method::GET;
        get.uri = format!("{}/7", request.uri).parse().unwrap();
        get.headers.remove("content-type");
        get.headers.remove("content-language");
        Ok(get)
    };
    let peer = wire::loses_the_second();
    let request = post(&peer, "/items", "application/json", "{\"id\":7}");
    lose(&peer, as_get().convert_with(converter), request)
        .await
        .unwrap();
    assert_post_then_get(&peer, "/items/7");

    let peer = wire::loses_the_second();
    let request = post(&peer, "/items", "application/json", "{}");
    let error = lose(&peer, as_get().convert_with(converter), request)
        .await
        .unwrap_err();
    assert_eq!(error.refusal(), Refusal::NotConvertible);
    assert_eq!(methods(&peer), [("POST".to_owned(), 0)]);
}

#[tokio::test]
async fn a_get_that_is_lost_in_its_turn_is_not_sent_again() {
    // It counts as the one replay of what may have been processed.
    let mock = Mock::new([Reply::Fail(sample::lost()), Reply::Fail(sample::lost())]);
    let request = Request::post("http://mock/search")
        .header("content-type", FORM)
        .body(Full::new(Bytes::from_static(b"q=tower")));
    let service = mock.replayed(as_get().build().unwrap());
    let error = wire::send(&service, request.unwrap()).await.unwrap_err();
    assert_eq!(error.refusal(), Refusal::AttemptsExhausted);
    let seen = mock.seen();
    assert_eq!(seen.len(), 2);
    assert_eq!(seen[1].parts.method, Method::GET);
    assert_eq!(seen[1].parts.uri, "http://mock/search?q=tower");
    assert!(seen[1].on_fresh_connection);
}
