//! Black holes over a link of 20 ms, and a living server over one that loses packets.
//!
//! The one that forgets is the kernel of the peer: it drops all that arrives on that one connection, as a firewall does that
//! has forgotten it, while new ones get through. By hyper-util's client with the layers around it and by `unstale::Client`,
//! through nothing but the public API. With all of 10,000 requests:
//!
//! ```text
//! UNSTALE_WAN_REQUESTS=10000 cargo test --all-features --test wan -- --ignored --nocapture black_hole::
//! ```
//!
//! What came of it stands in `docs/black_holes.md`.

mod found;
mod living;
mod setup;
