//! The choices of a policy that are one of few: which requests, on what proof, over which connection, for how long.

use crate::request::Semantics;

/// Which requests may be sent again after they have left, by their method.
///
/// It narrows what was sent. What never left this machine may be sent whatever the method, except under
/// [`Nothing`](Self::Nothing).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Scope {
    /// All methods, as far as the verdict allows.
    #[default]
    All,
    /// Idempotent methods only: GET, HEAD, OPTIONS, TRACE, PUT, DELETE (RFC 9110 section 9.2.2). A POST is left out,
    /// whatever key it carries and whatever the caller says of it.
    Idempotent,
    /// Safe methods only: GET, HEAD, OPTIONS, TRACE (RFC 9110 section 9.2.1). What is already in the network of a lost
    /// PUT may be delivered after a newer one; a safe method changes nothing whenever it arrives.
    SafeOnly,
    /// No request is ever sent again, not even one that never left.
    Nothing,
}

impl Scope {
    /// Whether a request of this kind may be sent again after it has left.
    pub(super) fn covers(self, semantics: Semantics) -> bool {
        match self {
            Self::All => true,
            Self::Idempotent => matches!(
                semantics,
                Semantics::Safe | Semantics::Idempotent | Semantics::Conditional
            ),
            Self::SafeOnly => semantics == Semantics::Safe,
            Self::Nothing => false,
        }
    }
}

/// What is done with a request that must not be executed twice, once it has left.
///
/// That is every method but GET, HEAD, OPTIONS, TRACE, PUT and DELETE, and a PUT or DELETE with a precondition; unless
/// an honoured `Idempotency-Key` or the caller's word for the request makes a repetition harmless. One that never left
/// is sent again in any case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NonIdempotent {
    /// Sent again when there is proof that no program received it, or the server said that it did not process it.
    #[default]
    WhenProven,
    /// The proof by the kernel's acknowledgement counters is not believed, nor a 408 on its strength: no assumption is
    /// made about what a server does after it has half-closed. What the server said itself still counts.
    WhenNotSent,
    /// Never sent again.
    Never,
    /// As [`WhenProven`](Self::WhenProven); and what may have been processed is replayed as a GET, if it can be
    /// converted.
    ///
    /// No RFC knows this as a retry. It is right only where the server does the same for both.
    AsGet,
}

/// Over which connection a request is replayed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FreshConnection {
    /// One opened after the failure, whenever the request had left: a second kept-alive connection may be as stale as
    /// the first, and then the one retry is spent.
    #[default]
    AfterSending,
    /// Any that the pool gives: cheaper where connections are dear. A request that was misdirected (421) and a GET in
    /// the place of a POST still go over a fresh one.
    Any,
}

/// What is done with a request whose connection has fallen silent, if it would not be sent again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum WhenSilent {
    /// It is waited on, as by any client: the way may heal, and the request may have arrived. The kernel gives up after a
    /// quarter of an hour or so; a deadline, or a timeout of yours, sooner.
    #[default]
    WaitOn,
    /// It fails at once, as [`Unknown`](crate::evidence::Delivery::Unknown): it may have been processed.
    Fail,
}
