//! The HTTP/2 peer does on the wire what a script says, as octets and as hyper's clients see it. Without the library.

mod clients;
mod control;
mod endings;
mod goaway;
mod hpack;
mod hyper;
mod octets;
mod serving;
