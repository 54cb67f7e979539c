//! Fields that are about one connection stay on it; what is said of it is added.

use http::{HeaderMap, Request};

use crate::peer::{Execution, Peer, Script};
use crate::setup::{Proxy, get, post, read, soon, upstream, url};

/// The only request that was executed.
fn only(peer: &Peer) -> Execution {
    let [execution] = &peer.executions()[..] else {
        panic!("it was executed once: {:?}", peer.executions());
    };
    execution.clone()
}

/// All values of a field.
fn all<'a>(execution: &'a Execution, name: &str) -> Vec<&'a str> {
    let fields = execution.headers.iter();
    let named = fields.filter(|(known, _)| known == name);
    named.map(|(_, value)| value.as_str()).collect()
}

#[tokio::test]
async fn what_is_about_the_clients_connection_is_not_passed_on() {
    let peer = upstream(Script::serve_forever());
    let proxy = Proxy::before(&url(&peer)).await;
    let answer = proxy
        .say(concat!(
            "GET /x?y=1 HTTP/1.1\r\nHost: example.com\r\n",
            "Connection: close, X-Mine\r\nConnection: x-too\r\nX-Mine: 1\r\nX-Too: 1\r\n",
            "Keep-Alive: timeout=5\r\nProxy-Connection: keep-alive\r\nTE: gzip\r\n",
            "Proxy-Authorization: Basic eDp5\r\nAuthorization: Basic eDp5\r\nCookie: a=b\r\n\r\n",
        ))
        .await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    let sent = only(&peer);
    assert_eq!(sent.path, "/x?y=1");
    let gone = [
        "connection",
        "x-mine",
        "x-too",
        "keep-alive",
        "proxy-connection",
        "te",
        "proxy-authorization",
    ];
    for name in gone {
        assert_eq!(all(&sent, name), [""; 0], "{name}");
    }
    assert_eq!(all(&sent, "authorization"), ["Basic eDp5"]);
    assert_eq!(all(&sent, "cookie"), ["a=b"]);
    assert_eq!(all(&sent, "host"), [peer.addr().to_string()]);
}

#[tokio::test]
async fn what_is_said_of_the_clients_connection_is_added() {
    let peer = upstream(Script::serve_forever());
    let proxy = Proxy::before(&url(&peer)).await;
    let mut request = get("/x");
    let fields = request.headers_mut();
    fields.append("via", "1.0 fred".parse().unwrap());
    fields.append("x-forwarded-for", "192.0.2.1".parse().unwrap());
    fields.append("x-forwarded-for", "192.0.2.2".parse().unwrap());
    fields.append("forwarded", "for=192.0.2.1".parse().unwrap());
    fields.append("te", "trailers".parse().unwrap());
    // Whoever has ours removed could pass for somebody else.
    let ours = "via, x-forwarded-for, forwarded, te, host";
    let mut named = request.clone();
    named
        .headers_mut()
        .append("connection", ours.parse().unwrap());
    read(proxy.send(request).await).await;
    read(proxy.send(named).await).await;
    let [sent, named] = &peer.executions()[..] else {
        panic!("both were executed");
    };
    assert_eq!(all(sent, "via"), ["1.0 fred, 1.1 unstale-proxy"]);
    assert_eq!(
        all(sent, "x-forwarded-for"),
        ["192.0.2.1, 192.0.2.2, 127.0.0.1"]
    );
    let here = "for=127.0.0.1;host=\"example.com\";proto=http";
    assert_eq!(all(sent, "forwarded"), [format!("for=192.0.2.1, {here}")]);
    assert_eq!(all(named, "via"), ["1.1 unstale-proxy"]);
    assert_eq!(all(named, "x-forwarded-for"), ["127.0.0.1"]);
    assert_eq!(all(named, "forwarded"), [here]);
    for sent in [sent, named] {
        assert_eq!(all(sent, "te"), ["trailers"]);
        assert_eq!(all(sent, "connection"), ["te"]);
    }
}

#[tokio::test]
async fn a_request_goes_no_further_than_it_is_to_go() {
    let peer = upstream(Script::serve_forever());
    let proxy = Proxy::before(&url(&peer)).await;
    let limited = |method: &str, steps: &str| {
        let request = Request::builder().method(method).uri("/x");
        let request = request.header("host", "example.com");
        let request = request.header("max-forwards", steps);
        request.body(http_body_util::Empty::<bytes::Bytes>::new())
    };
    for (method, status) in [("OPTIONS", 200), ("TRACE", 501)] {
        let answer = proxy.send(limited(method, "0").unwrap()).await;
        assert_eq!(answer.status(), status, "{method}");
    }
    assert_eq!(peer.executions().len(), 0);
    // Said of a GET, or as no number, it says nothing.
    for (method, steps, sent) in [
        ("OPTIONS", "10", "9"),
        ("TRACE", "1", "0"),
        ("GET", "0", "0"),
        ("OPTIONS", "few", "few"),
    ] {
        read(proxy.send(limited(method, steps).unwrap()).await).await;
        let last = peer.executions().pop().unwrap();
        assert_eq!(all(&last, "max-forwards"), [sent], "{method} {steps}");
    }
}

#[tokio::test]
async fn a_host_that_is_none_cannot_leave_its_quotes() {
    let peer = upstream(Script::serve_forever());
    let proxy = Proxy::before(&url(&peer)).await;
    let mut request = get("/x");
    let host = "a\";for=\"192.0.2.1".parse().unwrap();
    request.headers_mut().insert("host", host);
    read(proxy.send(request).await).await;
    assert_eq!(all(&only(&peer), "forwarded"), ["for=127.0.0.1;proto=http"]);
}

#[tokio::test]
async fn what_is_about_the_servers_connection_is_not_passed_on() {
    let script = Script::new().read_all().execute();
    let peer = upstream(script.send(concat!(
        "HTTP/1.1 200 OK\r\nConnection: keep-alive, X-Mine\r\nKeep-Alive: timeout=5\r\nX-Mine: 1\r\n",
        "Upgrade: h2c\r\nProxy-Authenticate: Basic\r\nETag: \"1\"\r\nVia: 1.1 fred\r\n",
        "Content-Length: 2\r\n\r\nok",
    )));
    let proxy = Proxy::before(&url(&peer)).await;
    let answer = proxy.send(get("/x")).await;
    let mut fields: HeaderMap = answer.headers().clone();
    fields.remove("date");
    let mut left: Vec<_> = fields.keys().map(http::HeaderName::as_str).collect();
    left.sort_unstable();
    assert_eq!(left, ["content-length", "etag", "via"]);
    assert_eq!(fields["via"], "1.1 fred, 1.1 unstale-proxy");
    assert_eq!(read(answer).await, "ok");
}

#[tokio::test]
async fn a_length_beside_chunks_is_not_passed_on() {
    let peer = upstream(Script::serve_forever());
    let proxy = Proxy::before(&url(&peer)).await;
    for length in ["Content-Length: 3\r\n", ""] {
        let chunked = "Transfer-Encoding: chunked\r\n";
        let head = format!("POST /x HTTP/1.1\r\nHost: a\r\n{length}{chunked}");
        let answer = proxy
            .say(&format!("{head}\r\n5\r\nhello\r\n0\r\n\r\n"))
            .await;
        let is_refused = answer.starts_with("HTTP/1.1 400 ");
        assert!(
            is_refused || answer.starts_with("HTTP/1.1 200 "),
            "{answer}"
        );
    }
    for sent in peer.executions() {
        assert_eq!(sent.body, b"hello");
        assert_eq!(all(&sent, "content-length"), [""; 0]);
        assert_eq!(all(&sent, "transfer-encoding"), ["chunked"]);
    }
    assert!(!peer.executions().is_empty());
}

#[tokio::test]
async fn a_head_is_answered_with_the_length_and_no_body() {
    let peer = upstream(Script::serve_forever());
    let proxy = Proxy::before(&url(&peer)).await;
    let answer = proxy.say("HEAD /x HTTP/1.1\r\nHost: a\r\n\r\n").await;
    let answer = answer.to_ascii_lowercase();
    assert!(answer.contains("\r\ncontent-length: 2\r\n"), "{answer}");
    assert!(answer.ends_with("\r\n\r\n"), "{answer}");
}

#[tokio::test]
async fn an_address_in_the_first_line_leads_nowhere_else() {
    let peer = upstream(Script::serve_forever());
    let proxy = Proxy::before(&url(&peer)).await;
    let request = "GET http://elsewhere.example/x HTTP/1.1\r\nHost: a\r\n\r\n";
    let answer = proxy.say(request).await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    let sent = only(&peer);
    assert_eq!(sent.path, "/x");
    let host = "for=127.0.0.1;host=\"elsewhere.example\";proto=http";
    assert_eq!(all(&sent, "forwarded"), [host]);
    let answer = proxy
        .say("CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n")
        .await;
    assert!(answer.starts_with("HTTP/1.1 501 "), "{answer}");
    assert_eq!(peer.connections(), 1);
}

#[tokio::test]
async fn the_answer_to_an_old_client_has_no_chunks() {
    let script = Script::new().read_all().execute();
    let chunks = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n";
    let peer = upstream(script.send(chunks));
    let proxy = Proxy::before(&url(&peer)).await;
    let answer = soon(proxy.say("GET /x HTTP/1.0\r\n\r\n")).await;
    assert!(
        !answer.to_ascii_lowercase().contains("transfer-encoding"),
        "{answer}"
    );
    assert!(answer.ends_with("\r\n\r\nok"), "{answer}");
    assert_eq!(all(&only(&peer), "via"), ["1.0 unstale-proxy"]);
}
