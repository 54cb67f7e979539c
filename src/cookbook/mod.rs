//! Answers to what people look for, one page each.
//!
//! | what brings you here | page |
//! | --- | --- |
//! | `connection closed before message completed`, `ECONNRESET`, `BrokenPipe`, now and then | [`connection_closed_before_message_completed`] |
//! | requests fail after a quiet minute, behind AWS, Google Cloud or Azure | [`behind_a_load_balancer`] |
//! | the first request after a pause fails: AWS Lambda, laptops, virtual machines that sleep | [`frozen_processes`] |
//! | a payment, an order, a mail must not happen twice | [`my_post_must_not_run_twice`] |
//! | the server takes an `Idempotency-Key` | [`idempotency_key`] |
#![cfg_attr(
    feature = "reqwest",
    doc = "| your program uses reqwest, and is to go on doing so | [`reqwest`](mod@reqwest) |"
)]
#![cfg_attr(
    feature = "test-peer",
    doc = "| to test your own client, whichever it is, against closes | [`testing_your_own_client`] |"
)]
//! | how other clients do it | [`compared`] |
//!
//! It is a part of the documentation alone: no program contains it.

pub mod behind_a_load_balancer;
pub mod compared;
pub mod connection_closed_before_message_completed;
pub mod frozen_processes;
pub mod idempotency_key;
pub mod my_post_must_not_run_twice;
#[cfg(feature = "reqwest")]
pub mod reqwest;
#[cfg(feature = "test-peer")]
pub mod testing_your_own_client;
