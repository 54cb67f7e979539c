//! The one place that names the error type inside of hyper's HTTP/2 errors.
//!
//! hyper does not promise what its errors' sources are, so this is behaviour and not contract: a test fails when an update
//! changes it. Then these requests are `Unknown`, and what may not be repeated is not.

use std::error::Error as StdError;

use crate::evidence::ProtocolRefusal;

/// The peer's own words that it did not process a stream, if these are what a response future failed with.
///
/// A remote GOAWAY, whatever its reason, comes on the response future of a stream only if the stream is above the last one
/// that the peer has processed (RFC 9113 section 6.8): h2 ends no other streams by it. `REFUSED_STREAM` says so by itself
/// (section 8.7).
pub(super) fn refusal(error: &hyper::Error) -> Option<ProtocolRefusal> {
    let error = error.source()?.downcast_ref::<h2::Error>()?;
    if !error.is_remote() {
        None
    } else if error.is_go_away() {
        Some(ProtocolRefusal::GoAway)
    } else if error.is_reset() && error.reason() == Some(h2::Reason::REFUSED_STREAM) {
        Some(ProtocolRefusal::RefusedStream)
    } else {
        None
    }
}
