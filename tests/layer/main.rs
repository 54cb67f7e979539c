//! The tower layer: what it does to each attempt, by mock services; how it stacks with other layers, and what its errors
//! say, by a scripted peer on a real socket.
//!
//! Every test runs on a current-thread runtime, so that the order of its tasks is no matter of luck.

#![cfg(feature = "hyper-util")]
#![allow(
    missing_docs,
    unreachable_pub,
    unnameable_types,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    reason = "test code: nothing is exported, and a panic is how a test fails"
)]

mod as_get;
mod attempts;
mod body;
mod budget;
mod cancel;
#[cfg(feature = "tls")]
mod client_errors;
mod clock;
mod decision;
mod display;
#[cfg(feature = "tracing")]
mod events;
mod frames;
mod head;
#[cfg(all(feature = "client", feature = "tracing"))]
mod listening;
mod mock;
#[cfg(feature = "client")]
mod own_client;
mod ready;
mod recording;
mod redirect;
#[cfg(feature = "client")]
mod response_body;
mod sample;
mod shape;
#[cfg(all(feature = "client", feature = "tracing"))]
mod spans;
mod stacks;
mod status;
mod token;
mod untapped;
mod wire;

use unstale::test_peer as peer;
