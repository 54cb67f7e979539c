//! On a connection that has been idle for long the body waits for the server's 100: what goes over the wire, what comes of
//! it when the server says something else, and that nothing is executed twice.

mod answered;
mod body;
mod lost;

use std::time::Duration;

use unstale::policy::RetryPolicyBuilder;
use unstale::request::ExpectOnReuse;
use unstale::{Client, RetryPolicy};

use super::setup::{get, soon, until_idle, url};
use crate::client::pooled;
use crate::kernel;
use crate::peer::{Peer, Script, Tls};

const CONTINUE: &str = "HTTP/1.1 100 Continue\r\n\r\n";
const NO: &str = "HTTP/1.1 417 Expectation Failed\r\ncontent-length: 2\r\n\r\nno";

/// The body waits for so long, on every connection that was open already.
fn expecting(wait: Duration) -> RetryPolicyBuilder {
    let expect = ExpectOnReuse::new().idle_longer_than(Duration::ZERO);
    RetryPolicy::builder()
        .no_budget()
        .expect_on_reuse(expect.wait(wait))
}

fn client_by(policy: RetryPolicyBuilder, peer: &Peer) -> Client {
    let policy = policy.build().unwrap();
    pooled(peer).retry_policy(policy).build().unwrap()
}

/// A client whose bodies wait for ever, and an idle connection of it.
async fn patient(peer: &Peer) -> Client {
    let client = client_by(expecting(kernel::PATIENCE * 2), peer);
    warm(&client, url(peer, "/warm")).await;
    client
}

async fn warm(client: &Client, url: String) {
    assert_eq!(soon(get(client, url)).await.unwrap(), "ok");
    until_idle(client, 1).await;
}

/// Its connection lies idle again: one that hyper is not done with would have another opened beside it.
async fn settled(client: &Client) {
    until_idle(client, 1).await;
}

/// The first connection serves one request, and does this with the second; those after it serve.
fn peer(tls: Tls, second: Script) -> Peer {
    let first = Script::new().serve().then(second);
    Peer::start(tls, move |n| match n {
        0 => first.clone(),
        _ => Script::serve_forever(),
    })
}

/// Of the executions of a POST: connection, whether it came with an expectation, and the body.
fn executed(peer: &Peer) -> Vec<(usize, bool, Vec<u8>)> {
    let executions = peer.executions().into_iter();
    let posts = executions.filter(|execution| execution.method == "POST");
    let seen = posts.map(|execution| {
        let expects = ("expect".to_owned(), "100-continue".to_owned());
        let expects = execution.headers.contains(&expects);
        (execution.connection, expects, execution.body)
    });
    seen.collect()
}
