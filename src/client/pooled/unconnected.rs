//! Why no connection could be opened, by the stage at which it failed.
//!
//! The stages are known where connections are opened, above; here is what they wrap their errors in, and what is read out of
//! it.

use std::error::Error as StdError;
use std::fmt;
use std::io;

use crate::client::unconnected::{by_kernel, chain};
use crate::evidence::ConnectFailure;

type BoxError = Box<dyn StdError + Send + Sync>;

/// An error of opening a connection, and its reason. It says what the error within says.
#[derive(Debug)]
pub(crate) struct Unconnected {
    why: ConnectFailure,
    error: BoxError,
}

impl Unconnected {
    pub(crate) fn new(why: ConnectFailure, error: impl Into<BoxError>) -> Self {
        let error = error.into();
        Self { why, error }
    }

    /// Of opening a TCP connection.
    pub(crate) fn by_tcp(error: BoxError) -> BoxError {
        match by_kernel(&*error).or_else(|| by_resolver(&*error)) {
            Some(why) => Self::new(why, error).into(),
            None => error,
        }
    }
}

impl fmt::Display for Unconnected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl StdError for Unconnected {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.error.source()
    }
}

/// Why there is no connection, if this error says.
pub(super) fn why(error: &(dyn StdError + 'static)) -> Option<ConnectFailure> {
    let mut told = chain(error).filter_map(|cause| cause.downcast_ref());
    told.next()
        .map(|unconnected: &Unconnected| unconnected.why)
        .or_else(|| by_kernel(error))
}

/// What is no word of the kernel's is one of the resolver's: an error without a number.
fn by_resolver(error: &(dyn StdError + 'static)) -> Option<ConnectFailure> {
    let mut errors = chain(error).filter_map(|cause| cause.downcast_ref::<io::Error>());
    let is_resolvers = errors
        .any(|error| error.raw_os_error().is_none() && error.kind() != io::ErrorKind::Interrupted);
    is_resolvers.then_some(ConnectFailure::Name)
}
