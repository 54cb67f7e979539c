//! Limits on connections, under far more requests than they allow: by the kernel's list, and at the server.

use std::task::Poll;

use tokio::task::JoinSet;
use unstale::Client;

use super::setup::{alone, get, on_both, soon, url};
use super::watch::{Seen, Watch};
use crate::client::pooled;
use crate::kernel;
use crate::peer::{Peer, Script, Tls};

const REQUESTS: usize = 1_000;
const CAP: usize = 8;

/// All at once, over these peers in turn; each must be answered. The peers answer when there are as many connections as there
/// may be.
async fn storm(client: &Client, peers: &[Peer]) -> Seen {
    let addresses: Vec<_> = peers.iter().map(Peer::addr).collect();
    let watch = Watch::start(addresses.clone());
    let mut requests = JoinSet::new();
    for n in 0..REQUESTS {
        let url = url(&peers[n % peers.len()], &format!("/{n}"));
        let client = client.clone();
        requests.spawn(async move { get(&client, url).await.unwrap() });
    }
    let all_held = || kernel::held_all(&addresses).ours.len() == CAP;
    kernel::until("there are as many as there may be", all_held).await;
    watch.look().await;
    for peer in peers {
        peer.go("answer");
    }
    for body in soon(requests.join_all()).await {
        assert_eq!(body, "ok");
    }
    let seen = watch.stop();
    // A server may hold for a moment what the client has closed.
    assert_eq!(seen.held, CAP, "never more, and it has looked: {seen:?}");
    seen
}

fn serve() -> Script {
    let script = Script::new().read_all().execute();
    script.wait("answer").answer().then(Script::serve_forever())
}

fn assert_each_was_executed_once(peers: &[Peer]) {
    let mut paths: Vec<_> = peers
        .iter()
        .flat_map(Peer::executions)
        .map(|execution| execution.path[1..].parse::<usize>().unwrap())
        .collect();
    paths.sort_unstable();
    assert_eq!(paths, (0..REQUESTS).collect::<Vec<_>>());
}

#[test]
fn a_thousand_requests_at_once_have_never_more_sockets_than_a_host_may() {
    let _alone = alone();
    on_both(async || {
        let peers = [Peer::start(Tls::Off, |_| serve())];
        let builder = pooled(&peers[0]).max_connections_per_host(CAP);
        let client = builder.build().unwrap();
        let seen = storm(&client, &peers).await;
        assert!(seen.served <= CAP, "{seen:?}");
        assert_eq!(peers[0].connections(), CAP);
        assert_each_was_executed_once(&peers);
        assert!(client.counters().waits() > 0);
        soon(client.close()).await;
    });
}

#[test]
fn a_thousand_requests_to_five_hosts_have_never_more_sockets_than_there_may_be_in_total() {
    let _alone = alone();
    on_both(async || {
        let peers: Vec<_> = (0..5).map(|_| Peer::start(Tls::Off, |_| serve())).collect();
        let client = pooled(&peers[0]).max_connections(CAP).build().unwrap();
        storm(&client, &peers).await;
        assert_each_was_executed_once(&peers);
        soon(client.close()).await;
    });
}

#[test]
fn a_thousand_requests_have_never_more_sockets_than_may_be_though_each_is_closed_after_one() {
    let _alone = alone();
    on_both(async || {
        let peers = [Peer::start(Tls::Off, |_| {
            let answer = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok";
            let script = Script::new().read_all().execute();
            script.wait("answer").send(answer).close()
        })];
        let builder = pooled(&peers[0]).max_connections_per_host(CAP);
        let client = builder.build().unwrap();
        storm(&client, &peers).await;
        assert_each_was_executed_once(&peers);
        assert_eq!(peers[0].connections(), REQUESTS);
        let spent = client.counters().discarded(unstale::DiscardReason::Spent);
        soon(client.close()).await;
        let as_many = u64::try_from(REQUESTS - CAP).unwrap();
        assert!(spent >= as_many, "{}", client.counters());
    });
}

#[test]
fn requests_in_line_are_executed_in_the_order_in_which_they_came() {
    on_both(async || {
        let peer = Peer::start(Tls::Off, |_| Script::serve_forever());
        let builder = pooled(&peer).max_connections_per_host(1);
        let client = builder.build().unwrap();
        let mut requests: Vec<_> = (0..200)
            .map(|n| Box::pin(get(&client, url(&peer, &format!("/{n}")))))
            .collect();
        // In this order, each time.
        let all = std::future::poll_fn(|cx| {
            requests.retain_mut(|request| match request.as_mut().poll(cx) {
                Poll::Ready(answer) => answer.is_err(),
                Poll::Pending => true,
            });
            if requests.is_empty() {
                return Poll::Ready(());
            }
            Poll::Pending
        });
        soon(all).await;
        let executed: Vec<_> = peer.executions().into_iter().map(|it| it.path).collect();
        let asked: Vec<_> = (0..200).map(|n| format!("/{n}")).collect();
        assert_eq!(executed, asked);
    });
}
