//! One connection was forgotten: those that have been idle as long are not used any more, though nothing can be seen of it.

use http::{Method, Request};
use tokio::task::JoinSet;
use tower::ServiceExt;
use unstale::Attempts;
use unstale::evidence::End;
use unstale::verdict::Attempt;

use super::setup::{both_stacks, client, failing, idle, send};
use crate::client::{Client, empty, url};
use crate::kernel;
use crate::peer::{Peer, Script, Tls};
use crate::scenario::mode::Mode;

const HERD: usize = 5;
const FORGOTTEN: [&str; HERD] = ["a", "b", "c", "d", "e"];

/// A server that is forgotten on its first connections; the others it serves.
fn herd() -> Peer {
    Peer::start(Tls::Off, |n| match FORGOTTEN.get(n) {
        Some(forgotten) => {
            let first = Script::new().read_all().execute().wait("warm").answer();
            first.forget().signal(forgotten).stall()
        }
        None => Script::serve_forever(),
    })
}

/// How many of these attempts were met by silence.
fn silent(attempts: &[Attempt]) -> usize {
    let evidence = attempts.iter().filter_map(Attempt::evidence);
    evidence.filter(|found| found.end() == End::Silent).count()
}

/// So many requests at once, to this path. Gives how many attempts of each were met by silence.
async fn at_once(client: &Client, peer: &Peer, path: &'static str) -> Vec<usize> {
    let mut requests = JoinSet::new();
    for _ in 0..HERD {
        let (client, url) = (client.clone(), url(peer, Tls::Off, path));
        requests.spawn(async move {
            let request = Request::put(url).body(empty()).unwrap();
            let response = client.oneshot(request).await.unwrap();
            silent(Attempts::of(&response))
        });
    }
    requests.join_all().await
}

#[test]
fn after_one_was_silent_no_other_that_has_been_idle_as_long_is_used() {
    Mode::each(&both_stacks(), |mode| {
        mode.run(false, async move {
            let peer = herd();
            let client = client(mode, &peer, failing());
            let warm = async {
                let executed = || peer.executed("PUT", "/warm") == HERD;
                kernel::until("a connection for each request", executed).await;
                peer.go("warm");
                for forgotten in FORGOTTEN {
                    peer.reached_async(forgotten).await;
                }
            };
            tokio::join!(at_once(&client, &peer, "/warm"), warm);
            idle().await;
            // A request that is not sent again: a replay would go past the others anyway.
            let first = send(&client, &peer, Tls::Off, Method::POST, "/first").await;
            assert_eq!(silent(first.unwrap_err().attempts()), 1, "{mode:?}");
            // Any of the others would be met by silence once more.
            let met = at_once(&client, &peer, "/then").await;
            assert_eq!(met, [0; HERD], "{mode:?}");
            assert_eq!(peer.executed("PUT", "/then"), HERD, "{mode:?}");
        });
    });
}
