//! A request drives its connection itself while it waits: what becomes of that when nobody polls it, when somebody else goes on
//! with it, and when its own body sends requests.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use http_body::{Body, Frame};
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use unstale::{Client, Error};

use super::setup::{begin, get, on_both, post, soon, until_idle, url};
use crate::client::pooled;
use crate::kernel;
use crate::peer::{Peer, Script, Tls};

fn one_place(peer: &Peer) -> Client {
    let builder = pooled(peer).max_connections_per_host(1);
    builder.build().unwrap()
}

#[test]
fn a_request_that_was_left_alone_for_a_while_is_answered_when_it_is_polled_again() {
    on_both(async || {
        let peer = Peer::start(Tls::Off, |_| Script::serve_forever());
        let client = one_place(&peer);
        soon(get(&client, url(&peer, "/warm"))).await.unwrap();
        let mut left_alone = Box::pin(get(&client, url(&peer, "/left")));
        begin(&mut left_alone).await;
        let is_executed = || peer.executed("GET", "/left") == 1;
        kernel::until("it is executed", is_executed).await;
        assert_eq!(soon(left_alone).await.unwrap(), "ok");
        assert_eq!(peer.executed("GET", "/left"), 1);
        assert_eq!(peer.connections(), 1);
    });
}

#[test]
fn the_end_of_a_connection_is_seen_by_a_request_that_was_left_alone_meanwhile() {
    on_both(async || {
        let peer = Peer::start(Tls::Off, |n| match n {
            0 => Script::new().serve().read_all().close(),
            _ => Script::serve_forever(),
        });
        let client = one_place(&peer);
        soon(get(&client, url(&peer, "/warm"))).await.unwrap();
        let mut left_alone = Box::pin(get(&client, url(&peer, "/left")));
        begin(&mut left_alone).await;
        let has_ended = || kernel::half_closed(peer.addr()) == 1;
        kernel::until("the end is in the kernel", has_ended).await;
        assert_eq!(soon(left_alone).await.unwrap(), "ok", "it is sent again");
        assert_eq!(peer.connections(), 2);
    });
}

#[test]
fn one_that_waits_for_the_place_gets_it_when_a_request_that_was_left_alone_is_dropped() {
    on_both(async || {
        let peer = Peer::start(Tls::Off, |n| match n {
            0 => Script::new().serve().read_all().signal("left").stall(),
            _ => Script::serve_forever(),
        });
        let client = one_place(&peer);
        soon(get(&client, url(&peer, "/warm"))).await.unwrap();
        let mut left_alone = Box::pin(get(&client, url(&peer, "/left")));
        begin(&mut left_alone).await;
        let mut waits = Box::pin(get(&client, url(&peer, "/waits")));
        begin(&mut waits).await;
        peer.reached_async("left").await;
        drop(left_alone);
        assert_eq!(soon(waits).await.unwrap(), "ok");
        until_idle(&client, 1).await;
        assert_eq!(kernel::held(peer.addr()), 1);
    });
}

#[test]
fn another_task_goes_on_with_a_request() {
    on_both(async || {
        let peer = Peer::start(Tls::Off, |_| {
            let once = Script::new().serve().read_all().signal("read");
            let once = once.wait("answer").execute().answer();
            once.then(Script::serve_forever())
        });
        let client = one_place(&peer);
        soon(get(&client, url(&peer, "/warm"))).await.unwrap();
        let (moved, order) = (client.clone(), post(url(&peer, "/moved")));
        let mut request = Box::pin(async move { moved.request(order).await });
        begin(&mut request).await;
        peer.reached_async("read").await;
        let (waits, is_waiting) = oneshot::channel();
        let other = tokio::spawn(async move {
            begin(&mut request).await;
            waits.send(()).unwrap();
            request.await.map(|answer| answer.status())
        });
        soon(is_waiting).await.unwrap();
        peer.go("answer");
        assert_eq!(soon(other).await.unwrap().unwrap(), 200);
        assert_eq!(peer.executed("POST", "/moved"), 1);
    });
}

/// Yields one piece once another request of the same client has been answered, which is sent from within its polls.
struct Asks(Option<Asked>);

type Asked = Pin<Box<dyn Future<Output = Result<Bytes, Error>> + Send>>;

impl Body for Asks {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let Some(asked) = &mut self.0 else {
            return Poll::Ready(None);
        };
        let answered = std::task::ready!(asked.as_mut().poll(cx));
        self.0 = None;
        Poll::Ready(Some(answered.map(Frame::data)))
    }
}

#[test]
fn a_body_may_send_requests_of_its_own_and_drop_them() {
    on_both(async || {
        let peer = Peer::start(Tls::Off, |_| Script::serve_forever());
        let client = pooled(&peer).build().unwrap();
        let mut requests = JoinSet::new();
        for n in 0..40 {
            let (inner, outer) = (url(&peer, "/inner"), url(&peer, &format!("/outer{n}")));
            let client = client.clone();
            requests.spawn(async move {
                let within = client.clone();
                let body = Asks(Some(Box::pin(async move { get(&within, inner).await })));
                let request = Request::put(outer).body(body).unwrap();
                if n % 4 == 0 {
                    let some_time = Duration::from_micros(n * 100);
                    let _ = tokio::time::timeout(some_time, client.request(request)).await;
                } else {
                    assert_eq!(client.request(request).await.unwrap().status(), 200);
                }
            });
        }
        while let Some(sent) = soon(requests.join_next()).await {
            sent.unwrap();
        }
        for execution in peer.executions() {
            let is_outer = execution.path.starts_with("/outer");
            assert!(!is_outer || execution.body == b"ok", "{execution:?}");
        }
        soon(client.close()).await;
        assert_eq!(kernel::held(peer.addr()), 0);
    });
}
