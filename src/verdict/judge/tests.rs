//! The rule, cell by cell and by property.

use proptest::prelude::*;

use super::*;
use crate::evidence::samples::{self, DELIVERIES, REUSES};
use crate::evidence::{End, Trace};

/// What is expected: the grounds of a replay, or a refusal behind a `!`. The columns are the deliveries, the last three
/// being `Unknown` on a fresh, an unknown and a reused connection. Evidence about another sending is not in it.
const TABLE: &str = "
Safe          ByMethod    NotSent NotReceived Refused !ResponseBegan !FreshConnection !ReuseUnknown Idempotent
Safe          MayRepeat   NotSent NotReceived Refused !ResponseBegan !FreshConnection !ReuseUnknown CallerPermits
Safe          ReplayAsGet NotSent NotReceived Refused !ResponseBegan !FreshConnection !ReuseUnknown Idempotent
Idempotent    ByMethod    NotSent NotReceived Refused !ResponseBegan !FreshConnection !ReuseUnknown Idempotent
Idempotent    MayRepeat   NotSent NotReceived Refused !ResponseBegan !FreshConnection !ReuseUnknown CallerPermits
Idempotent    ReplayAsGet NotSent NotReceived Refused !ResponseBegan !FreshConnection !ReuseUnknown Idempotent
Conditional   ByMethod    NotSent NotReceived Refused !ResponseBegan !FreshConnection !ReuseUnknown !Conditional
Conditional   MayRepeat   NotSent NotReceived Refused !ResponseBegan !FreshConnection !ReuseUnknown CallerPermits
Conditional   ReplayAsGet NotSent NotReceived Refused !ResponseBegan !FreshConnection !ReuseUnknown !Conditional
Keyed         ByMethod    NotSent NotReceived Refused !ResponseBegan !FreshConnection !ReuseUnknown IdempotencyKey
Keyed         MayRepeat   NotSent NotReceived Refused !ResponseBegan !FreshConnection !ReuseUnknown CallerPermits
Keyed         ReplayAsGet NotSent NotReceived Refused !ResponseBegan !FreshConnection !ReuseUnknown IdempotencyKey
NonIdempotent ByMethod    NotSent NotReceived Refused !ResponseBegan !FreshConnection !ReuseUnknown !MayHaveBeenProcessed
NonIdempotent MayRepeat   NotSent NotReceived Refused !ResponseBegan !FreshConnection !ReuseUnknown CallerPermits
NonIdempotent ReplayAsGet NotSent NotReceived Refused !ResponseBegan !FreshConnection !ReuseUnknown !MayHaveBeenProcessed
Tunnel        ByMethod    !Tunnel !Tunnel     !Tunnel !Tunnel        !Tunnel          !Tunnel       !Tunnel
Tunnel        MayRepeat   !Tunnel !Tunnel     !Tunnel !Tunnel        !Tunnel          !Tunnel       !Tunnel
Tunnel        ReplayAsGet !Tunnel !Tunnel     !Tunnel !Tunnel        !Tunnel          !Tunnel       !Tunnel
Safe          NeverReplay !CallerForbids !CallerForbids !CallerForbids !CallerForbids !CallerForbids !CallerForbids !CallerForbids
Idempotent    NeverReplay !CallerForbids !CallerForbids !CallerForbids !CallerForbids !CallerForbids !CallerForbids !CallerForbids
Conditional   NeverReplay !CallerForbids !CallerForbids !CallerForbids !CallerForbids !CallerForbids !CallerForbids !CallerForbids
Keyed         NeverReplay !CallerForbids !CallerForbids !CallerForbids !CallerForbids !CallerForbids !CallerForbids !CallerForbids
NonIdempotent NeverReplay !CallerForbids !CallerForbids !CallerForbids !CallerForbids !CallerForbids !CallerForbids !CallerForbids
Tunnel        NeverReplay !CallerForbids !CallerForbids !CallerForbids !CallerForbids !CallerForbids !CallerForbids !CallerForbids
";

const SEMANTICS: [Semantics; 6] = [
    Semantics::Safe,
    Semantics::Idempotent,
    Semantics::Conditional,
    Semantics::Keyed,
    Semantics::NonIdempotent,
    Semantics::Tunnel,
];

const PERMISSIONS: [Permission; 4] = [
    Permission::ByMethod,
    Permission::MayRepeat,
    Permission::NeverReplay,
    Permission::ReplayAsGet,
];

fn expected(profile: RequestProfile, delivery: Delivery, reuse: Reuse) -> &'static str {
    let names = [
        format!("{:?}", profile.semantics()),
        format!("{:?}", profile.permission()),
    ];
    let rows: Vec<Vec<&str>> = TABLE
        .lines()
        .map(|line| line.split_whitespace().collect())
        .filter(|row: &Vec<&str>| row.get(..2).is_some_and(|head| head == names))
        .collect();
    assert_eq!(rows.len(), 1, "{names:?} has one row");
    let column = match (delivery, reuse) {
        (Delivery::NotSent, _) => 2,
        (Delivery::NotReceived, _) => 3,
        (Delivery::Refused, _) => 4,
        (Delivery::Received, _) => 5,
        (Delivery::Unknown, Reuse::Fresh) => 6,
        (Delivery::Unknown, Reuse::Unknown) => 7,
        (Delivery::Unknown, Reuse::Reused) => 8,
    };
    rows.concat().get(column).unwrap()
}

fn written(verdict: Verdict) -> String {
    match verdict {
        Verdict::Replay(grounds) => format!("{grounds:?}"),
        Verdict::Refuse(refusal) => format!("!{refusal:?}"),
    }
}

fn every_profile() -> impl Iterator<Item = RequestProfile> {
    SEMANTICS.into_iter().flat_map(|semantics| {
        PERMISSIONS.map(|permission| RequestProfile::new(semantics, permission))
    })
}

#[test]
fn every_cell_is_as_the_table_says() {
    for profile in every_profile() {
        for delivery in DELIVERIES {
            for reuse in REUSES {
                let evidence = samples::delivered(delivery, reuse);
                let verdict = judge(&profile, &evidence, Attribution::ThisSending);
                let expected = expected(profile, delivery, reuse);
                assert_eq!(
                    written(verdict),
                    expected,
                    "{profile:?} {delivery:?} {reuse:?}"
                );
            }
        }
    }
}

#[test]
fn evidence_about_another_sending_permits_nothing() {
    for profile in every_profile() {
        for delivery in DELIVERIES {
            for reuse in REUSES {
                let evidence = samples::delivered(delivery, reuse);
                let verdict = judge(&profile, &evidence, Attribution::Another);
                assert_eq!(verdict, Verdict::Refuse(Refusal::NotThisSending));
            }
        }
    }
}

#[test]
fn what_a_repetition_cannot_mend_is_refused_whatever_else_is_known() {
    for profile in every_profile() {
        for attribution in [Attribution::ThisSending, Attribution::Another] {
            for (end, refusal) in [
                (End::InvalidRequest, Refusal::InvalidRequest),
                (End::ClientClosed, Refusal::ClientClosed),
                (End::CallerBody, Refusal::CallerBody),
                (End::CallerTimeout, Refusal::DeadlineExceeded),
            ] {
                let verdict = judge(&profile, &Evidence::new(end), attribution);
                assert_eq!(verdict, Verdict::Refuse(refusal));
            }
        }
    }
}

fn any_profile() -> impl Strategy<Value = RequestProfile> {
    let semantics = prop::sample::select(&SEMANTICS[..]);
    let permission = prop::sample::select(&PERMISSIONS[..]);
    (semantics, permission).prop_map(|(s, p)| RequestProfile::new(s, p))
}

fn is_replay(profile: RequestProfile, end: End, trace: &Trace) -> bool {
    let evidence = Evidence::new(end).with_trace(trace.clone());
    let verdict = judge(&profile, &evidence, Attribution::ThisSending);
    matches!(verdict, Verdict::Replay(_))
}

proptest! {
    #[test]
    fn more_bytes_never_turn_a_refusal_into_a_replay(
        profile in any_profile(),
        end in samples::any_end(),
        trace in samples::any_trace(),
        sent in 0..100_u64,
        received in 0..100_u64,
    ) {
        let more = Trace {
            sent: trace.sent + sent,
            received: trace.received + received,
            ..trace.clone()
        };
        if is_replay(profile, end, &more) {
            prop_assert!(is_replay(profile, end, &trace));
        }
    }

    #[test]
    fn what_may_have_been_processed_is_not_repeated_unless_that_is_harmless(
        profile in any_profile(),
        evidence in samples::any_evidence(),
    ) {
        let is_harmful = matches!(
            profile.semantics(),
            Semantics::NonIdempotent | Semantics::Conditional
        ) && profile.permission() != Permission::MayRepeat;
        let may_have_been = matches!(
            evidence.delivery(),
            Delivery::Unknown | Delivery::Received
        );
        if is_harmful && may_have_been {
            let verdict = judge(&profile, &evidence, Attribution::ThisSending);
            prop_assert!(matches!(verdict, Verdict::Refuse(_)));
        }
    }
}
