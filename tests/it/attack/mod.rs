//! What must go on working, or stay unclaimed, where the taps have no business: tunnels, HTTP/2, Unix sockets, idle
//! connections, and connectors that speak with somebody first.

mod connectors;
mod http2;
mod idle;
mod tunnel;
mod unix;
