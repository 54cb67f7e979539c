//! Every rule of the decision, each with a case that it replays and one that it refuses.

mod counted;
mod narrowed;
mod properties;
mod widened;
