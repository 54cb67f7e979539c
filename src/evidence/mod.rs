//! What is known of one failed attempt, and what follows from it for the request.
//!
//! Apart from everything else because every decision of this crate is made from it: the facts are collected next to the
//! wire, travel inside the error ([`Attested`]), and end in the hands of the caller. Nothing here does I/O, waits, or
//! reads a clock.
//!
//! Invariant: a fact that is not known is absent or `Unknown`, never guessed. [`Delivery`] is derived from the facts in
//! one place and nowhere set by hand.

mod attested;
mod connect_failure;
mod delivery;
mod end;
mod patience;
#[cfg(test)]
pub(crate) mod samples;
mod token;
mod trace;

pub use self::attested::{AttemptError, Attested};
pub use self::connect_failure::ConnectFailure;
pub use self::delivery::Delivery;
pub use self::end::{End, GateReason, ProtocolRefusal, SecondLook, StatusRefusal};
pub(crate) use self::patience::Patience;
pub(crate) use self::token::AttemptId;
pub use self::token::{AttemptToken, Attribution, Sending};
pub use self::trace::{Reuse, Trace};

use http::{Method, Uri};

/// The facts of one attempt: one sending of a request on one connection.
///
/// ```
/// use unstale::evidence::{Delivery, End, Evidence};
///
/// let evidence = Evidence::new(End::HandedBack);
/// assert_eq!(evidence.delivery(), Delivery::NotSent);
/// ```
#[derive(Clone, Debug)]
pub struct Evidence {
    sending: Option<Sending>,
    trace: Option<Trace>,
    /// Of a connection of which no more is known.
    reuse: Reuse,
    end: End,
    connect_failure: Option<ConnectFailure>,
}

impl Evidence {
    /// Evidence of an attempt of which only its end is known.
    pub fn new(end: End) -> Self {
        Self {
            sending: None,
            trace: None,
            reuse: Reuse::Unknown,
            end,
            connect_failure: None,
        }
    }

    /// Adds what the connection's taps have counted.
    #[must_use]
    pub fn with_trace(mut self, trace: Trace) -> Self {
        self.trace = Some(trace);
        self
    }

    /// Adds whether the connection had lain idle in a pool, where no more is known of it than that. A trace stands above it.
    ///
    /// [`Reuse::Reused`] only if the connection had been open before the request was made.
    #[must_use]
    pub fn with_reuse(mut self, reuse: Reuse) -> Self {
        self.reuse = reuse;
        self
    }

    /// Adds why no connection could be opened.
    #[must_use]
    pub fn with_connect_failure(mut self, why: impl Into<Option<ConnectFailure>>) -> Self {
        self.connect_failure = why.into();
        self
    }

    /// Ties the evidence to the one sending it is about.
    ///
    /// Without it the evidence is of no use to the replay layer: it could be about another request that was sent on the
    /// way, such as the second hop of a redirect.
    #[must_use]
    pub fn about(mut self, sending: Option<Sending>) -> Self {
        self.sending = sending;
        self
    }

    /// How the attempt ended.
    pub fn end(&self) -> End {
        self.end
    }

    /// What the taps counted on the connection; `None` without taps, or when there was no connection.
    pub fn trace(&self) -> Option<&Trace> {
        self.trace.as_ref()
    }

    /// Why no connection could be opened; `None` if one could, or if it is not known.
    pub fn connect_failure(&self) -> Option<ConnectFailure> {
        self.connect_failure
    }

    /// Whether the connection had lain idle in a pool before this attempt.
    pub fn reuse(&self) -> Reuse {
        self.trace.as_ref().map_or(self.reuse, Trace::reuse)
    }

    /// What the facts say of the request: whether it was sent, received, refused, answered.
    pub fn delivery(&self) -> Delivery {
        Delivery::of(self.end, self.trace.as_ref())
    }

    /// Whether this evidence is about the sending of this attempt, of this method and URI.
    pub(crate) fn attribution(&self, id: AttemptId, method: &Method, uri: &Uri) -> Attribution {
        match &self.sending {
            Some(sending) if sending.is_of(id, method, uri) => Attribution::ThisSending,
            _ => Attribution::Another,
        }
    }
}
