//! The inquest: from reqwest's error to its evidence.
//!
//! Classified by type, never by message. What hyper's end of stream hides (whether a part of a response had come, and how
//! much of the request was taken) is not told here; without it the request is `Unknown`.

use std::error::Error as StdError;
use std::io;

use http::StatusCode;
use hyper_util::client::legacy;
use tokio::time::Instant;

use super::begun::Begun;
use super::clients::Clients;
use super::known::{Origin, Pair, Start};
use crate::body::BodyError;
use crate::client::h2_words;
use crate::client::hyper_util::end_of;
use crate::client::unconnected::{by_kernel, chain};
use crate::conn::foreign::{Found, LastRead};
use crate::evidence::{ConnectFailure, End, Evidence, Reuse, SecondLook, StatusRefusal, Trace};

/// The longest alert of TLS in the ciphers of today. It has 23 bytes at least (`ChaCha20` in TLS 1.2), and a record that holds
/// one byte of a response 22: so these two together are longer.
const LONGEST_ALERT: u64 = 31;

/// The evidence on a failed attempt.
pub(super) async fn on_error(
    error: &reqwest::Error,
    clients: &Clients,
    begun: Begun,
    start: Start,
) -> Evidence {
    if clients.are_given() {
        on_error_of_another(error, clients, begun)
    } else {
        let evidence = on_error_of_ours(error, clients, &begun, start).await;
        evidence.about(begun.sending)
    }
}

async fn on_error_of_ours(
    error: &reqwest::Error,
    clients: &Clients,
    begun: &Begun,
    start: Start,
) -> Evidence {
    let Some(lost) = of_hyper_util(error) else {
        return Evidence::new(if error.is_builder() {
            End::InvalidRequest
        } else if error.is_timeout() {
            End::CallerTimeout
        } else {
            End::Unknown
        });
    };
    match said(lost) {
        End::Connect => Evidence::new(End::Connect).with_connect_failure(why_unconnected(error)),
        end @ (End::CallerBody | End::HandedBack) => Evidence::new(end),
        end => on_connection(lost, end, clients, begun, start).await,
    }
}

/// The request was handed to a connection, and lost on it.
async fn on_connection(
    lost: &legacy::Error,
    end: End,
    clients: &Clients,
    begun: &Begun,
    start: Start,
) -> Evidence {
    let Some(connected) = lost.connect_info() else {
        return Evidence::new(end);
    };
    connected.poison();
    let pair = Pair::connected(connected);
    let Some((pair, trace)) =
        pair.and_then(|pair| Some((pair, clients.known().trace(pair, begun.at)?)))
    else {
        return Evidence::new(end);
    };
    if let Some(reason) = clients.known().gate(pair, &start) {
        return Evidence::new(End::Gate(reason)).with_trace(trace.with_sealed());
    }
    if let Some(held) = start.into_held(pair) {
        let read = last_read(lost);
        return match held.ask(read).await {
            Some(found) => as_found(end, trace, &found, of_response(&found, read, begun)),
            None => Evidence::new(end).with_reuse(trace.reuse()),
        };
    }
    let evidence = Evidence::new(end);
    if trace.reuse() == Reuse::Reused && !is_over(end) && !begun.method.is_safe() {
        // What was sent may still be on its way, and arrive after what follows: that is no ground for a replay.
        return evidence;
    }
    evidence.with_reuse(trace.reuse())
}

/// The kernel was asked what became of the request, and the connection aborted.
fn as_found(end: End, trace: Trace, found: &Found, received: u64) -> Evidence {
    let end = match end {
        End::Closed(_) => End::Closed(found.look),
        end => end,
    };
    let trace = trace
        .with_sent(found.sent)
        .with_acknowledged(found.acknowledged)
        .with_received(received);
    Evidence::new(end).with_trace(trace)
}

/// How much of what has arrived may be of a response.
fn of_response(found: &Found, read: LastRead, begun: &Begun) -> u64 {
    let is_cleartext = begun.origin.as_ref().is_some_and(Origin::is_cleartext);
    match found.received {
        // The end of the stream is the alert, without which it were an error: so that has arrived, and no more.
        alert if !is_cleartext && read == LastRead::End && alert <= LONGEST_ALERT => 0,
        received => received,
    }
}

/// Of a client that was handed in. It may have followed a redirect, and the error be about a request that nobody here has
/// made: it says nothing of one that must not be executed twice.
fn on_error_of_another(error: &reqwest::Error, clients: &Clients, begun: Begun) -> Evidence {
    let end = if chain(error).any(<dyn StdError>::is::<BodyError>) {
        End::CallerBody
    } else if error.is_timeout() && of_hyper_util(error).is_none() {
        End::CallerTimeout
    } else {
        End::Unknown
    };
    let evidence = Evidence::new(end);
    if !begun.method.is_safe() {
        return evidence;
    }
    let reuse = of_hyper_util(error).map_or(Reuse::Unknown, |lost| reuse(lost, clients, begun.at));
    evidence.with_reuse(reuse).about(begun.sending)
}

/// Whether the status of a response says that the request was not processed; of a client that was handed in it says so of
/// the last request that it made.
pub(super) fn on_status(status: StatusCode, clients: &Clients) -> Option<Evidence> {
    let refusal = match status {
        _ if clients.are_given() => return None,
        StatusCode::MISDIRECTED_REQUEST => StatusRefusal::MisdirectedRequest,
        StatusCode::TOO_EARLY => StatusRefusal::TooEarly,
        _ => return None,
    };
    Some(Evidence::new(End::Status(refusal)))
}

/// The error of the client within, which reqwest puts directly below its own.
fn of_hyper_util(error: &reqwest::Error) -> Option<&legacy::Error> {
    error.source()?.downcast_ref()
}

fn hypers(lost: &legacy::Error) -> Option<&hyper::Error> {
    lost.source()?.downcast_ref()
}

fn said(lost: &legacy::Error) -> End {
    if let Some(end) = hypers(lost).and_then(h2_words::said) {
        return end;
    }
    match end_of(lost) {
        End::Unknown if hypers(lost).is_some_and(is_end_of_stream) => {
            End::Closed(SecondLook::NotPossible)
        }
        end => end,
    }
}

/// In cleartext, by `close_notify`, or over TLS without one. hyper says the same when a part of a response had come.
fn is_end_of_stream(error: &hyper::Error) -> bool {
    let is_eof = |io: &io::Error| io.kind() == io::ErrorKind::UnexpectedEof;
    let mut causes = chain(error).filter_map(|cause| cause.downcast_ref());
    error.is_incomplete_message() || causes.any(is_eof)
}

fn last_read(lost: &legacy::Error) -> LastRead {
    let is_reset = |io: &io::Error| io.kind() == io::ErrorKind::ConnectionReset;
    let mut causes = chain(lost).filter_map(|cause| cause.downcast_ref());
    if hypers(lost).is_some_and(hyper::Error::is_incomplete_message) {
        LastRead::End
    } else if causes.any(is_reset) {
        LastRead::Reset
    } else {
        LastRead::Unknown
    }
}

/// Whether nothing of the request can be on its way any more.
fn is_over(end: End) -> bool {
    // The connection is gone, or the request has not left, or the peer has taken it off the way.
    matches!(
        end,
        End::Reset | End::TimedOut | End::HandedBack | End::Protocol(_)
    )
}

fn reuse(lost: &legacy::Error, clients: &Clients, begun: Instant) -> Reuse {
    let pair = lost.connect_info().and_then(Pair::connected);
    let trace = pair.and_then(|pair| clients.known().trace(pair, begun));
    trace.map_or(Reuse::Unknown, |trace| trace.reuse())
}

fn why_unconnected(error: &reqwest::Error) -> Option<ConnectFailure> {
    if error.is_dns() {
        Some(ConnectFailure::Name)
    } else if error.is_timeout() {
        Some(ConnectFailure::TimedOut)
    } else {
        by_kernel(error)
    }
}
