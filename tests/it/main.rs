//! Scenario tests: a real client against a scripted peer on a loopback socket.

#![allow(
    missing_docs,
    unreachable_pub,
    unnameable_types,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    reason = "test code: nothing is exported, and a panic is how a test fails"
)]

mod attack;
mod black_hole;
mod client;
mod early_close;
mod fuzz;
mod h2_table;
mod kernel;
mod peer_h2;
mod peer_h2_selftest;
mod peer_selftest;
mod proof;
mod random;
mod scenario;

use unstale::test_peer as peer;
