//! The reverse proxy of `examples/proxy`: what it passes on and what not, what it repeats, and nginx behind it that reloads
//! and restarts under load.
//!
//! Apart from the other tests because it is the example's own code that is under test here.

#![allow(
    missing_docs,
    dead_code,
    unreachable_pub,
    unnameable_types,
    unused_imports,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    reason = "test code, which shares the peers and the real servers with others and uses a part of them"
)]

#[path = "../real_servers/client.rs"]
mod client;
#[path = "../../examples/proxy/forward.rs"]
mod forward;
#[path = "../../examples/proxy/headers.rs"]
mod headers;
#[path = "../it/kernel.rs"]
mod kernel;
#[path = "../it/peer_h2/mod.rs"]
mod peer_h2;
#[path = "../real_servers/server/mod.rs"]
mod server;
#[path = "../real_servers/traffic.rs"]
mod traffic;
#[path = "../../examples/proxy/tunnel.rs"]
mod tunnel;

mod fields;
mod replaying;
mod restart;
mod setup;
mod streaming;
mod trailers;
mod upgrade;

use unstale::test_peer as peer;
