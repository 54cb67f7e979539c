//! The proof that a request was not received, against everything that a link and a peer can do.
//!
//! A small world with nothing left out: a client that is late as it likes, a link that delays, loses, repeats and
//! reorders as it likes, a server's kernel that acknowledges when it likes, and a program that reads, half-closes, closes,
//! aborts and executes when it likes. All states that can be reached are visited. The model only brings about facts; what
//! follows from them is said by the crate: by the rule of the second look, compiled from its own file, and by
//! [`Evidence::delivery`](unstale::evidence::Evidence::delivery).
//!
//! `docs/evidence.md` has it in words. With `--nocapture` the tests print how many states there are, and the shortest way to
//! each counterexample.

#![allow(
    unreachable_pub,
    clippy::unwrap_used,
    reason = "test code: nothing is exported, and a panic is how a test fails"
)]

mod act;
mod cases;
mod client;
mod explore;
mod link;
#[path = "../../src/conn/proof.rs"]
mod proof;
mod server;
mod state;
mod taken;
mod world;

// The rule's file names it as `crate::evidence`.
use unstale::evidence;
