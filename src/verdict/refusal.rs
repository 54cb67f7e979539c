//! Why a request was not sent again.

use crate::request::NotConvertible;

/// The reason of a refusal. The same value goes into the error, the log and the counters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Refusal {
    /// The failure carried no evidence at all.
    NoEvidence,
    /// The evidence is about another sending than this request's own.
    NotThisSending,
    /// The request cannot be sent at all.
    InvalidRequest,
    /// The client was closed.
    ClientClosed,
    /// The body that the caller supplied failed.
    CallerBody,
    /// The caller forbade a replay of this request.
    CallerForbids,
    /// CONNECT, or a request to upgrade.
    Tunnel,
    /// A response had begun.
    ResponseBegan,
    /// It may have been processed, and the connection was opened for it: that is no stale connection.
    FreshConnection,
    /// It may have been processed, and it is not known whether the connection was reused.
    ReuseUnknown,
    /// It may have been processed, and repeating it is not idempotent.
    MayHaveBeenProcessed,
    /// It may have been processed, and its precondition would then fail.
    Conditional,
    /// No connection could be opened; the policy does not try again.
    Connect,
    /// The policy forbids it.
    Policy,
    /// The proof rests on an assumption that the policy does not make (`NonIdempotent::WhenNotSent`).
    PolicyWantsNotSent,
    /// It was sent as often as the policy allows.
    AttemptsExhausted,
    /// The replay budget is spent.
    BudgetExhausted,
    /// The deadline over all attempts has passed.
    DeadlineExceeded,
    /// The body is larger than the replay limit.
    BodyOverLimit,
    /// It could not be turned into a GET: it is no POST, or its body is no form.
    NotAForm,
    /// It could not be turned into a GET: the URI would grow too long.
    UriTooLong,
    /// It could not be turned into a GET: the body is over the limit, or was not read to its end.
    FormOverLimit,
    /// It could not be turned into a GET: the caller's own converter said no.
    NotConvertible,
}

impl Refusal {
    /// The reason in words, for a reader who does not know sockets.
    pub fn explain(self) -> &'static str {
        match self {
            Self::NoEvidence => "nothing is known about what happened to it",
            Self::NotThisSending => {
                "the failure may be about another request that was sent on the way, such as a redirect"
            }
            Self::InvalidRequest => "it cannot be sent as it is",
            Self::ClientClosed => "the client takes no further requests",
            Self::CallerBody => "its own body failed while it was being sent",
            Self::CallerForbids => "the caller forbade to repeat it",
            Self::Tunnel => "it opens a tunnel or another protocol",
            Self::ResponseBegan => "the server had begun to answer it",
            Self::FreshConnection => {
                "the connection had been opened for it, so this is no stale connection: a wrong port, path or \
                 protocol, or a server that rejects it, are more likely"
            }
            Self::ReuseUnknown => {
                "it may have been processed, and it is not known whether the connection was a kept-alive one"
            }
            Self::MayHaveBeenProcessed => {
                "it may have been processed, and its method must not be executed twice"
            }
            Self::Conditional => {
                "it may have been processed, and its precondition would then make a repetition fail"
            }
            Self::Connect => "the policy does not try to connect again",
            Self::Policy => "the policy forbids it",
            Self::PolicyWantsNotSent => {
                "the policy does not take the kernel's word that no program received it"
            }
            Self::AttemptsExhausted => "it has been tried as often as the policy allows",
            Self::BudgetExhausted => {
                "the replay budget, which protects the server from a flood of repetitions, is spent"
            }
            Self::DeadlineExceeded => "its deadline has passed",
            Self::BodyOverLimit => "its body is larger than what is kept for a repetition",
            Self::NotAForm => {
                "it could not be turned into a GET: it is no POST, or its body is neither empty nor a form"
            }
            Self::UriTooLong => {
                "it could not be turned into a GET: the address would grow too long"
            }
            Self::FormOverLimit => {
                "it could not be turned into a GET: its body is larger than what is kept for a repetition"
            }
            Self::NotConvertible => "the caller's own conversion to a GET refused it",
        }
    }
}

impl From<NotConvertible> for Refusal {
    fn from(reason: NotConvertible) -> Self {
        match reason {
            NotConvertible::NotAForm => Self::NotAForm,
            NotConvertible::UriTooLong => Self::UriTooLong,
            NotConvertible::ByConverter => Self::NotConvertible,
        }
    }
}
