//! `unstale probe`, run as a user runs it: against scripted peers, and against real servers.
//!
//! Apart from the tests beside its sources, which know its parts: here only what is typed and what is printed counts. What
//! needs programs to be installed is ignored unless asked for (`cargo test --test doctor -- --ignored`), and then fails where
//! one is missing.

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
    reason = "test code, which shares the peer and the servers with other tests and uses a part of them"
)]

#[path = "../real_servers/client.rs"]
mod client;
#[path = "../it/peer_h2/mod.rs"]
mod peer_h2;
#[path = "../real_servers/server/mod.rs"]
mod server;

mod command;
mod go;
mod moody;
mod printed;
mod refused;
mod scripted;
mod servers;
mod settings;
mod wire;

use unstale::test_peer as peer;
