//! The words of an error, for somebody who does not know sockets: what happened, how long the connection had been idle,
//! what was sent and acknowledged, why it was not sent again, what to do. And the chain below, down to hyper's own error.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, Version};
use hyper_util::client::legacy;
use tokio::time::Instant;
use unstale::evidence::End;
use unstale::request::RequestOptions;
use unstale::{Error, RetryPolicy};

use crate::frames::Frames;
use crate::mock::{Mock, Reply};
use crate::peer::{Peer, Script, Tls};
use crate::{sample, wire};

fn assert_says(error: &Error, phrases: &[&str]) {
    let said = error.to_string();
    let mut rest = said.as_str();
    for phrase in phrases {
        let Some((_, after)) = rest.split_once(phrase) else {
            panic!("{phrase:?} is not, or not in its place, in {said:?}");
        };
        rest = after;
    }
    assert!(!said.ends_with('.') && !said.contains("  "), "{said:?}");
}

/// The error of this type in the chain of sources.
fn source<E: std::error::Error + 'static>(error: &Error) -> Option<&E> {
    let mut next = std::error::Error::source(error);
    while let Some(cause) = next {
        if let Some(found) = cause.downcast_ref() {
            return Some(found);
        }
        next = cause.source();
    }
    None
}

/// A POST whose connection is idle for 200 ms by the peer's clock, and then meets this.
async fn post_after_idling(rest: Script) -> Error {
    let idle = Script::new()
        .pause(Duration::from_millis(200))
        .signal("idled");
    let peer = wire::peer_that_then(idle.then(rest));
    let client = wire::tapped(RetryPolicy::default());
    wire::warm(&client, &peer).await;
    let since = Instant::now();
    peer.reached_async("idled").await;
    let idle = since.elapsed();
    let request = wire::request(&peer, "POST", "/", "body");
    let error = wire::send(&client, request).await.unwrap_err();
    let told = error.evidence().unwrap().trace().unwrap().idle().unwrap();
    assert!(told >= idle, "{told:?} of {idle:?}");
    error
}

/// How the text says how long the connection was idle.
fn idle(error: &Error) -> String {
    let trace = error.evidence().unwrap().trace().unwrap();
    match trace.idle().unwrap() {
        idle if idle < Duration::from_secs(1) => format!(" (idle for {} ms, ", idle.as_millis()),
        idle => format!(" (idle for {:.1} s, ", idle.as_secs_f64()),
    }
}

#[tokio::test]
async fn a_post_that_may_have_been_processed() {
    let error = post_after_idling(Script::new().read_all().execute().close()).await;
    assert!(error.is_stale());
    let trace = error.evidence().unwrap().trace().unwrap();
    assert_says(
        &error,
        &[
            "the server closed the kept-alive connection while the request was on its way",
            &idle(&error),
            &format!("{} bytes sent, ", trace.sent()),
            &format!("{} of them acknowledged)", trace.acknowledged().unwrap()),
            "; the request may have been processed",
            "; it was not repeated because it may have been processed, and its method must not be executed twice",
            "; find out whether it took effect before sending it again, or send it with an Idempotency-Key",
        ],
    );
    let hyper = source::<hyper::Error>(&error).unwrap();
    assert!(hyper.is_incomplete_message());
    assert!(source::<legacy::Error>(&error).is_some());
}

#[tokio::test]
async fn a_post_whose_connection_was_reset() {
    let error = post_after_idling(Script::new().read_all().execute().rst()).await;
    assert!(error.is_stale());
    assert_says(
        &error,
        &[
            "the server reset the connection",
            &idle(&error),
            " bytes sent",
            "; the request may have been processed",
            "; it was not repeated because",
        ],
    );
    let io = source::<std::io::Error>(&error).unwrap();
    assert_eq!(io.kind(), std::io::ErrorKind::ConnectionReset);
}

#[tokio::test]
async fn a_connection_opened_for_the_request_is_not_called_stale() {
    let peer = Peer::start(Tls::Off, |_| Script::new().read_all().close());
    let client = wire::tapped(RetryPolicy::default());
    let request = wire::request(&peer, "GET", "/", "");
    let error = wire::send(&client, request).await.unwrap_err();
    assert!(!error.is_stale());
    assert_says(
        &error,
        &[
            "the server closed the connection without an answer, although it had been opened for this request (",
            " bytes sent",
            "this is no stale connection: a wrong port, path or protocol, or a server that rejects it, are more likely",
            "check the address, the port and whether the server expects TLS",
        ],
    );
    assert!(!error.to_string().contains("idle for"), "{error}");
    assert_eq!(peer.connections(), 1);
}

#[tokio::test]
async fn a_connect_that_is_refused() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", closed.local_addr().unwrap());
    drop(closed);
    let client = wire::tapped(RetryPolicy::default());
    let request = Request::get(url).body(wire::Body::default()).unwrap();
    let error = wire::send(&client, request).await.unwrap_err();
    assert!(error.is_connect() && !error.is_stale());
    assert_eq!(
        error.to_string(),
        "no connection to the server could be opened: nothing accepts connections at that address and port; it was not \
         repeated because the policy does not try to connect again; check the host, the port and that the server runs; RetryPolicy::builder().connect(n) tries again"
    );
    assert!(source::<legacy::Error>(&error).unwrap().is_connect());
    let io = source::<std::io::Error>(&error).unwrap();
    assert_eq!(io.kind(), std::io::ErrorKind::ConnectionRefused);
}

#[tokio::test]
async fn a_connect_that_failed_as_often_as_the_policy_allows() {
    let mock = Mock::new([Reply::end(End::Connect), Reply::end(End::Connect)]);
    let service = mock.replayed(RetryPolicy::builder().connect(1).build().unwrap());
    let request = Request::get("http://mock/").body(wire::Body::default());
    let error = wire::send(&service, request.unwrap()).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "no connection to the server could be opened: the mock fails; it had been sent again 1 time(s) before that; it was not repeated \
         because it has been tried as often as the policy allows; check the host, the port and that the server runs"
    );
}

#[tokio::test]
async fn a_connection_that_ended_before_every_sending() {
    let mock = Mock::new([(); 3].map(|()| Reply::end(End::HandedBack)));
    let request = Request::get("http://mock/").body(wire::Body::default());
    let service = mock.replayed(RetryPolicy::default());
    let error = wire::send(&service, request.unwrap()).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the connection ended before the request was sent; the request was never sent; it had been sent again 2 time(s) \
         before that; it was not repeated because it has been tried as often as the policy allows; the server closes \
         connections as soon as they are open: check the address, the port and, over TLS, whether it wants another client \
         certificate, and look into its log"
    );
}

#[tokio::test]
async fn an_error_that_carries_no_evidence() {
    let service = Mock::new([Reply::Bare]).replayed(RetryPolicy::default());
    let request = Request::get("http://mock/").body(wire::Body::default());
    let error = wire::send(&service, request.unwrap()).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the request failed, and nothing more is known of it; it was not repeated because nothing is known about what \
         happened to it; the error came from a layer below that attests nothing: put unstale's ReplayLayer directly \
         around the client that does"
    );
}

#[tokio::test]
async fn a_connection_that_was_found_dead_before_it_was_used() {
    let peer = wire::peer_that_then(Script::new().wait("go").fin().signal("fin").discard());
    let client = wire::tapped(RetryPolicy::default());
    wire::warm(&client, &peer).await;
    peer.go("go");
    peer.reached("fin");
    let mut request = wire::request(&peer, "POST", "/", "body");
    request
        .extensions_mut()
        .insert(RequestOptions::new().never_replay());
    let error = wire::send(&client, request).await.unwrap_err();
    assert!(error.is_stale());
    assert_says(
        &error,
        &[
            "the kept-alive connection could not be used any more: the server had already closed it",
            &idle(&error),
            "0 bytes sent",
            "; the request was never sent",
            "; it was not repeated because the caller forbade to repeat it",
        ],
    );
    assert!(source::<hyper::Error>(&error).is_some());
}

#[tokio::test]
async fn a_body_that_failed() {
    let peer = Peer::start(Tls::Off, |_| Script::serve_forever());
    let client = wire::tapped(RetryPolicy::default());
    let body = Frames::data([Bytes::from_static(b"begin")]).failing();
    let request = Request::post(peer.url("/")).body(body).unwrap();
    let error = wire::send(&client, request).await.unwrap_err();
    assert!(error.is_body() && !error.is_stale());
    assert_eq!(
        error.to_string(),
        "the body of the request failed while it was sent; it was not repeated because its own body failed while it was \
         being sent"
    );
    let own = source::<std::io::Error>(&error).unwrap();
    assert_eq!(own.kind(), std::io::ErrorKind::ConnectionReset);
}

#[tokio::test]
async fn a_request_that_cannot_be_sent() {
    let client = wire::tapped(RetryPolicy::default());
    let to = |uri: &str| {
        let request = Request::get(uri).body(wire::Body::default());
        request.unwrap()
    };
    let mut http_3 = to("http://localhost/");
    *http_3.version_mut() = Version::HTTP_3;
    for (request, cause) in [
        (to("/path"), "names no server; it must be absolute"),
        (
            to("localhost"),
            "names no scheme; it must begin with http:// or https://",
        ),
        (http_3, "the HTTP version of the request cannot be spoken"),
    ] {
        let error = wire::send(&client, request).await.unwrap_err();
        assert!(error.is_request() && !error.is_stale());
        assert_says(&error, &["the request cannot be sent as it is"]);
        let chain = wire::chain(&error);
        assert!(chain.iter().any(|said| said.contains(cause)), "{chain:?}");
    }
}

#[tokio::test]
async fn a_deadline_that_passed() {
    let peer = wire::peer_that_then(Script::new().read_all().stall());
    let client = wire::tapped(RetryPolicy::default());
    wire::warm(&client, &peer).await;
    let mut request = wire::request(&peer, "GET", "/", "");
    let options = RequestOptions::new().deadline(Duration::from_millis(50));
    request.extensions_mut().insert(options);
    let error = wire::send(&client, request).await.unwrap_err();
    assert!(error.is_timeout() && !error.is_stale());
    assert_eq!(
        error.to_string(),
        "the request took too long; it was not repeated because its deadline has passed"
    );
}

#[tokio::test]
async fn an_answer_that_is_cut_off_or_is_none() {
    for (answer, said) in [
        (
            "HTTP/1.1 200 OK\r\nContent-Le",
            "the server closed the kept-alive connection",
        ),
        (
            "SSH-2.0-OpenSSH_9.6\r\n",
            "the server sent something that is no HTTP response",
        ),
    ] {
        let script = Script::new().read_all().execute().send(answer).close();
        let error = post_after_idling(script).await;
        assert!(!error.is_stale());
        assert_says(
            &error,
            &[
                said,
                " bytes received)",
                "; the server had begun to answer the request",
                "; it was not repeated because the server had begun to answer it",
            ],
        );
    }
}

#[tokio::test]
async fn what_was_replayed_before_is_counted() {
    let unsent = || Reply::end(End::HandedBack);
    let mock = Mock::new([unsent(), unsent(), Reply::Fail(sample::lost())]);
    let request = Request::post("http://mock/").body(wire::Body::default());
    let service = mock.replayed(RetryPolicy::default());
    let error = wire::send(&service, request.unwrap()).await.unwrap_err();
    assert_says(
        &error,
        &[
            "the server reset the connection",
            "; it had been sent again 2 time(s) before that; it was not repeated because",
        ],
    );
}
