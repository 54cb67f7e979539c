//! Tests of the body: a scripted original, and handles polled by hand, one step at a time.

mod ending;
mod framing;
mod limits;
mod property;
mod replaying;
mod script;
