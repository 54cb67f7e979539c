//! A request into a black hole: it is sent again where that is harmless, and waited on or told of where it is not.

use std::time::Duration;

use http::Method;
use unstale::evidence::{Delivery, End};
use unstale::verdict::{Grounds, Refusal, Verdict};

use super::setup::{
    both_stacks, client, failing, forgotten, forgotten_then, is_aborted, modes, policy, send,
    until_one_is_found, warm_up,
};
use crate::client::{boxed, pooled};
use crate::kernel;
use crate::peer::Script;
use crate::scenario::mode::Mode;

#[test]
fn an_idempotent_request_is_answered_over_a_fresh_connection() {
    Mode::each(&modes(), |mode| {
        for method in [Method::GET, Method::PUT] {
            mode.run(false, async move {
                let peer = forgotten(mode.tls);
                let client = client(mode, &peer, policy().build().unwrap());
                warm_up(&client, &peer, mode.tls).await;
                let failed = send(&client, &peer, mode.tls, method.clone(), "/x").await;
                let failed = failed.unwrap();
                let [silent] = &failed[..] else {
                    panic!("{mode:?}: {failed:?}");
                };
                let evidence = silent.evidence().unwrap();
                assert_eq!(evidence.end(), End::Silent, "{mode:?}");
                assert_eq!(evidence.delivery(), Delivery::Unknown, "{mode:?}");
                assert_eq!(silent.decided(), Verdict::Replay(Grounds::Idempotent));
                let trace = evidence.trace().unwrap();
                assert_eq!(trace.acknowledged(), Some(0), "{mode:?}");
                assert_eq!(peer.executed(method.as_str(), "/x"), 1, "{mode:?}");
                assert_eq!(peer.connections(), 2, "{mode:?}");
                kernel::until("the old one is gone", || is_aborted(&peer)).await;
            });
        }
    });
}

#[test]
fn a_post_is_waited_on_and_answered_when_the_way_heals() {
    Mode::each(&modes(), |mode| {
        mode.run(false, async move {
            let healed = Script::new().wait("heal").remember();
            let peer = forgotten_then(mode.tls, healed.then(Script::serve_forever()));
            let client = client(mode, &peer, policy().build().unwrap());
            warm_up(&client, &peer, mode.tls).await;
            let post = send(&client, &peer, mode.tls, Method::POST, "/pay");
            let heal = async {
                until_one_is_found().await;
                assert_eq!(peer.executed("POST", "/pay"), 0);
                peer.go("heal");
            };
            let (failed, ()) = tokio::join!(post, heal);
            assert!(failed.unwrap().is_empty(), "{mode:?}");
            assert_eq!(peer.executed("POST", "/pay"), 1, "{mode:?}");
            assert_eq!(peer.connections(), 1, "{mode:?}");
        });
    });
}

#[test]
fn a_post_fails_early_where_the_policy_says_so_and_is_not_executed_after_that() {
    Mode::each(&modes(), |mode| {
        mode.run(false, async move {
            let healed = Script::new().wait("heal").remember().signal("healed");
            let peer = forgotten_then(mode.tls, healed.then(Script::serve_forever()));
            let client = client(mode, &peer, failing());
            warm_up(&client, &peer, mode.tls).await;
            let sent = send(&client, &peer, mode.tls, Method::POST, "/pay").await;
            let error = sent.unwrap_err();
            let evidence = error.evidence().unwrap();
            assert_eq!(evidence.end(), End::Silent, "{mode:?}");
            assert_eq!(evidence.delivery(), Delivery::Unknown, "{mode:?}");
            assert_eq!(error.refusal(), Refusal::MayHaveBeenProcessed);
            assert!(error.is_stale());
            let words = error.to_string();
            assert!(words.contains("nothing was heard of the server"), "{words}");
            assert!(words.contains("0 of them acknowledged"), "{words}");
            kernel::until("the old one is gone", || is_aborted(&peer)).await;
            peer.go("heal");
            peer.reached_async("healed").await;
            until_one_is_found().await;
            assert_eq!(peer.executed("POST", "/pay"), 0, "{mode:?}");
        });
    });
}

#[test]
fn it_is_found_though_the_keep_alives_of_the_kernel_had_gone_unanswered() {
    let [_, mode] = both_stacks();
    mode.run(false, async move {
        let peer = forgotten(mode.tls);
        let second = Duration::from_secs(1);
        let client = pooled(&peer).retry_policy(policy().build().unwrap());
        let client = client.tcp_keepalive(second).tcp_keepalive_interval(second);
        let client = boxed(client.build().unwrap());
        warm_up(&client, &peer, mode.tls).await;
        tokio::time::sleep(3 * second).await;
        let failed = send(&client, &peer, mode.tls, Method::GET, "/x").await;
        let failed = failed.unwrap();
        let ends: Vec<_> = failed
            .iter()
            .map(|attempt| attempt.evidence().unwrap().end())
            .collect();
        assert_eq!(ends, [End::Silent]);
    });
}
