//! The adapter for reqwest: one attempt by a client of reqwest's, and the evidence of it.
//!
//! Apart because reqwest lets nobody near its sockets. What can be had is this: a layer on its connector sees each
//! connection when it is opened, by its two addresses; and the error of an attempt names the same two, deep in its source
//! chain. So each failure is attributed to one connection exactly, and on Linux the kernel can be asked about its socket
//! (`conn::foreign`): those that their peers have ended are closed for good before an attempt begins, and those that it may get
//! are held for its first second.
//!
//! ```text
//! Attest ─▶ reqwest::Client ─▶ hyper-util's client ─▶ Notice ─▶ reqwest's connector ─▶ socket
//!   │ begun, answered, lost                              │ opened
//!   └───────────────────────▶ Known ◀────────────────────┘
//! ```
//!
//! The clients are built here ([`Clients::ours`]), and follow no redirect and repeat nothing by themselves: one attempt is one
//! sending. Of a client that was handed in ([`Clients::given`]) nobody can say so. Of that one an error may be about a
//! request that the caller never made, while his own was executed; so it is evidence for safe methods alone.

mod attest;
mod begun;
mod clients;
mod inquest;
mod known;
mod notice;

pub(crate) use self::attest::{Attest, Until};
pub(crate) use self::clients::Clients;
