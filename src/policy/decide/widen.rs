//! The grounds of a replay: the verdict, what the policy makes of requests that must not be executed twice, and the few
//! ways in which it widens the rule.
//!
//! Apart from the narrowing because this is the only place where a refusal can become a replay.

use crate::evidence::{Delivery, End, SecondLook, StatusRefusal, Trace};
use crate::policy::settings::Settings;
use crate::policy::{NonIdempotent, Situation};
use crate::request::{Permission, RequestProfile, Semantics};
use crate::verdict::{Attempt, Grounds, Refusal, Verdict, judge};

/// On what grounds the request may be sent again, before anything narrows them.
pub(super) fn grounds(settings: &Settings, situation: &Situation<'_>) -> Result<Grounds, Refusal> {
    let verdict = judge(
        &situation.profile,
        situation.evidence,
        situation.attribution,
    );
    let refusal = match verdict {
        Verdict::Replay(grounds) => match believe(settings.non_idempotent, situation) {
            Ok(()) => return Ok(grounds),
            Err(refusal) => refusal,
        },
        Verdict::Refuse(refusal) => match widen(settings, situation, refusal) {
            Some(grounds) => return Ok(grounds),
            None => refusal,
        },
    };
    if refused_as_it_stands(refusal) && wants_get(settings, situation.profile, situation.attempts) {
        return Ok(Grounds::AsGet);
    }
    Err(refusal)
}

/// Whether the policy takes the evidence for enough, where a repetition would do harm if it were wrong.
fn believe(choice: NonIdempotent, situation: &Situation<'_>) -> Result<(), Refusal> {
    let evidence = situation.evidence;
    if situation.profile.is_harmless() || evidence.delivery() == Delivery::NotSent {
        return Ok(());
    }
    let is_proof = evidence.delivery() == Delivery::NotReceived
        || evidence.end() == End::Status(StatusRefusal::RequestTimeout);
    match choice {
        NonIdempotent::Never => Err(Refusal::Policy),
        NonIdempotent::WhenNotSent if is_proof => Err(Refusal::PolicyWantsNotSent),
        // The server's own words need no assumption.
        NonIdempotent::WhenNotSent | NonIdempotent::WhenProven | NonIdempotent::AsGet => Ok(()),
    }
}

/// What the user took upon himself under a `danger_` name. Only for what may have been processed on a reused
/// connection: after a response began, for a tunnel, or without evidence of this very sending, no name helps.
fn widen(settings: &Settings, situation: &Situation<'_>, refusal: Refusal) -> Option<Grounds> {
    // The rule gives these two reasons on a reused connection only; on others it has reasons of their own.
    if !matches!(
        refusal,
        Refusal::MayHaveBeenProcessed | Refusal::Conditional
    ) {
        return None;
    }
    let lingers = situation.evidence.end() == End::Closed(SecondLook::Acknowledged);
    let trace = situation.evidence.trace();
    let withheld = trace.is_some_and(Trace::is_body_withheld);
    if lingers && settings.danger_trust_half_close.covers(situation.uri) {
        Some(Grounds::TrustedHalfClose)
    } else if withheld && settings.danger_trust_withheld_body.covers(situation.uri) {
        Some(Grounds::WithheldBody)
    } else if settings.danger_always {
        Some(Grounds::DangerAlways)
    } else {
        None
    }
}

/// Whether the refusal says that the request may not be replayed as it stands, so that another might be in its place.
fn refused_as_it_stands(refusal: Refusal) -> bool {
    matches!(
        refusal,
        Refusal::MayHaveBeenProcessed | Refusal::PolicyWantsNotSent | Refusal::Policy
    )
}

/// Whether a GET is asked for in the place of such a request, and was not made yet.
pub(in crate::policy) fn wants_get(
    settings: &Settings,
    profile: RequestProfile,
    attempts: &[Attempt],
) -> bool {
    let is_asked_for = settings.non_idempotent == NonIdempotent::AsGet
        || profile.permission() == Permission::ReplayAsGet;
    is_asked_for
        && profile.semantics() == Semantics::NonIdempotent
        && !attempts.iter().any(was_turned_into_get)
}

fn was_turned_into_get(attempt: &Attempt) -> bool {
    attempt.decided() == Verdict::Replay(Grounds::AsGet)
}
