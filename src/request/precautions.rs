//! What is done about a connection that has been idle for long, before a request goes over it that could not be sent
//! again: how the policy tells the client of our own.
//!
//! Of no other client, as they hand a request and a connection to each other out of everybody's sight.

use std::sync::Arc;

use super::{ExpectOnReuse, Preflight};

/// In a request's extensions, put there by the replay layer.
#[derive(Clone, Debug)]
pub(crate) struct Precautions {
    /// The connection is asked first.
    pub(crate) preflight: Option<Arc<Preflight>>,
    /// The body waits for the server's 100.
    pub(crate) expect: Option<ExpectOnReuse>,
}
