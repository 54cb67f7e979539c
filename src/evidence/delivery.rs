//! What the evidence says of the request.
//!
//! The one place where facts become a statement about the request. Precedence is written down arm by arm; what no arm
//! claims is `Unknown`.

use super::{End, SecondLook, Trace};

/// What is known of a request that got no response.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Delivery {
    /// Not one byte of it left this machine.
    NotSent,
    /// It left, and the kernel's counters show that no program received it.
    NotReceived,
    /// The peer said in the protocol's own words that it did not process it.
    Refused,
    /// It may have been processed.
    Unknown,
    /// A response began.
    Received,
}

impl Delivery {
    pub(super) fn of(end: End, trace: Option<&Trace>) -> Self {
        let received = trace.map_or(0, |trace| trace.received);
        match end {
            // No connection was written to, or the write was refused and the refusal is final.
            End::InvalidRequest
            | End::ClientClosed
            | End::Connect
            | End::HandedBack
            | End::Gate(_) => Self::NotSent,

            // The protocol's own words stand above what was counted: a status is itself a response.
            End::Protocol(_) | End::Status(_) => Self::Refused,

            // After one byte of a response nothing else counts (RFC 9110 section 9.2.2: "before the response is read").
            _ if received > 0 => Self::Received,
            End::Malformed => Self::Received,

            // The connection died before the request's first byte was written, and can write no more.
            End::Closed(_) | End::Reset | End::TimedOut | End::Silent | End::Unknown
                if never_left(trace) =>
            {
                Self::NotSent
            }

            // FIN, then RST, and nothing acknowledged in between or before.
            End::Closed(SecondLook::NeverAcknowledged) => Self::NotReceived,

            // Everything else may have been processed.
            End::Closed(
                SecondLook::Acknowledged | SecondLook::Undecided | SecondLook::NotPossible,
            )
            | End::Reset
            | End::TimedOut
            | End::Silent
            | End::CallerBody
            | End::CallerTimeout
            | End::Unknown => Self::Unknown,
        }
    }

    /// The delivery in words, for a reader who does not know sockets.
    pub fn explain(self) -> &'static str {
        match self {
            Self::NotSent => "the request was never sent",
            Self::NotReceived => "the request was sent, but no program on the server received it",
            Self::Refused => "the server said that it did not process the request",
            Self::Unknown => "the request may have been processed",
            Self::Received => "the server had begun to answer the request",
        }
    }
}

fn never_left(trace: Option<&Trace>) -> bool {
    trace.is_some_and(|trace| trace.sealed && trace.sent == 0)
}

#[cfg(test)]
mod tests {
    use super::Delivery::{NotReceived, NotSent, Received, Refused, Unknown};
    use super::*;
    use crate::evidence::samples::{self, ENDS};
    use crate::evidence::{GateReason, ProtocolRefusal, Reuse, StatusRefusal};

    fn trace(sent: u64, received: u64, sealed: bool) -> Trace {
        Trace {
            sent,
            received,
            sealed,
            ..samples::trace(Reuse::Reused)
        }
    }

    #[rustfmt::skip]
    const TABLE: [(End, [Delivery; 5]); 28] = [
        //                                              no trace     unsent+sealed unsent      sent         received
        (End::InvalidRequest,                           [NotSent,     NotSent,     NotSent,     NotSent,     NotSent]),
        (End::ClientClosed,                             [NotSent,     NotSent,     NotSent,     NotSent,     NotSent]),
        (End::Connect,                                  [NotSent,     NotSent,     NotSent,     NotSent,     NotSent]),
        (End::HandedBack,                               [NotSent,     NotSent,     NotSent,     NotSent,     NotSent]),
        (End::Gate(GateReason::HalfClosed),             [NotSent,     NotSent,     NotSent,     NotSent,     NotSent]),
        (End::Gate(GateReason::Closed),                 [NotSent,     NotSent,     NotSent,     NotSent,     NotSent]),
        (End::Gate(GateReason::Unsolicited),            [NotSent,     NotSent,     NotSent,     NotSent,     NotSent]),
        (End::Gate(GateReason::Condemned),              [NotSent,     NotSent,     NotSent,     NotSent,     NotSent]),
        (End::Gate(GateReason::IdleTooLong),            [NotSent,     NotSent,     NotSent,     NotSent,     NotSent]),
        (End::Gate(GateReason::Expiring),               [NotSent,     NotSent,     NotSent,     NotSent,     NotSent]),
        (End::Gate(GateReason::AfterSleep),             [NotSent,     NotSent,     NotSent,     NotSent,     NotSent]),
        (End::Closed(SecondLook::NeverAcknowledged),    [NotReceived, NotSent,     NotReceived, NotReceived, Received]),
        (End::Closed(SecondLook::Acknowledged),         [Unknown,     NotSent,     Unknown,     Unknown,     Received]),
        (End::Closed(SecondLook::Undecided),            [Unknown,     NotSent,     Unknown,     Unknown,     Received]),
        (End::Closed(SecondLook::NotPossible),          [Unknown,     NotSent,     Unknown,     Unknown,     Received]),
        (End::Reset,                                    [Unknown,     NotSent,     Unknown,     Unknown,     Received]),
        (End::TimedOut,                                 [Unknown,     NotSent,     Unknown,     Unknown,     Received]),
        (End::Silent,                                   [Unknown,     NotSent,     Unknown,     Unknown,     Received]),
        (End::Protocol(ProtocolRefusal::RefusedStream), [Refused,     Refused,     Refused,     Refused,     Refused]),
        (End::Protocol(ProtocolRefusal::GoAway),        [Refused,     Refused,     Refused,     Refused,     Refused]),
        (End::Status(StatusRefusal::RequestTimeout),    [Refused,     Refused,     Refused,     Refused,     Refused]),
        (End::Status(StatusRefusal::MisdirectedRequest),[Refused,     Refused,     Refused,     Refused,     Refused]),
        (End::Status(StatusRefusal::TooEarly),          [Refused,     Refused,     Refused,     Refused,     Refused]),
        (End::Status(StatusRefusal::ExpectationFailed), [Refused,     Refused,     Refused,     Refused,     Refused]),
        (End::Malformed,                                [Received,    Received,    Received,    Received,    Received]),
        (End::CallerBody,                               [Unknown,     Unknown,     Unknown,     Unknown,     Received]),
        (End::CallerTimeout,                            [Unknown,     Unknown,     Unknown,     Unknown,     Received]),
        (End::Unknown,                                  [Unknown,     NotSent,     Unknown,     Unknown,     Received]),
    ];

    #[test]
    fn every_end_and_count_gives_the_delivery_of_the_table() {
        let traces = [
            None,
            Some(trace(0, 0, true)),
            Some(trace(0, 0, false)),
            Some(trace(100, 0, true)),
            Some(trace(100, 1, true)),
        ];
        for (end, expected) in TABLE {
            for (trace, expected) in traces.iter().zip(expected) {
                let delivery = Delivery::of(end, trace.as_ref());
                assert_eq!(delivery, expected, "{end:?} {trace:?}");
            }
        }
    }

    #[test]
    fn the_table_has_every_end() {
        assert_eq!(TABLE.map(|(end, _)| end), ENDS);
    }

    #[test]
    fn one_byte_of_a_response_outweighs_the_proof() {
        let received = trace(100, 1, true);
        let proof = End::Closed(SecondLook::NeverAcknowledged);
        assert_eq!(Delivery::of(proof, Some(&received)), Received);
        assert_eq!(
            Delivery::of(End::Reset, Some(&trace(0, 1, true))),
            Received,
            "not even an unsent request that was answered was not sent"
        );
    }
}
