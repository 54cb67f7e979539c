//! The way heals after a replay: nothing of the old sending may arrive behind a newer one.

use http::Method;

use super::setup::{
    both_stacks, client, forgotten_then, policy, send, until_one_is_found, warm_up,
};
use crate::kernel;
use crate::peer::{Peer, Script, Tls};
use crate::scenario::mode::Mode;

fn healing(tls: Tls) -> Peer {
    let healed = Script::new().wait("heal").remember().signal("healed");
    forgotten_then(tls, healed.then(Script::serve_forever()))
}

#[test]
fn an_old_put_is_never_executed_behind_a_newer_one() {
    Mode::each(&super::setup::modes(), |mode| {
        mode.run(false, async move {
            let peer = healing(mode.tls);
            let client = client(mode, &peer, policy().build().unwrap());
            warm_up(&client, &peer, mode.tls).await;
            let failed = send(&client, &peer, mode.tls, Method::PUT, "/old").await;
            assert_eq!(failed.unwrap().len(), 1, "{mode:?}");
            let newer = send(&client, &peer, mode.tls, Method::PUT, "/newer").await;
            assert!(newer.unwrap().is_empty(), "{mode:?}");
            assert_eq!(kernel::established(peer.addr()), 1, "{mode:?}");
            assert_eq!(kernel::closing(peer.addr()), 0, "{mode:?}");
            peer.go("heal");
            peer.reached_async("healed").await;
            // A sending that was not aborted would be retransmitted in this time.
            until_one_is_found().await;
            let put = |execution: &crate::peer::Execution| {
                (execution.method == "PUT").then(|| (execution.connection, execution.path.clone()))
            };
            let puts: Vec<_> = peer.executions().iter().filter_map(put).collect();
            let expected = [(1, "/old".to_owned()), (1, "/newer".to_owned())];
            assert_eq!(puts, expected, "{mode:?}");
        });
    });
}

#[test]
fn what_is_not_aborted_does_arrive_when_the_way_heals() {
    // The same with a client that waits: were the sockets of the test above left alone, their PUTs would be executed.
    Mode::each(&both_stacks(), |mode| {
        mode.run(false, async move {
            let peer = healing(mode.tls);
            let waits = policy().watch_after_idle(None).build().unwrap();
            let client = client(mode, &peer, waits);
            warm_up(&client, &peer, mode.tls).await;
            let put = send(&client, &peer, mode.tls, Method::PUT, "/old");
            let heal = async {
                until_one_is_found().await;
                assert_eq!(peer.executed("PUT", "/old"), 0);
                peer.go("heal");
            };
            let (failed, ()) = tokio::join!(put, heal);
            assert!(failed.unwrap().is_empty(), "{mode:?}");
            assert_eq!(peer.executed("PUT", "/old"), 1, "{mode:?}");
            assert_eq!(peer.connections(), 1, "{mode:?}");
        });
    });
}
