//! The inquest: from a failed attempt to its evidence, and to what becomes of its connection.

use http::StatusCode;
#[cfg(feature = "http2")]
use tokio::time::timeout;

use super::exchange::Exchange;
use crate::client::chain::{said_by_hyper, said_further_down};
use crate::client::look;
#[cfg(feature = "http2")]
use crate::conn::Ending;
#[cfg(feature = "http2")]
use crate::evidence::SecondLook;
use crate::evidence::{End, Evidence, Trace};
use crate::pool::Protocol;

/// How the attempt ended, as far as hyper's error alone can tell. A request that was handed back is no error here.
fn said(error: &hyper::Error, protocol: Protocol) -> End {
    #[cfg(feature = "http2")]
    if protocol == Protocol::Http2 {
        if let Some(end) = crate::client::h2_words::said(error) {
            return end;
        }
        if error.is_timeout() {
            // The keep-alive was not answered.
            return End::TimedOut;
        }
    }
    let _ = protocol;
    match said_by_hyper(error) {
        // Without the request itself this is hyper's word for more than one thing; the taps know better.
        Some(End::HandedBack) => End::Unknown,
        Some(end) => end,
        None => said_further_down(std::error::Error::source(error)),
    }
}

/// Collects the evidence on a failed attempt, and ends its connection, or of HTTP/2 its stream: once this returns, this
/// machine sends nothing of the request any more.
pub(super) async fn on_error(error: &hyper::Error, exchange: Exchange) -> Evidence {
    let said = said(error, exchange.protocol);
    match exchange.protocol {
        Protocol::Http1 => on_http1(said, exchange).await,
        #[cfg(feature = "http2")]
        Protocol::Http2 => {
            let is_over = crate::client::h2_words::is_of_connection(error) || error.is_timeout();
            on_stream(said, is_over, exchange).await
        }
        #[cfg(not(feature = "http2"))]
        Protocol::Http2 => Evidence::new(said),
    }
}

async fn on_http1(said: End, mut exchange: Exchange) -> Evidence {
    let seen = &mut exchange.seen;
    seen.ledger.shut_for_good();
    seen.in_one_piece = seen.ledger.book().left_in_one_piece();
    let end = match said {
        End::CallerBody => said,
        _ => look::seen_by_taps(seen, said).await,
    };
    let is_ended = seen.ledger.book().is_sealed();
    let trace = trace(&exchange);
    match end {
        End::Silent => exchange.give_up_silent(),
        _ => exchange.give_up(exchange.is_reused && is_ended),
    }
    if !is_ended && end == End::Unknown {
        // The connection did not end, and so was not aborted: what was sent may still be on its way. Without its numbers
        // this is no ground for a replay.
        return Evidence::new(end);
    }
    Evidence::new(end).with_trace(trace)
}

/// Of a stream that got no answer. No byte of it was received: hyper gives an answer whose head is complete before it tells
/// of an error. `is_over`: the error is about the connection; else about this stream, which has been reset by then.
#[cfg(feature = "http2")]
async fn on_stream(said: End, is_over: bool, mut exchange: Exchange) -> Evidence {
    let ledger = std::sync::Arc::clone(&exchange.seen.ledger);
    let is_over = (is_over || ledger.book().is_sealed()) && !matches!(said, End::Protocol(_));
    let mut is_aborted = false;
    if is_over {
        exchange.give_up(exchange.is_reused);
        // The error is told in the midst of its end. As long as this exchange is not over, it ends by being aborted.
        is_aborted = timeout(look::RELEASE, ledger.gone()).await.is_ok();
    } else {
        exchange.end_stream();
    }
    let end = match (said, ledger.book().ending) {
        (End::Unknown, Some(Ending::Closed)) => End::Closed(SecondLook::NotPossible),
        (End::Unknown, Some(Ending::Reset)) => End::Reset,
        (End::Unknown, Some(Ending::TimedOut)) => End::TimedOut,
        (said, _) => said,
    };
    if is_over && !is_aborted {
        // What was sent may still be on its way. Without its numbers this is no ground for a replay.
        return Evidence::new(end);
    }
    let trace = Trace {
        received: 0,
        ..trace(&exchange)
    };
    Evidence::new(end).with_trace(trace)
}

fn trace(exchange: &Exchange) -> Trace {
    let seen = &exchange.seen;
    seen.ledger.trace(seen, exchange.taken, exchange.is_reused)
}

/// Whether the status of a response says that the request was not processed.
pub(super) async fn on_status(status: StatusCode, mut exchange: Exchange) -> Option<Evidence> {
    let seen = &mut exchange.seen;
    seen.in_one_piece = seen.ledger.book().left_in_one_piece();
    // An HTTP/2 peer says 408 of a stream that it has taken.
    let http1 = (exchange.protocol == Protocol::Http1).then_some(&exchange.seen);
    let end = look::end_by_status(status, http1).await?;
    Some(Evidence::new(end).with_trace(trace(&exchange)))
}
