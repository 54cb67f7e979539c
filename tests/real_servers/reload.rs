//! A server whose processes are replaced again and again while many requests are under way, none of them idle for long.

use std::time::Duration;

use tokio::time::sleep;
use unstale::DiscardReason;
use unstale::verdict::Refusal;

use super::client::{UnstaleClient, pooled as pooled_client};
use super::judge::judge;
use super::server::{Program, Scheme, Server};
use super::traffic;

/// How many requests are under way at once, over as many connections or, of HTTP/2, over one.
const AT_ONCE: usize = 32;

const RELOADS: usize = 4;

/// How long the load goes on before a reload, and after the last one.
const BETWEEN: Duration = Duration::from_millis(500);

/// Through this crate's own client.
pub(crate) async fn pooled(program: &'static Program, scheme: Scheme) {
    let mut server = Server::start(program).await;
    let client = pooled_client(server.certificate(), scheme);
    let reloading = async {
        for _ in 0..RELOADS {
            sleep(BETWEEN).await;
            server.replace(&client).await;
        }
        sleep(BETWEEN).await;
    };
    let ours = || {
        let client = UnstaleClient::of(client.clone());
        move |request| client.clone().send(request)
    };
    let report = traffic::crowd(&server.url(scheme), AT_ONCE, reloading, ours).await;
    client.close().await;
    let executed = server.executed().await;

    let counters = client.counters();
    println!(
        "{program} {scheme:?}, reloaded {RELOADS} times: {} connections opened, {} given up after GOAWAY, {} found dead, {} closed by \
         the server while idle, {} after a failed request",
        counters.opened(),
        counters.discarded(DiscardReason::GoAway),
        counters.refused_at_gate(),
        counters.discarded(DiscardReason::PeerClosed),
        counters.discarded(DiscardReason::Failed),
    );
    // A process that is ending may yet take a connection, and close it without a word under the request that it was opened
    // for: that is no stale connection, and nobody knows whether the request was executed.
    judge(&report, &executed, Some(Refusal::FreshConnection));
}
