//! What the taps counted on a connection, at the end of one attempt.

use std::time::Duration;

/// Whether a connection had lain idle in a pool before an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reuse {
    /// It had lain idle in a pool, whether or not it has served a request before; or it had answered one, and had no time to
    /// lie idle (HTTP/2: streams follow one another without a pause).
    Reused,
    /// It was opened for this attempt, or for others that were handed to it before the first of them was answered.
    Fresh,
    /// Nothing is known of it.
    Unknown,
}

/// What the taps counted on the connection of one attempt.
///
/// `sent` is never too low and `received` never too low: both may include bytes of the exchange before, where the
/// boundary between the two could not be told. Both errors only make a replay less likely.
///
/// # An adapter of your own
///
/// The taps on hyper-util's connections (`TrackLayer`) make traces of their own. What wraps another client makes them by
/// [`new`](Self::new), and takes these duties with it; a POST may be executed twice where one is neglected:
///
/// - [`sent`](Self::with_sent) is never too low. Where it is not known, leave the trace out.
/// - [`received`](Self::with_received) is never too low: one byte of a response ends every thought of a replay.
/// - [`body_withheld`](Self::with_body_withheld) only if nothing of the body was written, nor will be.
/// - [`sealed`](Self::with_sealed) only if nothing can be written to the connection any more, whatever happens.
/// - [`Reuse::Reused`] only if the connection had been open before the request was made; where in doubt,
///   [`Reuse::Unknown`].
/// - Beside the trace, [`SecondLook::NeverAcknowledged`](super::SecondLook::NeverAcknowledged) only with the whole proof
///   that it stands for; [`SecondLook::NotPossible`](super::SecondLook::NotPossible) claims nothing.
///
/// ```
/// use http::Request;
/// use std::time::Duration;
/// use unstale::ReplayBody;
/// use unstale::evidence::{AttemptError, Delivery, End, Evidence, Reuse, Sending, SecondLook, Trace};
///
/// /// What a client of some other make knows of the connection that it used.
/// struct Used {
///     number: u64,
///     requests_before: u64,
///     idle: Duration,
///     bytes_out: u64,
///     bytes_in: u64,
/// }
///
/// /// What follows from it when the connection ended before an answer came.
/// fn evidence(used: &Used) -> Evidence {
///     let reuse = if used.requests_before > 0 { Reuse::Reused } else { Reuse::Fresh };
///     let trace = Trace::new(used.number, reuse)
///         .with_exchanges(used.requests_before)
///         .with_idle(used.idle)
///         .with_sent(used.bytes_out)
///         .with_received(used.bytes_in);
///     Evidence::new(End::Closed(SecondLook::NotPossible)).with_trace(trace)
/// }
///
/// /// Before the request is sent: the token is in its body, once.
/// fn sending<B>(request: &mut Request<ReplayBody<B>>) -> Option<Sending> {
///     let token = request.body_mut().take_token()?;
///     Some(token.take(request.method(), request.uri()))
/// }
///
/// /// The error of the attempt.
/// fn lost(sending: Option<Sending>, used: &Used) -> AttemptError {
///     AttemptError::new(evidence(used).about(sending), "the connection was closed")
/// }
///
/// let idle = Duration::from_secs(5);
/// let used = Used { number: 7, requests_before: 1, idle, bytes_out: 120, bytes_in: 0 };
/// assert_eq!(evidence(&used).reuse(), Reuse::Reused);
/// assert_eq!(evidence(&used).delivery(), Delivery::Unknown);
/// ```
#[derive(Clone, Debug)]
pub struct Trace {
    pub(crate) connection: u64,
    pub(crate) reuse: Reuse,
    pub(crate) exchanges: u64,
    pub(crate) age: Duration,
    pub(crate) idle: Option<Duration>,
    pub(crate) sent: u64,
    pub(crate) acknowledged: Option<u64>,
    pub(crate) received: u64,
    pub(crate) sealed: bool,
    pub(crate) withheld: bool,
}

impl Trace {
    /// The trace of a connection of this number (any that is unique in this process), on which nothing was counted yet:
    /// nothing sent, nothing received, not sealed.
    pub fn new(connection: u64, reuse: Reuse) -> Self {
        Self {
            connection,
            reuse,
            exchanges: 0,
            age: Duration::ZERO,
            idle: None,
            sent: 0,
            acknowledged: None,
            received: 0,
            sealed: false,
            withheld: false,
        }
    }

    /// How many exchanges the connection had served before this one. Default: 0.
    #[must_use]
    pub fn with_exchanges(mut self, exchanges: u64) -> Self {
        self.exchanges = exchanges;
        self
    }

    /// How long the connection had been open when the attempt ended. Default: zero.
    ///
    /// Never too long: a request that was never sent, over a connection that is older than the request, is sent again
    /// without being counted.
    #[must_use]
    pub fn with_age(mut self, age: Duration) -> Self {
        self.age = age;
        self
    }

    /// How long the connection had been idle before this request. Default: none.
    #[must_use]
    pub fn with_idle(mut self, idle: Duration) -> Self {
        self.idle = Some(idle);
        self
    }

    /// Bytes written to the socket for this request, TLS framing included. Never too low. Default: 0.
    #[must_use]
    pub fn with_sent(mut self, sent: u64) -> Self {
        self.sent = sent;
        self
    }

    /// How many of them the peer's kernel had acknowledged. Default: not known. Told to the caller; no replay rests on
    /// it.
    #[must_use]
    pub fn with_acknowledged(mut self, acknowledged: u64) -> Self {
        self.acknowledged = Some(acknowledged);
        self
    }

    /// Bytes of a response that arrived, above TLS. Never too low. Default: 0.
    #[must_use]
    pub fn with_received(mut self, received: u64) -> Self {
        self.received = received;
        self
    }

    /// Says that the connection can write nothing any more, so that what was sent is final. Default: it can.
    ///
    /// A request of which nothing was sent on such a connection is sent again, whatever its method.
    #[must_use]
    pub fn with_sealed(mut self) -> Self {
        self.sealed = true;
        self
    }

    /// Says that the body was held back: the head was written, and not one byte of the body, nor ever will be. Default: it
    /// was not.
    ///
    /// Whether the request was processed does not follow from it: a program may act on the head alone. A policy may trust a
    /// server not to, under the name `danger_trust_withheld_body`.
    #[must_use]
    pub fn with_body_withheld(mut self) -> Self {
        self.withheld = true;
        self
    }

    /// The connection's number, unique in this process.
    pub fn connection(&self) -> u64 {
        self.connection
    }

    /// Whether it had lain idle in a pool before this attempt.
    pub fn reuse(&self) -> Reuse {
        self.reuse
    }

    /// How many exchanges it had served before this one.
    pub fn exchanges(&self) -> u64 {
        self.exchanges
    }

    /// How long it had been open when the attempt ended.
    pub fn age(&self) -> Duration {
        self.age
    }

    /// How long it had been idle before this request; `None` on its first exchange.
    pub fn idle(&self) -> Option<Duration> {
        self.idle
    }

    /// Bytes written to the socket for this request, TLS framing included.
    pub fn sent(&self) -> u64 {
        self.sent
    }

    /// How many of them the peer's kernel had acknowledged; `None` where that cannot be told.
    pub fn acknowledged(&self) -> Option<u64> {
        self.acknowledged
    }

    /// Bytes of a response that arrived, above TLS.
    pub fn received(&self) -> u64 {
        self.received
    }

    /// Whether the connection can write nothing any more, so that [`sent`](Self::sent) is final.
    pub fn is_sealed(&self) -> bool {
        self.sealed
    }

    /// Whether the body was held back: the head left, and not one byte of the body.
    pub fn is_body_withheld(&self) -> bool {
        self.withheld
    }
}
