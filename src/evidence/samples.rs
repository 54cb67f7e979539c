//! Evidence for tests: one sample of each kind, and strategies for all of them.
//!
//! Apart from the tests because those of the layers above need the same.

use std::time::Duration;

use proptest::prelude::*;

use super::{
    Delivery, End, Evidence, GateReason, ProtocolRefusal, Reuse, SecondLook, StatusRefusal, Trace,
};

/// Every way in which an attempt can end.
pub(crate) const ENDS: [End; 28] = [
    End::InvalidRequest,
    End::ClientClosed,
    End::Connect,
    End::HandedBack,
    End::Gate(GateReason::HalfClosed),
    End::Gate(GateReason::Closed),
    End::Gate(GateReason::Unsolicited),
    End::Gate(GateReason::Condemned),
    End::Gate(GateReason::IdleTooLong),
    End::Gate(GateReason::Expiring),
    End::Gate(GateReason::AfterSleep),
    End::Closed(SecondLook::NeverAcknowledged),
    End::Closed(SecondLook::Acknowledged),
    End::Closed(SecondLook::Undecided),
    End::Closed(SecondLook::NotPossible),
    End::Reset,
    End::TimedOut,
    End::Silent,
    End::Protocol(ProtocolRefusal::RefusedStream),
    End::Protocol(ProtocolRefusal::GoAway),
    End::Status(StatusRefusal::RequestTimeout),
    End::Status(StatusRefusal::MisdirectedRequest),
    End::Status(StatusRefusal::TooEarly),
    End::Status(StatusRefusal::ExpectationFailed),
    End::Malformed,
    End::CallerBody,
    End::CallerTimeout,
    End::Unknown,
];

pub(crate) const DELIVERIES: [Delivery; 5] = [
    Delivery::NotSent,
    Delivery::NotReceived,
    Delivery::Refused,
    Delivery::Unknown,
    Delivery::Received,
];

pub(crate) const REUSES: [Reuse; 3] = [Reuse::Reused, Reuse::Fresh, Reuse::Unknown];

/// A connection a minute old, on which a request was written and nothing came back.
pub(crate) fn trace(reuse: Reuse) -> Trace {
    Trace {
        connection: 7,
        reuse,
        exchanges: u64::from(reuse == Reuse::Reused),
        age: Duration::from_secs(60),
        idle: (reuse == Reuse::Reused).then_some(Duration::from_secs(5)),
        sent: 100,
        acknowledged: Some(0),
        received: 0,
        sealed: false,
        withheld: false,
    }
}

/// Evidence that ended like this, on a connection of this kind.
pub(crate) fn ended(end: End, reuse: Reuse) -> Evidence {
    Evidence::new(end).with_trace(trace(reuse))
}

/// The plainest evidence from which a delivery follows.
pub(crate) fn delivered(delivery: Delivery, reuse: Reuse) -> Evidence {
    let evidence = match delivery {
        Delivery::NotSent => ended(End::Gate(GateReason::HalfClosed), reuse),
        Delivery::NotReceived => ended(End::Closed(SecondLook::NeverAcknowledged), reuse),
        Delivery::Refused => ended(End::Protocol(ProtocolRefusal::RefusedStream), reuse),
        Delivery::Unknown => ended(End::Reset, reuse),
        Delivery::Received => ended(End::Malformed, reuse),
    };
    assert_eq!((evidence.delivery(), evidence.reuse()), (delivery, reuse));
    evidence
}

pub(crate) fn any_end() -> impl Strategy<Value = End> {
    prop::sample::select(&ENDS[..])
}

pub(crate) fn any_trace() -> impl Strategy<Value = Trace> {
    let bytes = || prop_oneof![Just(0_u64), 1..1_000_u64];
    let reuse = prop::sample::select(&REUSES[..]);
    let age = (0..120_u64).prop_map(Duration::from_secs);
    let facts = any::<(bool, bool)>();
    (reuse, age, bytes(), bytes(), facts).prop_map(
        |(reuse, age, sent, received, (sealed, withheld))| Trace {
            age,
            sent,
            received,
            sealed,
            withheld,
            ..trace(reuse)
        },
    )
}

pub(crate) fn any_evidence() -> impl Strategy<Value = Evidence> {
    (any_end(), prop::option::of(any_trace())).prop_map(|(end, trace)| {
        let evidence = Evidence::new(end);
        match trace {
            Some(trace) => evidence.with_trace(trace),
            None => evidence,
        }
    })
}
