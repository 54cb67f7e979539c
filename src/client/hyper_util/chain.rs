//! What hyper-util's error says by itself.

use std::error::Error as StdError;

use hyper_util::client::legacy;

use crate::client::chain::{said_by_hyper, said_further_down};
use crate::evidence::End;

/// How the attempt ended, as far as the error alone can tell.
pub(in crate::client) fn end_of(error: &legacy::Error) -> End {
    if error.is_connect() {
        return End::Connect;
    }
    // Only what hyper says of this very request, not what it says further down of another.
    let said = error
        .source()
        .and_then(<dyn StdError>::downcast_ref)
        .and_then(said_by_hyper);
    said.unwrap_or_else(|| said_further_down(error.source()))
}

/// Whether hyper-util says that a connection died while it was being set up: it names the connection in every error of a
/// request that hyper was given, and in no error of setting one up.
pub(super) fn is_of_setting_up(error: &legacy::Error) -> bool {
    let is_hypers = error
        .source()
        .is_some_and(<dyn StdError>::is::<hyper::Error>);
    is_hypers && error.connect_info().is_none()
}
