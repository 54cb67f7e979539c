//! What the error's own chain of sources says.
//!
//! Classified by type and `io::ErrorKind`, never by message. The caller's body error ends the search: a proxy's body may
//! carry another client's connection error inside.

use std::error::Error as StdError;
use std::io;

use hyper_util::client::legacy;

use crate::body::BodyError;
use crate::evidence::End;

/// How the attempt ended, as far as the error alone can tell.
pub(super) fn end_of(error: &legacy::Error) -> End {
    if error.is_connect() {
        return End::Connect;
    }
    // Only what hyper says of this very request, not what it says further down of another.
    let said = error
        .source()
        .and_then(<dyn StdError>::downcast_ref)
        .and_then(said_by_hyper);
    if let Some(end) = said {
        return end;
    }
    let mut next = error.source();
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

/// Whether hyper-util says that a connection died while it was being set up: it names the connection in every error of a
/// request that hyper was given, and in no error of setting one up.
pub(super) fn is_of_setting_up(error: &legacy::Error) -> bool {
    let is_hypers = error
        .source()
        .is_some_and(<dyn StdError>::is::<hyper::Error>);
    is_hypers && error.connect_info().is_none()
}

fn said_by_hyper(error: &hyper::Error) -> Option<End> {
    if error.is_canceled() {
        // The request is handed back unwritten, or was never begun.
        Some(End::HandedBack)
    } else if error.is_parse() {
        Some(End::Malformed)
    } else {
        None
    }
}

fn said_by_kernel(error: &io::Error) -> Option<End> {
    match error.kind() {
        io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted => Some(End::Reset),
        io::ErrorKind::TimedOut => Some(End::TimedOut),
        _ => None,
    }
}
