//! Why no connection could be opened, by the kernel's word.
//!
//! Classified by type and by `io::ErrorKind`, never by message.

use std::error::Error as StdError;
use std::io::{self, ErrorKind};
use std::iter::successors;

use crate::evidence::ConnectFailure;

/// An error and its sources.
pub(super) fn chain<'a>(
    error: &'a (dyn StdError + 'static),
) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    successors(Some(error), |error| (*error).source())
}

/// Why no connection could be opened, if the kernel says.
pub(super) fn by_kernel(error: &(dyn StdError + 'static)) -> Option<ConnectFailure> {
    let errors = chain(error).filter_map(|cause| cause.downcast_ref::<io::Error>());
    errors.map(io::Error::kind).find_map(|kind| match kind {
        ErrorKind::ConnectionRefused => Some(ConnectFailure::Refused),
        ErrorKind::TimedOut => Some(ConnectFailure::TimedOut),
        // hyper-util says `NotConnected` where no address is of a family that it may use.
        ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable | ErrorKind::NotConnected => {
            Some(ConnectFailure::Unreachable)
        }
        _ => None,
    })
}
