//! A body that is held back until the server has said 100.
//!
//! ```text
//! head, with Expect ─▶ 100, or the wait is over ─▶ the body flows ─▶ an exchange like any other
//!         ├──────────▶ a final status: the response; the body is never sent, and the connection is closed behind it
//!         └──────────▶ the connection dies: judged by the head, and that the body was withheld is in the evidence
//! ```
//!
//! Apart from the attempt because few requests want it. What the valve does after the answer is the ledger's to see to: it is
//! shut for good when the exchange is over, so that hyper does not wait for the body for ever.

use std::pin::Pin;
use std::task::Context;

use http::header::EXPECT;
use http::{HeaderValue, Request, StatusCode, Version};
use http_body::Body;
use tokio::time::{Sleep, sleep};

use super::exchange::Exchange;
use super::head::{self, Tunnel};
use crate::body::{Erased, Valve};
use crate::pool::{Protocol, Taken};
use crate::request::{ExpectOnReuse, Precautions};

/// A request whose body waits.
pub(super) struct Expecting {
    valve: Valve,
    /// `None` once it is over.
    wait: Option<Pin<Box<Sleep>>>,
}

/// In a request's extensions: the valve before its body, and that the callback for informational responses is ours.
#[derive(Clone)]
struct Ours(Valve);

/// Whether the body is to be held back on this connection.
pub(super) fn due(request: &Request<Erased>, taken: &Taken) -> Option<ExpectOnReuse> {
    let precautions: &Precautions = request.extensions().get()?;
    let expect = precautions.expect?;
    let has_body = request.body().size_hint().exact() != Some(0);
    let is_due = taken.is_reused
        && taken.lease.protocol() == Protocol::Http1
        && taken.idle() > expect.idle_limit()
        && has_body
        && request.version() != Version::HTTP_10
        && !request.headers().contains_key(EXPECT)
        && head::tunnel(request.method(), request.headers()) == Tunnel::No;
    is_due.then_some(expect)
}

impl Expecting {
    /// Holds the body of the request back; `None` if the caller listens for informational responses.
    pub(super) fn begin(
        expect: ExpectOnReuse,
        exchange: &Exchange,
        request: &mut Request<Erased>,
    ) -> Option<Self> {
        let valve = Valve::default();
        if !listen(request, &valve) {
            return None;
        }
        let expectation = HeaderValue::from_static("100-continue");
        request.headers_mut().insert(EXPECT, expectation);
        let body = std::mem::replace(request.body_mut(), Erased::none());
        *request.body_mut() = body.behind(valve.clone());
        exchange.hold_back(&valve);
        Some(Self {
            valve,
            wait: Some(Box::pin(sleep(expect.time_limit()))),
        })
    }

    /// Lets the body flow when it has waited long enough.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) {
        let is_over = |wait: &mut Pin<Box<Sleep>>| wait.as_mut().poll(cx).is_ready();
        if self.wait.as_mut().is_some_and(is_over) {
            self.wait = None;
            self.valve.open();
        }
    }
}

/// A request was handed back unsent: it is again as it was.
pub(super) fn take_off(request: &mut Request<Erased>) {
    let ours = request.extensions().get::<Ours>();
    if let Some(Ours(valve)) = ours.cloned() {
        request.headers_mut().remove(EXPECT);
        valve.open();
    }
}

/// Opens the valve at a 100. Returns whether it will: hyper keeps one callback, and the caller's own stays, which is found
/// out by whether there is one more extension than before.
fn listen(request: &mut Request<Erased>, valve: &Valve) -> bool {
    let is_ours = request.extensions().get::<Ours>().is_some();
    let mut with_ours = Request::new(());
    *with_ours.extensions_mut() = request.extensions().clone();
    let opens = valve.clone();
    hyper::ext::on_informational(&mut with_ours, move |response| {
        if response.status() == StatusCode::CONTINUE {
            opens.open();
        }
    });
    if with_ours.extensions().len() == request.extensions().len() && !is_ours {
        return false;
    }
    with_ours.extensions_mut().insert(Ours(valve.clone()));
    std::mem::swap(request.extensions_mut(), with_ours.extensions_mut());
    true
}
