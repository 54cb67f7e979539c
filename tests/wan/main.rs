//! Over a link to somewhere far away: real kernels, real delay and loss, and connections that nobody answers any more.
//!
//! Apart from the other tests because the link ([`lab`]) needs root; so whatever is played over it is ignored unless asked
//! for (`cargo test --test wan -- --ignored`).

#![cfg(target_os = "linux")]
#![allow(
    missing_docs,
    dead_code,
    unnameable_types,
    unused_imports,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    reason = "test code, which shares the peer, the servers and their clients with other tests and uses a part of them"
)]

mod at_timeout;
#[path = "../real_servers/client.rs"]
mod client;
mod lab;
#[path = "../real_servers/prevention.rs"]
mod prevention;
#[path = "../real_servers/server/mod.rs"]
mod server;
#[path = "../it/client.rs"]
mod stacks;
#[path = "../real_servers/together.rs"]
mod together;
#[path = "../real_servers/traffic.rs"]
mod traffic;

mod black_hole;
mod link;
mod placed;
mod prevented;
mod ten_cases;

use unstale::test_peer as peer;
