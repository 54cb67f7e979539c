//! What is done about a failed attempt: the verdict, then the policy, in this order.
//!
//! 1. The rule: [`judge`](crate::verdict::judge).
//! 2. What the policy widens: `danger_` names, and a GET in the place of what is refused ([`widen`]).
//! 3. What the policy narrows: methods, statuses, times, deadline, the user's own word.
//! 4. The budget, last.
//!
//! Invariant: each step but the second can only refuse, so no field and no closure makes a replay out of a refusal.

mod widen;

pub(super) use self::widen::wants_get;

use std::time::Duration;

use crate::evidence::{Delivery, End, StatusRefusal};
use crate::verdict::{Grounds, Refusal};

use super::count::{self, Count};
use super::settings::Settings;
use super::{
    Choice, Decision, FreshConnection, Narrow, Replay, RetryPolicy, Scope, Situation, View,
};

impl RetryPolicy {
    /// Decides on a failed attempt. What it allows is charged to the budget, except a conversion to GET, which is
    /// charged when it succeeds (`convert_to_get`).
    pub(crate) fn decide(&self, situation: &Situation<'_>) -> Decision {
        match self.weigh(situation) {
            Ok(replay) => Decision::Replay(replay),
            Err(refusal) => Decision::Surface(refusal),
        }
    }

    fn weigh(&self, situation: &Situation<'_>) -> Result<Replay, Refusal> {
        let settings = &*self.settings;
        let grounds = widen::grounds(settings, situation)?;
        allow_method(settings.methods, situation)?;
        allow_status(settings, situation)?;

        let count = Count::of(situation.evidence, situation.elapsed, grounds);
        let so_far = count.so_far(situation.attempts);
        count.allow(so_far, &settings.times)?;

        let pause = pause(settings, situation, count)?;
        allow_user(&*settings.narrow, situation, grounds)?;

        let as_get = grounds == Grounds::AsGet;
        match situation.lost {
            Some(Refusal::BodyOverLimit) if as_get => return Err(Refusal::FormOverLimit),
            Some(lost) => return Err(lost),
            None => {}
        }
        if count.is_charged(so_far) && !as_get {
            self.charge(situation.now)?;
        }
        Ok(Replay {
            grounds,
            fresh: wants_fresh(settings.fresh_connection, situation, as_get),
            pause,
            as_get,
        })
    }
}

/// Whether any of it left this machine.
fn has_left(situation: &Situation<'_>) -> bool {
    situation.evidence.delivery() != Delivery::NotSent
}

fn allow_method(methods: Scope, situation: &Situation<'_>) -> Result<(), Refusal> {
    allowed_if(match methods {
        Scope::Idempotent | Scope::SafeOnly if !has_left(situation) => true,
        scope => scope.covers(situation.profile.semantics()),
    })
}

fn allow_status(settings: &Settings, situation: &Situation<'_>) -> Result<(), Refusal> {
    match situation.evidence.end() {
        End::Status(status) => allowed_if(settings.allow_status(status)),
        _ => Ok(()),
    }
}

fn allow_user(
    narrow: &dyn Narrow,
    situation: &Situation<'_>,
    grounds: Grounds,
) -> Result<(), Refusal> {
    allowed_if(narrow.allow(&View::new(situation, grounds)) == Choice::Allow)
}

fn allowed_if(is_allowed: bool) -> Result<(), Refusal> {
    if is_allowed {
        Ok(())
    } else {
        Err(Refusal::Policy)
    }
}

/// The pause, if the deadline leaves time for it and for anything after it.
fn pause(
    settings: &Settings,
    situation: &Situation<'_>,
    count: Count,
) -> Result<Duration, Refusal> {
    // A pool full of corpses is no sign of an overloaded server: the next one is tried at once.
    let pause = if count == Count::Free {
        Duration::ZERO
    } else {
        let attempt = count::paced(situation.attempts).saturating_add(2);
        settings.pause.before(attempt, situation.random)
    };
    let begins = situation.elapsed.saturating_add(pause);
    match situation.deadline {
        Some(deadline) if begins >= deadline => Err(Refusal::DeadlineExceeded),
        _ => Ok(pause),
    }
}

fn wants_fresh(choice: FreshConnection, situation: &Situation<'_>, as_get: bool) -> bool {
    let is_needed = match situation.evidence.end() {
        // The same connection would be the wrong one again (RFC 9110 section 15.5.20); and over a new one no expectation is
        // sent.
        End::Status(StatusRefusal::MisdirectedRequest | StatusRefusal::ExpectationFailed) => true,
        _ => as_get,
    };
    match choice {
        _ if is_needed => true,
        FreshConnection::AfterSending => has_left(situation),
        FreshConnection::Any => false,
    }
}

#[cfg(test)]
mod tests;
