//! Black holes: connections that were forgotten on the way, and what looks like one and is none.
//!
//! The peer's own kernel is the firewall: from a step on it drops what arrives on that one connection, unheard. So a new one
//! gets through, and the forgotten one can be remembered.

mod found;
mod healed;
mod living;
mod setup;
mod siblings;
