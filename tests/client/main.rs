//! `unstale::Client` over HTTP/1 as its users have it: its pool under load, its settings, proxies, TLS, and what it shows.
//!
//! Sockets are counted by the kernel's list and executions by the peer, never by the client's own word alone.

#![allow(
    missing_docs,
    dead_code,
    unnameable_types,
    unused_imports,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    reason = "test code, which shares the peer and the client with `it` and uses a part of them"
)]

#[path = "../it/client.rs"]
mod client;
#[path = "../it/kernel.rs"]
mod kernel;

mod cancelled;
mod closing;
mod early_drop;
mod environment;
mod expect;
#[cfg(target_os = "linux")]
mod frozen;
mod half_closed;
mod lifetimes;
mod limits;
mod panics;
mod preflight;
mod prevention;
mod proxy;
mod race;
mod redirect;
mod seen;
mod settling;
mod setup;
mod siblings;
mod stacks;
mod thrift;
mod tls;
mod tunnel;
mod turns;
mod unix;
mod watch;
mod wishes;

use unstale::test_peer as peer;
