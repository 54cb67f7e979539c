//! The question to a connection that has been idle for long, before a request goes over it that could not be sent again.
//!
//! ```text
//! check out ─▶ idle for longer? ──no──────────────────────────▶ the request goes over it
//!     ▲              │                                             ▲
//!     │              └─yes─▶ ask ──answered, and still open────────┘
//!     └── the next ◀── dead ──┴── silent ──▶ its siblings go, too, and a new one is opened
//! ```
//!
//! Apart from the attempt because it is an exchange of its own: its loss is nobody's, and what becomes of the connection
//! is no evidence about the request.

use std::future::poll_fn;
use std::sync::Arc;

use http::uri::Parts;
use http::{HeaderValue, Method, Request, Uri, header};
use tokio::time::{Instant, timeout};

use super::body::is_read_to_end;
use super::head;
use crate::body::Erased;
use crate::pool::{Checkout, ConnectError, DiscardReason, Protocol, Route, Sender, Taken};
use crate::request::{Precautions, Preflight};

/// What a connection made of the question.
enum Answer {
    /// It answered, and takes a request.
    Alive,
    /// It answered, and takes no more.
    Last,
    /// It has died.
    Dead,
    /// It said nothing, or not enough in time.
    Silent,
}

/// The question that this connection is to be asked before the request, if it is.
#[inline]
pub(super) fn due(request: &Request<Erased>, taken: &Taken) -> Option<Arc<Preflight>> {
    let precautions: &Precautions = request.extensions().get()?;
    let preflight = precautions.preflight.as_ref()?;
    let is_due = taken.is_reused
        && taken.lease.protocol() == Protocol::Http1
        && taken.idle() > preflight.idle_limit();
    is_due.then(|| Arc::clone(preflight))
}

/// Gets a connection to the origin of this URI, and asks it first if the request wants that. `first`: one that was had at
/// once.
///
/// # Cancel safety
///
/// Dropped while a connection is being asked, that one is closed.
pub(super) async fn check_out(
    checkout: &mut Checkout,
    mut first: Option<Taken>,
    request: &Request<Erased>,
    uri: &Uri,
) -> Result<Taken, ConnectError> {
    loop {
        let mut taken = match first.take() {
            Some(taken) => taken,
            None => poll_fn(|cx| checkout.poll(uri, cx)).await?,
        };
        let Some(preflight) = due(request, &taken) else {
            return Ok(taken);
        };
        let answer = ask(&mut taken, &preflight).await;
        if let Answer::Alive = answer {
            return Ok(taken);
        }
        taken.goes_unused();
        match answer {
            Answer::Silent => {
                let at = taken.at;
                let reason = DiscardReason::Preflight;
                taken.lease.discard_with_siblings(reason, at);
                checkout.only_new(Instant::now());
            }
            Answer::Dead => taken.lease.discard_stale(DiscardReason::Preflight),
            Answer::Last | Answer::Alive => taken.lease.discard(DiscardReason::Spent),
        }
    }
}

async fn ask(taken: &mut Taken, preflight: &Preflight) -> Answer {
    taken.counts_preflight();
    match timeout(preflight.time_limit(), exchange(taken, preflight)).await {
        Ok(answer) => {
            taken.rested(Instant::now());
            answer
        }
        Err(_) => Answer::Silent,
    }
}

async fn exchange(taken: &mut Taken, preflight: &Preflight) -> Answer {
    let mut question = question(preflight, &taken.route);
    put_on(&mut question, &taken.route);
    // What is written from now on is no longer of the exchange before.
    let _ = taken.begin(false);
    let sender = match taken.lease.sender() {
        Sender::Http1(sender) => sender,
        #[cfg(feature = "http2")]
        Sender::Http2(_) => return Answer::Alive,
    };
    let Ok(response) = sender.try_send_request(question).await else {
        return Answer::Dead;
    };
    // Its status is of no account: whoever says no is alive.
    if !is_read_to_end(&mut response.into_body()).await {
        return Answer::Last;
    }
    // Not before hyper is done with the answer, and not at all if that was to be the last (`Connection: close`).
    match poll_fn(|cx| sender.poll_ready(cx)).await {
        Ok(()) => Answer::Alive,
        Err(_) => Answer::Last,
    }
}

fn put_on(question: &mut Request<Erased>, route: &Route) {
    let uri = std::mem::take(question.uri_mut());
    head::put_on(question, &uri, route, Protocol::Http1);
}

/// A proxy that reads requests is asked itself, about the origin: RFC 9110 section 7.6.2 has it answer.
fn question(preflight: &Preflight, route: &Route) -> Request<Erased> {
    let mut question = Request::new(Erased::none());
    *question.method_mut() = preflight.method().clone();
    let reads_requests = |proxy: &crate::pool::Proxy| proxy.reads_requests;
    if !route.by_proxy.as_ref().is_some_and(reads_requests) {
        *question.uri_mut() = Uri::from(preflight.path().clone());
        return question;
    }
    if *preflight.method() == Method::OPTIONS {
        let none = HeaderValue::from_static("0");
        question.headers_mut().insert(header::MAX_FORWARDS, none);
        *question.uri_mut() = route.uri.clone();
    } else {
        let mut parts: Parts = route.uri.clone().into_parts();
        parts.path_and_query = Some(preflight.path().clone());
        *question.uri_mut() = Uri::from_parts(parts).unwrap_or_else(|_| route.uri.clone());
    }
    question
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pool::{Key, Proxy, Speaks};

    fn asked(preflight: &Preflight, by_proxy: Option<bool>) -> (String, bool) {
        let origin = Uri::from_static("http://a:8080/x");
        let mut route = Route::direct(Key::of(&origin).unwrap(), Speaks::Http1).unwrap();
        route.by_proxy = by_proxy.map(|reads_requests| Proxy {
            uri: Uri::from_static("http://proxy:3128"),
            authorization: None,
            reads_requests,
        });
        let mut question = question(preflight, &route);
        put_on(&mut question, &route);
        let line = format!("{} {}", question.method(), question.uri());
        let headers = question.headers();
        assert_eq!(headers[header::HOST], "a:8080");
        (line, headers.contains_key(header::MAX_FORWARDS))
    }

    #[test]
    fn the_far_end_of_the_connection_is_asked_and_nobody_behind_it() {
        let health = http::uri::PathAndQuery::from_static("/health");
        let (options, head) = (Preflight::options(), Preflight::head(health));
        for by_tunnel_or_none in [None, Some(false)] {
            let line = ("OPTIONS *".to_owned(), false);
            assert_eq!(asked(&options, by_tunnel_or_none), line);
            let line = ("HEAD /health".to_owned(), false);
            assert_eq!(asked(&head, by_tunnel_or_none), line);
        }
        let line = ("OPTIONS http://a:8080/".to_owned(), true);
        assert_eq!(asked(&options, Some(true)), line);
        let line = ("HEAD http://a:8080/health".to_owned(), false);
        assert_eq!(asked(&head, Some(true)), line);
    }
}
