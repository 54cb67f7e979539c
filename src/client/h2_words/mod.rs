//! The one place that names the error type inside of hyper's HTTP/2 errors.
//!
//! hyper does not promise what its errors' sources are, so this is behaviour and not contract: a test fails when an update
//! changes it. Then these requests are `Unknown`, and what may not be repeated is not.

use std::error::Error as StdError;
#[cfg(feature = "http2")]
use std::io;

use crate::evidence::{End, ProtocolRefusal};

/// What a response future failed with, in the words of the protocol.
///
/// A remote GOAWAY, whatever its reason, comes on the response future of a stream only if the stream is above the last one
/// that the peer has processed (RFC 9113 section 6.8): h2 ends no other streams by it. `REFUSED_STREAM` says so by itself
/// (section 8.7).
///
/// A stream that h2 has reset by itself is one on which the peer has sent what is no response. One that was reset by what
/// uses h2 while the response was waited for is one whose request body failed: hyper resets it for nothing else.
pub(in crate::client) fn said(error: &hyper::Error) -> Option<End> {
    let error = words(error)?;
    if error.is_remote() && error.is_go_away() {
        Some(End::Protocol(ProtocolRefusal::GoAway))
    } else if error.reason().is_none() && !error.is_io() {
        // h2 would not have the request.
        Some(End::InvalidRequest)
    } else if !error.is_reset() {
        None
    } else if error.is_library() {
        Some(End::Malformed)
    } else if !error.is_remote() {
        Some(End::CallerBody)
    } else if error.reason() == Some(h2::Reason::REFUSED_STREAM) {
        Some(End::Protocol(ProtocolRefusal::RefusedStream))
    } else {
        None
    }
}

/// Whether this is about a connection: its end, or what broke the protocol for all of its streams.
#[cfg(feature = "http2")]
pub(in crate::client) fn is_of_connection(error: &hyper::Error) -> bool {
    // What h2 says of the transport hyper hands on as it is.
    let of_transport = error
        .source()
        .and_then(<dyn StdError>::downcast_ref::<io::Error>);
    of_transport.is_some() || words(error).is_some_and(h2::Error::is_go_away)
}

/// Whether this was the end of one stream, and not of its connection.
#[cfg(feature = "http2")]
pub(in crate::client) fn is_of_one_stream(error: &hyper::Error) -> bool {
    words(error).is_some_and(h2::Error::is_reset)
}

fn words(error: &hyper::Error) -> Option<&h2::Error> {
    error.source()?.downcast_ref()
}

#[cfg(test)]
mod tests;
