//! The adapter for reqwest: what is guaranteed through it and what is not, row by row; redirects, bodies, deadlines.

#![allow(
    missing_docs,
    dead_code,
    unnameable_types,
    unused_imports,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    clippy::unused_self,
    reason = "test code, which shares the peer and the scenarios with `it` and uses a part of them"
)]

mod asked;
mod client;
#[path = "../it/fuzz.rs"]
mod fuzz;
#[path = "../it/kernel.rs"]
mod kernel;
#[path = "../it/peer_h2/mod.rs"]
mod peer_h2;
#[path = "../it/random.rs"]
mod random;

mod http2;
mod middleware;
mod redirect;
mod requests;
mod scenario;
mod time;

use unstale::test_peer as peer;
