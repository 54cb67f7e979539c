//! Why a request was sent again.

/// The grounds of a replay. The same value goes into the response, the error, the log and the counters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Grounds {
    /// Not one byte of it had left.
    NotSent,
    /// The kernel's counters show that no program received it.
    NotReceived,
    /// The server said that it did not process it.
    Refused,
    /// It is idempotent: sent twice is as good as sent once (RFC 9110 section 9.2.2).
    Idempotent,
    /// It carries an `Idempotency-Key` that the origin is trusted to honour.
    IdempotencyKey,
    /// The caller said of this request that it may be repeated.
    CallerPermits,
    /// The server half-closed, and the caller trusts that this server discards what comes after
    /// (`danger_trust_half_close`).
    TrustedHalfClose,
    /// The body had been held back, and the caller trusts that this server does nothing without it
    /// (`danger_trust_withheld_body`).
    WithheldBody,
    /// The caller wanted a GET in its place.
    AsGet,
    /// The policy repeats everything (`danger_always`).
    DangerAlways,
}

impl Grounds {
    /// The grounds in words, for a reader who does not know sockets.
    pub fn explain(self) -> &'static str {
        match self {
            Self::NotSent => "not one byte of the request had been sent",
            Self::NotReceived => {
                "the request was sent, but the kernel's acknowledgement counters show that no program received it"
            }
            Self::Refused => "the server said that it did not process the request",
            Self::Idempotent => {
                "the method is idempotent: sending it twice has the effect of sending it once"
            }
            Self::IdempotencyKey => {
                "the request carries an Idempotency-Key, by which the server recognises a repetition"
            }
            Self::CallerPermits => "the caller said that this request may be repeated",
            Self::TrustedHalfClose => {
                "the server had half-closed the connection, and is trusted to discard what arrives after that"
            }
            Self::WithheldBody => {
                "the body of the request had not been sent, and the server is trusted to do nothing without it"
            }
            Self::AsGet => "the caller asked for a GET in place of the lost request",
            Self::DangerAlways => "the policy repeats every request, whatever happened to it",
        }
    }
}
