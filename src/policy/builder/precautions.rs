//! Setters: what is done so that nothing need be sent again. Only with the feature `client`.
//!
//! Apart from the other setters because only [`Client`](crate::Client) knows, before a request goes over a connection,
//! for how long that was idle; what nobody does cannot be set.

use std::sync::Arc;

use crate::request::Preflight;

use super::RetryPolicyBuilder;

impl RetryPolicyBuilder {
    /// Asks a connection that has been idle for long whether it is alive, before a request goes over it that could not be
    /// sent again: those of [`unrepeatable_connection`](Self::unrepeatable_connection). Default: off.
    ///
    /// What dies of the question, or says nothing in time, is closed, and the request goes over the next; after one that
    /// says nothing it goes over a new one, and those that have been idle no shorter are closed, too, as the same firewall
    /// is likely to have forgotten them. The status of the answer is of no account, but that the connection is to be
    /// closed behind it (`Connection: close`, HTTP/1.0).
    ///
    /// Of [`Client`](crate::Client) alone, and over HTTP/1: of HTTP/2 use
    /// [`http2_keep_alive_interval`](crate::ClientBuilder::http2_keep_alive_interval).
    pub fn preflight(mut self, preflight: Preflight) -> Self {
        self.settings.preflight = Some(Arc::new(preflight));
        self
    }
}
