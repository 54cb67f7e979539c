//! What each scenario must give over HTTP/2: the library's own client against a scripted peer, in cleartext and over TLS,
//! on both runtimes.

mod alone;
mod answered;
mod idle;
mod many;
mod play;
mod random;
mod refused;
mod reuse;
mod silent;
mod unknown;
mod wires;
