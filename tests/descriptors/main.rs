//! No descriptor to be had: then nothing is proven, and nothing breaks.
//!
//! A process of its own, because it takes every descriptor that there is.

#![cfg(target_os = "linux")]
#![allow(
    missing_docs,
    dead_code,
    unused_imports,
    unreachable_pub,
    unnameable_types,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    reason = "test code: nothing is exported, and a panic is how a test fails; parts are shared with other tests"
)]

#[path = "../it/kernel.rs"]
mod kernel;
#[path = "../it/proof/setup.rs"]
mod setup;

use std::fs::File;

use bytes::Bytes;
use http_body_util::Full;
use unstale::evidence::{Delivery, End, SecondLook};
use unstale::test_peer as peer;

use peer::{Peer, Script};
use setup::{MODES, Subject, block_until_half_closed, policy, post};

#[tokio::test]
async fn a_post_whose_fate_cannot_be_looked_at_is_unknown() {
    for tls in MODES {
        let peer = Peer::start(tls, |n| match n {
            0 => Script::new().serve().serve().serve().wait("close").close(),
            _ => Script::serve_forever(),
        });
        let subject = Subject::<Full<Bytes>>::new(&peer, policy());
        subject.get_past_the_gate(&peer, Full::default).await;
        peer.go("close");
        block_until_half_closed(&peer);

        let mut all = Vec::new();
        while let Ok(file) = File::open("/dev/null") {
            all.push(file);
        }
        let answer = subject.send(post(&peer, "/4", Full::from("pay"))).await;
        drop(all);

        let error = answer.unwrap_err();
        let evidence = error.evidence().unwrap();
        assert_eq!(
            evidence.end(),
            End::Closed(SecondLook::NotPossible),
            "{tls:?}"
        );
        assert_eq!(evidence.delivery(), Delivery::Unknown, "{tls:?}");
        // And the connection was aborted all the same.
        kernel::until("no socket is left", || kernel::closing(peer.addr()) == 0).await;
    }
}
