//! A server whose processes are replaced again and again while many requests are under way, none of them idle for long.

use std::time::Duration;

use tokio::time::{sleep, timeout};
use unstale::DiscardReason;

use super::client::{UnstaleClient, pooled as pooled_client};
use super::judge::judge;
use super::server::{Program, Scheme, Server};
use super::traffic;

/// How many requests are under way at once, over as many connections or, of HTTP/2, over one.
const AT_ONCE: usize = 32;

const RELOADS: usize = 4;

/// How long the load goes on before a reload, and after the last one was noticed.
const BETWEEN: Duration = Duration::from_millis(500);

/// How often it is looked at whether that was noticed.
const STEP: Duration = Duration::from_millis(10);

/// How long a server may take to reload.
const PATIENCE: Duration = Duration::from_secs(20);

/// Through this crate's own client.
pub(crate) async fn pooled(program: &'static Program, scheme: Scheme) {
    let mut server = Server::start(program).await;
    let client = pooled_client(server.certificate(), scheme);
    let reloading = async {
        for _ in 0..RELOADS {
            sleep(BETWEEN).await;
            let before = client.counters().opened();
            server.reload();
            let moved_on = async {
                while client.counters().opened() == before {
                    sleep(STEP).await;
                }
            };
            let moved_on = timeout(PATIENCE, moved_on).await;
            moved_on.unwrap_or_else(|_| panic!("{program} ends no connection"));
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
    judge(&report, &executed);
}
