//! Each metric rises where it should, and each gauge falls again.
//!
//! Apart from the other tests because they need a recorder: one for each test and its thread, on which everything runs.

#![allow(
    missing_docs,
    dead_code,
    unnameable_types,
    unused_imports,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    reason = "test code, which shares the peers and the client with `it` and uses a part of them"
)]

#[path = "../it/client.rs"]
mod client;
#[path = "../it/kernel.rs"]
mod kernel;
#[path = "../it/peer_h2/mod.rs"]
mod peer_h2;
#[path = "../it/random.rs"]
mod random;

mod connections;
mod recorded;
mod requests;

use unstale::test_peer as peer;
