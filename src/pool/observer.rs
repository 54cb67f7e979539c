//! What a caller can be told of as it happens.

use std::fmt::Debug;

use super::reason::DiscardReason;

/// Is told of what happens to a client's connections; give one to
/// [`ClientBuilder::observer`](crate::ClientBuilder::observer).
///
/// Called outside of all locks, on whatever task the thing happens on: be quick, and do not block. A panic of its own ends
/// with the call: it is printed as every panic is, and the client goes on. `connection` is the
/// number that [`Trace::connection`](crate::evidence::Trace::connection) and
/// [`Client::connections`](crate::Client::connections) name, `origin` is like `https://example.com`.
///
/// ```
/// use unstale::{Client, DiscardReason, Observer};
///
/// #[derive(Debug)]
/// struct Log;
///
/// impl Observer for Log {
///     fn discarded(&self, origin: &str, connection: u64, reason: DiscardReason) {
///         eprintln!("{origin}, connection {connection}: given up, as {}", reason.explain());
///     }
/// }
///
/// let client = Client::builder().observer(Log).build()?;
/// # drop(client);
/// # Ok::<(), unstale::BuildError>(())
/// ```
pub trait Observer: Debug + Send + Sync {
    /// A connection was opened.
    fn opened(&self, origin: &str, connection: u64) {
        let _ = (origin, connection);
    }

    /// A connection that was open already was taken for a request.
    fn reused(&self, origin: &str, connection: u64) {
        let _ = (origin, connection);
    }

    /// A connection was given up. It is closed once what runs on it has ended.
    fn discarded(&self, origin: &str, connection: u64, reason: DiscardReason) {
        let _ = (origin, connection, reason);
    }

    /// A connection's socket was closed.
    fn closed(&self, origin: &str, connection: u64) {
        let _ = (origin, connection);
    }
}
