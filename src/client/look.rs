//! What the taps on a connection say of an attempt that failed on it, and the end that is put to its connection.
//!
//! Apart from the adapters because all of them share the taps: an HTTP/1 attempt fails in the same ways whoever sent it.

use std::time::Duration;

use http::StatusCode;
use tokio::time::timeout;

use crate::conn::{Ending, Held, Seen};
use crate::evidence::{End, SecondLook, StatusRefusal};

/// How long to wait for hyper to let go of the connection; it does so in the poll in which it reports the error.
pub(super) const RELEASE: Duration = Duration::from_secs(1);

/// How an HTTP/1 attempt ended, of which hyper has said `said`. Once this returns, this machine sends nothing of the request
/// any more, if the connection has ended.
pub(super) async fn seen_by_taps(seen: &Seen, said: End) -> End {
    let (refused, ending) = {
        let book = seen.ledger.book();
        (book.refused, book.ending)
    };
    if let Some(reason) = refused {
        return End::Gate(reason);
    }
    match ending {
        Some(Ending::Closed) => End::Closed(take_second_look(seen).await),
        Some(Ending::Reset) => End::Reset,
        Some(Ending::TimedOut) => End::TimedOut,
        Some(Ending::Silent) => End::Silent,
        Some(Ending::Failed) => End::Unknown,
        None => said,
    }
}

async fn take_second_look(seen: &Seen) -> SecondLook {
    let Some(held) = wait_for_descriptor(seen).await else {
        return SecondLook::NotPossible;
    };
    let found = held.look(seen).await;
    held.abort();
    found
}

async fn wait_for_descriptor(seen: &Seen) -> Option<Held> {
    timeout(RELEASE, seen.ledger.held()).await.ok().flatten()
}

/// Whether a response may say that the request was not processed.
pub(super) fn is_doubtful(status: StatusCode) -> bool {
    matches!(
        status,
        StatusCode::REQUEST_TIMEOUT
            | StatusCode::MISDIRECTED_REQUEST
            | StatusCode::TOO_EARLY
            | StatusCode::EXPECTATION_FAILED
    )
}

/// Whether the status of a response says that the request was not processed. `seen`: the HTTP/1 connection.
pub(super) async fn end_by_status(status: StatusCode, seen: Option<&Seen>) -> Option<End> {
    match status {
        StatusCode::MISDIRECTED_REQUEST => Some(End::Status(StatusRefusal::MisdirectedRequest)),
        StatusCode::TOO_EARLY => Some(End::Status(StatusRefusal::TooEarly)),
        StatusCode::REQUEST_TIMEOUT if crossed(seen?).await => {
            Some(End::Status(StatusRefusal::RequestTimeout))
        }
        // Of an expectation that the caller has sent himself, or after the body was sent, it is the response.
        StatusCode::EXPECTATION_FAILED if seen?.ledger.book().is_body_withheld() => {
            Some(End::Status(StatusRefusal::ExpectationFailed))
        }
        _ => None,
    }
}

/// A 408 that the server sent before a byte of the request had arrived: only if the whole proof holds. Otherwise it is
/// the response, and the connection goes on.
async fn crossed(seen: &Seen) -> bool {
    if !seen.ledger.is_suspected() {
        return false;
    }
    let found = match wait_for_descriptor(seen).await {
        Some(held) => held.look(seen).await,
        None => SecondLook::NotPossible,
    };
    seen.ledger.book().thaw();
    found == SecondLook::NeverAcknowledged
}
