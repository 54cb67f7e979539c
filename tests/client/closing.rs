//! `Client::close`: nothing new is begun, what runs ends, and when it is ready there is no socket any more.

use unstale::evidence::End;
use unstale::{Client, DiscardReason};

use super::setup::{Held, begin, get, https, on_both, post, soon, until_idle, url};
use crate::client::pooled;
use crate::kernel;
use crate::peer::{Peer, Script, Tls};

fn is_closed(error: &unstale::Error) -> bool {
    error.to_string().contains("the client was closed")
        && error.evidence().unwrap().end() == End::ClientClosed
}

async fn takes_nothing(client: &Client, url: String) {
    let refused = soon(client.request(post(url.clone()))).await.unwrap_err();
    assert!(is_closed(&refused), "{refused}");
    let refused = soon(client.clone().get(url)).await.unwrap_err();
    assert!(is_closed(&refused), "a clone is the same client: {refused}");
}

#[test]
fn idle_connections_are_closed_and_no_request_is_taken() {
    on_both(async || {
        for tls in [Tls::Off, Tls::V13 { close_notify: true }] {
            let peer = Peer::start(tls, |_| Script::serve_forever());
            let url = if tls == Tls::Off { url } else { https };
            let client = pooled(&peer).build().unwrap();
            assert_eq!(get(&client, url(&peer, "/x")).await.unwrap(), "ok");
            until_idle(&client, 1).await;
            soon(client.close()).await;
            assert_eq!(kernel::held(peer.addr()), 0);
            assert!(client.connections().all().is_empty());
            let closed = client.counters().discarded(DiscardReason::ClientClosed);
            assert_eq!(closed, 1);
            takes_nothing(&client, url(&peer, "/y")).await;
            assert_eq!(peer.connections(), 1);
            soon(client.close()).await;
        }
    });
}

#[test]
fn a_running_request_is_answered_and_then_its_socket_is_closed() {
    on_both(async || {
        let peer = Peer::start(Tls::Off, |_| {
            let script = Script::new().read_all().execute();
            script.wait("go").answer().discard()
        });
        let client = pooled(&peer).build().unwrap();
        let mut running = Box::pin(get(&client, url(&peer, "/running")));
        begin(&mut running).await;
        let closing = async {
            let executed = || peer.executed("GET", "/running") == 1;
            kernel::until("it runs", executed).await;
            let mut close = Box::pin(client.close());
            begin(&mut close).await;
            takes_nothing(&client, url(&peer, "/new")).await;
            begin(&mut close).await;
            assert_eq!(kernel::held(peer.addr()), 1);
            peer.go("go");
            close.await;
            assert_eq!(kernel::held(peer.addr()), 0);
        };
        let (answer, ()) = soon(async { tokio::join!(running, closing) }).await;
        assert_eq!(answer.unwrap(), "ok");
    });
}

#[test]
fn a_response_that_is_being_read_is_read_to_its_end() {
    on_both(async || {
        let peer = Peer::start(Tls::Off, |_| {
            let script = Script::new().read_all();
            let script = script.send("HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nhalf");
            script.wait("go").send("rest").discard()
        });
        let client = pooled(&peer).build().unwrap();
        let answer = soon(client.get(url(&peer, "/x"))).await.unwrap();
        let mut close = Box::pin(client.close());
        begin(&mut close).await;
        peer.go("go");
        assert_eq!(super::setup::read(answer).await, "halfrest");
        soon(close).await;
        assert_eq!(kernel::held(peer.addr()), 0);
    });
}

#[test]
fn connections_that_are_being_opened_are_given_up_and_their_requests_told() {
    on_both(async || {
        let peer = Peer::start(Tls::Off, |_| Script::serve_forever());
        let connector = Held::with(0);
        let builder = pooled(&peer).connector(connector.tracked());
        let client = builder.build().unwrap();
        let mut request = Box::pin(get(&client, url(&peer, "/x")));
        begin(&mut request).await;
        soon(client.close()).await;
        let error = soon(request).await.unwrap_err();
        assert!(is_closed(&error), "{error}");
        assert_eq!(peer.connections(), 0);
    });
}

#[test]
fn requests_in_line_are_told_and_the_running_one_is_answered() {
    on_both(async || {
        let peer = Peer::start(Tls::Off, |_| {
            let script = Script::new().read_all().execute();
            script.wait("go").answer().discard()
        });
        let builder = pooled(&peer).max_connections_per_host(1);
        let client = builder.build().unwrap();
        let running = tokio::spawn({
            let (client, url) = (client.clone(), url(&peer, "/running"));
            async move { get(&client, url).await }
        });
        let executed = || peer.executed("GET", "/running") == 1;
        kernel::until("it runs", executed).await;
        let mut in_line = Box::pin(get(&client, url(&peer, "/in-line")));
        begin(&mut in_line).await;
        let mut close = Box::pin(client.close());
        begin(&mut close).await;
        let error = soon(in_line).await.unwrap_err();
        assert!(is_closed(&error), "{error}");
        peer.go("go");
        assert_eq!(soon(running).await.unwrap().unwrap(), "ok");
        soon(close).await;
        assert_eq!(peer.executed("GET", "/in-line"), 0);
    });
}

#[test]
fn a_request_that_fails_meanwhile_is_not_sent_again() {
    on_both(async || {
        let peer = Peer::start(Tls::Off, |_| {
            let script = Script::new().serve().read_all().signal("lost");
            script.wait("go").close()
        });
        let client = pooled(&peer).build().unwrap();
        assert_eq!(get(&client, url(&peer, "/x")).await.unwrap(), "ok");
        until_idle(&client, 1).await;
        let lost = tokio::spawn({
            let (client, url) = (client.clone(), url(&peer, "/lost"));
            async move { get(&client, url).await }
        });
        peer.reached_async("lost").await;
        let mut close = Box::pin(client.close());
        begin(&mut close).await;
        peer.go("go");
        let error = soon(lost).await.unwrap().unwrap_err();
        assert!(
            error.to_string().contains("the client was closed"),
            "{error}"
        );
        soon(close).await;
        assert_eq!(peer.connections(), 1);
    });
}
