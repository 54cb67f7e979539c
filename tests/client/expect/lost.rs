//! The connection, or the call, ends while the body waits.

use unstale::Attempts;
use unstale::evidence::{Delivery, End, SecondLook};
use unstale::verdict::{Attempt, Grounds, Refusal, Verdict};

use super::{CONTINUE, client_by, executed, expecting, patient, peer, warm};
use crate::kernel;
use crate::peer::{Script, Tls};
use crate::setup::{on_both, post, read, soon, url};

/// It acts on the head, and dies before it has asked for the body.
fn acting_on_the_head() -> [Script; 3] {
    let acts = || Script::new().read_head().execute();
    [acts().close(), acts().rst(), acts().fin().discard()]
}

#[test]
fn what_a_server_did_on_the_head_alone_is_not_done_again() {
    on_both(async || {
        for tls in [Tls::Off, Tls::V13 { close_notify: true }] {
            for script in acting_on_the_head() {
                let peer = peer(tls, script);
                let url = |path| crate::client::url(&peer, tls, path);
                let client = client_by(expecting(kernel::PATIENCE * 2), &peer);
                warm(&client, url("/warm")).await;
                let error = soon(client.request(post(url("/pay")))).await.unwrap_err();
                assert_eq!(error.refusal(), Refusal::MayHaveBeenProcessed, "{error}");
                let evidence = error.evidence().unwrap();
                assert_eq!(evidence.delivery(), Delivery::Unknown);
                assert!(evidence.trace().unwrap().is_body_withheld());
                assert!(error.to_string().contains("its body held back"), "{error}");
                // The rule has looked at the head, which left in one piece.
                assert_ne!(evidence.end(), End::Closed(SecondLook::NotPossible));
                assert_eq!(executed(&peer), [(0, true, Vec::new())]);
                assert_eq!(peer.connections(), 1);
            }
        }
    });
}

#[test]
fn whoever_trusts_that_a_server_waits_for_the_body_has_it_done_again() {
    on_both(async || {
        for script in acting_on_the_head() {
            let peer = peer(Tls::Off, script);
            let trusted = format!("http://{}", peer.addr());
            let policy = expecting(kernel::PATIENCE * 2);
            let client = client_by(policy.danger_trust_withheld_body(trusted), &peer);
            warm(&client, url(&peer, "/warm")).await;
            let answer = soon(client.request(post(url(&peer, "/pay"))))
                .await
                .unwrap();
            let failed = Attempts::of(&answer).to_vec();
            assert_eq!(read(answer).await, "ok");
            let decided: Vec<_> = failed.iter().map(Attempt::decided).collect();
            assert_eq!(decided, [Verdict::Replay(Grounds::WithheldBody)]);
            // That is the danger.
            let twice = [(0, true, Vec::new()), (1, false, b"pay".to_vec())];
            assert_eq!(executed(&peer), twice);
        }
    });
}

#[test]
fn the_trust_ends_where_the_body_was_let_go() {
    on_both(async || {
        let script = Script::new().read_head().send(CONTINUE).read_all();
        let peer = peer(Tls::Off, script.execute().close());
        let trusted = format!("http://{}", peer.addr());
        let policy = expecting(kernel::PATIENCE * 2);
        let client = client_by(policy.danger_trust_withheld_body(trusted), &peer);
        warm(&client, url(&peer, "/warm")).await;
        let error = soon(client.request(post(url(&peer, "/pay")))).await;
        let error = error.unwrap_err();
        // The 100 is a word about this request: nothing helps after it.
        assert_eq!(error.refusal(), Refusal::ResponseBegan, "{error}");
        let trace = error.evidence().unwrap().trace().unwrap();
        assert!(!trace.is_body_withheld());
        assert_eq!(executed(&peer), [(0, true, b"pay".to_vec())]);
    });
}

#[test]
fn a_call_that_is_dropped_while_its_body_waits_sends_no_byte_of_it() {
    on_both(async || {
        let script = Script::new().read_head().signal("head").discard();
        let peer = peer(Tls::Off, script);
        let client = patient(&peer).await;
        let call = tokio::spawn(client.request(post(url(&peer, "/pay"))));
        peer.reached_async("head").await;
        let head = peer.bytes_read(0);
        call.abort();
        assert!(call.await.unwrap_err().is_cancelled());
        let none_held = || kernel::held(peer.addr()) == 0;
        kernel::until("the connection is closed", none_held).await;
        assert_eq!(peer.bytes_read(0), head);
    });
}
