//! What an error's own chain of sources says.
//!
//! Classified by type and `io::ErrorKind`, never by message. The caller's body error ends the search: a proxy's body may
//! carry another client's connection error inside.

use std::error::Error as StdError;
use std::io;

use crate::body::BodyError;
use crate::evidence::End;

/// What hyper says of this very request.
pub(super) fn said_by_hyper(error: &hyper::Error) -> Option<End> {
    if error.is_canceled() {
        // The request is handed back unwritten, or was never begun.
        Some(End::HandedBack)
    } else if error.is_parse() {
        Some(End::Malformed)
    } else {
        None
    }
}

/// What this cause, or one further down, says.
pub(super) fn said_further_down(mut next: Option<&(dyn StdError + 'static)>) -> End {
    while let Some(cause) = next {
        if cause.is::<BodyError>() {
            return End::CallerBody;
        }
        if let Some(end) = cause.downcast_ref().and_then(said_by_kernel) {
            return end;
        }
        next = cause.source();
    }
    End::Unknown
}

fn said_by_kernel(error: &io::Error) -> Option<End> {
    match error.kind() {
        io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted => Some(End::Reset),
        io::ErrorKind::TimedOut => Some(End::TimedOut),
        _ => None,
    }
}
