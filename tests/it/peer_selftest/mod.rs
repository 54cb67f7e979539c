//! The peer does on the wire what a script says. Proved with plain std sockets and bare clients, without the library.

mod cleartext;
mod clients;
mod control;
mod forgotten;
mod fuzz;
mod over_tls;
