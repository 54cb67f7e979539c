//! The one error that callers see.
//!
//! Apart from the evidence because it is written for somebody who does not know sockets: what happened, why the request
//! was not sent again, what can be done.

use std::error::Error as StdError;
use std::fmt;

use crate::evidence::{Attested, ConnectFailure, Delivery, End, Evidence, Reuse};
#[cfg(any(feature = "client", feature = "reqwest"))]
use crate::verdict::Verdict;
use crate::verdict::{Attempt, Refusal};

type BoxError = Box<dyn StdError + Send + Sync>;

/// A request that failed, with everything that is known about it.
///
/// Its [`Display`](fmt::Display) is made for somebody who sees this line and no other: what happened, why it was not
/// repeated, what can be done. Where the words would be the same whatever the cause, the innermost one is told too.
///
/// ```
/// fn report(error: &unstale::Error) {
///     if error.is_stale() {
///         eprintln!("a kept-alive connection died: {error}");
///     }
///     if let Some(evidence) = error.evidence() {
///         eprintln!("{}", evidence.delivery().explain());
///     }
/// }
/// ```
pub struct Error(Box<Inner>);

struct Inner {
    refusal: Refusal,
    attempts: Vec<Attempt>,
    sent_again: usize,
    source: Option<BoxError>,
}

impl Error {
    pub(crate) fn new(refusal: Refusal, attempts: Vec<Attempt>, source: Option<BoxError>) -> Self {
        Self(Box::new(Inner {
            refusal,
            attempts,
            sent_again: 0,
            source,
        }))
    }

    /// The error of what is no request.
    #[cfg(any(feature = "client", feature = "reqwest"))]
    pub(crate) fn invalid_request(source: impl Into<BoxError>) -> Self {
        let refusal = Refusal::InvalidRequest;
        let evidence = Evidence::new(End::InvalidRequest);
        let decided = Verdict::Refuse(refusal);
        let attempt = Attempt::new(Some(evidence), std::time::Duration::ZERO, decided);
        Self::new(refusal, vec![attempt], Some(source.into()))
    }

    #[cfg(feature = "tracing")]
    pub(crate) fn times_sent_again(&self) -> usize {
        self.0.sent_again
    }

    /// How often the request was sent after the first time.
    pub(crate) fn sent_again(mut self, times: usize) -> Self {
        self.0.sent_again = times;
        self
    }

    /// Whether the last attempt died of a stale connection: a kept-alive one that the server had closed, or was
    /// closing, or of which the way to it had been lost.
    pub fn is_stale(&self) -> bool {
        self.evidence().is_some_and(|evidence| {
            matches!(evidence.end(), End::Gate(_))
                || evidence.reuse() == Reuse::Reused
                    && evidence.delivery() != Delivery::Received
                    && matches!(
                        evidence.end(),
                        End::Closed(_) | End::Reset | End::TimedOut | End::Silent
                    )
        })
    }

    /// Whether no connection could be opened.
    pub fn is_connect(&self) -> bool {
        self.end() == Some(End::Connect)
    }

    /// Whether the deadline over all attempts had passed, or a timeout of the client's below.
    pub fn is_timeout(&self) -> bool {
        self.refusal() == Refusal::DeadlineExceeded
    }

    /// Whether the body that the caller supplied failed.
    pub fn is_body(&self) -> bool {
        self.end() == Some(End::CallerBody)
    }

    /// Whether the request is none that can be sent.
    pub fn is_request(&self) -> bool {
        self.end() == Some(End::InvalidRequest)
    }

    /// What is known of the last attempt; `None` if its failure carried no evidence.
    pub fn evidence(&self) -> Option<&Evidence> {
        self.0.attempts.last().and_then(Attempt::evidence)
    }

    /// Every attempt, the first one first: its evidence, and what was decided on it.
    pub fn attempts(&self) -> &[Attempt] {
        &self.0.attempts
    }

    /// Why the request was not sent again.
    pub fn refusal(&self) -> Refusal {
        self.0.refusal
    }

    /// The cause that has no further one: what the others wrap.
    fn innermost(&self) -> Option<&(dyn StdError + 'static)> {
        let first = StdError::source(self);
        std::iter::successors(first, |cause| (*cause).source()).last()
    }

    fn end(&self) -> Option<End> {
        self.evidence().map(Evidence::end)
    }
}

impl Attested for Error {
    fn evidence(&self) -> Option<&Evidence> {
        self.evidence()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_ref().map(|source| &**source as _)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("refusal", &self.0.refusal)
            .field("attempts", &self.0.attempts)
            .field("source", &self.0.source)
            .finish()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.evidence() {
            Some(evidence) => what_happened(f, evidence, self.innermost())?,
            None if self.is_timeout() => f.write_str("the request took too long")?,
            None => f.write_str("the request failed, and nothing more is known of it")?,
        }
        let times = self.0.sent_again;
        if times > 0 {
            write!(f, "; it had been sent again {times} time(s) before that")?;
        }
        if matches!(self.end(), Some(End::InvalidRequest | End::ClientClosed)) {
            // Repeated it would be the same, which goes without saying.
            return Ok(());
        }
        write!(
            f,
            "; it was not repeated because {}",
            self.refusal().explain()
        )?;
        let why = self.evidence().and_then(Evidence::connect_failure);
        if let Some(why) = why {
            write!(f, "; {}", why.advice())?;
        }
        if why == Some(ConnectFailure::Tls) {
            // To try again will not help.
            return Ok(());
        }
        match advice(self.refusal(), self.end().filter(|_| why.is_none())) {
            Some(advice) => write!(f, "; {advice}"),
            None => Ok(()),
        }
    }
}

/// The cause is told where the words for what happened are the same whatever it is.
fn what_happened(
    f: &mut fmt::Formatter<'_>,
    evidence: &Evidence,
    cause: Option<&(dyn StdError + 'static)>,
) -> fmt::Result {
    match evidence.end() {
        End::InvalidRequest => {
            f.write_str("the request cannot be sent as it is")?;
            return because(f, cause);
        }
        End::ClientClosed => {
            return f.write_str("the client was closed, and takes no further requests");
        }
        End::Connect => {
            f.write_str("no connection to the server could be opened")?;
            let Some(why) = evidence.connect_failure() else {
                return because(f, cause);
            };
            write!(f, ": {}", why.explain())?;
            return because(f, cause.filter(|_| why.is_told_by_its_cause()));
        }
        End::CallerBody => return f.write_str("the body of the request failed while it was sent"),
        End::CallerTimeout => f.write_str("the request took too long")?,
        End::HandedBack => f.write_str("the connection ended before the request was sent")?,
        End::Gate(_) if evidence.reuse() == Reuse::Fresh => f.write_str(
            "the server closed the connection right after it was opened (over TLS, one that wants another client \
             certificate does so)",
        )?,
        End::Gate(reason) => write!(
            f,
            "the kept-alive connection could not be used any more: {}",
            reason.explain()
        )?,
        End::Closed(_) => closed(f, evidence.reuse())?,
        End::Reset => f.write_str("the server reset the connection")?,
        End::TimedOut => f.write_str("the server did not answer any more, not even its kernel")?,
        End::Silent => f.write_str(
            "nothing was heard of the server on the kept-alive connection, not even its kernel: a firewall on the way may \
             have forgotten the connection",
        )?,
        End::Protocol(_) | End::Status(_) => f.write_str("the server declined the request")?,
        End::Malformed => f.write_str("the server sent something that is no HTTP response")?,
        End::Unknown => f.write_str("the connection failed")?,
    }
    numbers(f, evidence)?;
    write!(f, "; {}", evidence.delivery().explain())
}

fn because(f: &mut fmt::Formatter<'_>, cause: Option<&(dyn StdError + 'static)>) -> fmt::Result {
    cause.map_or(Ok(()), |cause| write!(f, ": {cause}"))
}

fn closed(f: &mut fmt::Formatter<'_>, reuse: Reuse) -> fmt::Result {
    f.write_str(match reuse {
        Reuse::Reused => {
            "the server closed the kept-alive connection while the request was on its way"
        }
        Reuse::Fresh => {
            "the server closed the connection without an answer, although it had been opened for this request"
        }
        Reuse::Unknown => "the server closed the connection without an answer",
    })
}

fn numbers(f: &mut fmt::Formatter<'_>, evidence: &Evidence) -> fmt::Result {
    let Some(trace) = evidence.trace() else {
        return Ok(());
    };
    f.write_str(" (")?;
    if let Some(idle) = trace.idle() {
        let (seconds, millis) = (idle.as_secs_f64(), idle.as_millis());
        if millis < 1_000 {
            write!(f, "idle for {millis} ms, ")?;
        } else {
            write!(f, "idle for {seconds:.1} s, ")?;
        }
    }
    write!(f, "{} bytes sent", trace.sent())?;
    if let Some(acknowledged) = trace.acknowledged() {
        write!(f, ", {acknowledged} of them acknowledged")?;
    }
    if trace.received() > 0 {
        write!(f, ", {} bytes received", trace.received())?;
    }
    if trace.is_body_withheld() {
        f.write_str(", its body held back")?;
    }
    f.write_str(")")
}

/// What the caller can do.
fn advice(refusal: Refusal, end: Option<End>) -> Option<&'static str> {
    Some(match refusal {
        Refusal::Connect if end.is_some() => {
            "check the host, the port and that the server runs; RetryPolicy::builder().connect(n) tries again"
        }
        Refusal::Connect => "RetryPolicy::builder().connect(n) tries again",
        Refusal::AttemptsExhausted if end == Some(End::Connect) => {
            "check the host, the port and that the server runs"
        }
        Refusal::AttemptsExhausted if matches!(end, Some(End::HandedBack | End::Gate(_))) => {
            "the server closes connections as soon as they are open: check the address, the port and, over TLS, whether it \
             wants another client certificate, and look into its log"
        }
        Refusal::MayHaveBeenProcessed => {
            "find out whether it took effect before sending it again, or send it with an Idempotency-Key that the \
             server honours"
        }
        Refusal::Conditional => "read the resource to find out whether it took effect",
        Refusal::FreshConnection => {
            "check the address, the port and whether the server expects TLS, and look into its log"
        }
        Refusal::ReuseUnknown => {
            "put unstale's TrackLayer on the connector, so that more can be told; around reqwest's client its ask_kernel tells \
             what can be told there"
        }
        Refusal::NoEvidence => {
            "the error came from a layer below that attests nothing: put unstale's ReplayLayer directly around the client \
             that does"
        }
        Refusal::NotThisSending => {
            "put unstale's ReplayLayer inside of whatever follows redirects, authenticates or retries"
        }
        Refusal::BodyOverLimit => "raise the policy's replay_limit if there is memory for it",
        Refusal::BudgetExhausted => {
            "the server loses many connections; raise the budget, or slow down"
        }
        _ => return None,
    })
}
