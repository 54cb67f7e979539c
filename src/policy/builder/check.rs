//! What makes a policy contradict itself.
//!
//! Apart from the setters because most of it is about two fields at once. A policy that could never do what one of its
//! fields asks for is refused: its author believes something that is not so.

use std::time::Duration;

use crate::policy::settings::Settings;
use crate::policy::{Budget, NonIdempotent, Origins, PolicyError, Scope, WhenSilent};

type Checked = Result<(), PolicyError>;

/// A body is kept in memory, and no object there is larger.
const MAX_REPLAY_LIMIT: usize = isize::MAX.unsigned_abs();

pub(super) fn all(settings: &Settings) -> Checked {
    replay_limit(settings)?;
    time(settings)?;
    preflight(settings)?;
    silence(settings)?;
    expect_on_reuse(settings)?;
    origins(settings)?;
    methods(settings)?;
    non_idempotent(settings)?;
    times(settings)
}

fn replay_limit(settings: &Settings) -> Checked {
    refuse_if(
        settings.replay_limit > MAX_REPLAY_LIMIT,
        "replay_limit",
        "a limit over the address space; at most `isize::MAX` bytes",
    )
}

fn time(settings: &Settings) -> Checked {
    if let Some(wrong) = settings.pause.contradiction() {
        return refuse("pause", wrong);
    }
    let Some(deadline) = settings.deadline else {
        return Ok(());
    };
    refuse_if(deadline == Duration::ZERO, "deadline", "must be above zero")?;
    refuse_if(
        settings.pause.shortest() >= deadline,
        "pause",
        "must be shorter than the `deadline`, which leaves no time for a replay",
    )
}

fn preflight(settings: &Settings) -> Checked {
    let preflight = settings.preflight.as_ref();
    refuse_if(
        preflight.is_some_and(|preflight| preflight.time_limit().is_zero()),
        "preflight",
        "its `timeout` must be above zero: no answer comes in no time",
    )
}

fn silence(settings: &Settings) -> Checked {
    refuse_if(
        settings.when_silent == WhenSilent::Fail && settings.watch_after_idle.is_none(),
        "when_silent",
        "needs `watch_after_idle`: without it nobody finds out",
    )
}

/// A server that refuses the expectation must get the request once more, without it: the caller has not asked for it.
fn expect_on_reuse(settings: &Settings) -> Checked {
    let field = "expect_on_reuse";
    let Some(expect) = settings.expect_on_reuse else {
        return refuse_if(
            !settings.danger_trust_withheld_body.is_none(),
            "danger_trust_withheld_body",
            "needs `expect_on_reuse`: no body is withheld else",
        );
    };
    refuse_if(
        expect.time_limit().is_zero(),
        field,
        "its `wait` must be above zero: no server says 100 in no time",
    )?;
    refuse_if(
        settings.times.refused == 0,
        field,
        "needs `refused(1)` or more: a server that refuses the expectation gets the request once more",
    )?;
    refuse_if(
        settings.methods != Scope::All || settings.non_idempotent == NonIdempotent::Never,
        field,
        "needs `methods(Scope::All)`, and a `non_idempotent` other than `Never`: a server that refuses the expectation gets \
         the request once more",
    )
}

fn origins(settings: &Settings) -> Checked {
    origins_of("danger_trust_half_close", &settings.danger_trust_half_close)?;
    let withheld = &settings.danger_trust_withheld_body;
    origins_of("danger_trust_withheld_body", withheld)?;
    origins_of("origins_honouring_keys", &settings.origins_honouring_keys)
}

fn origins_of(field: &'static str, origins: &Origins) -> Checked {
    match origins.wrong() {
        None => Ok(()),
        Some(wrong) => {
            let allowed =
                format!("an origin is `https://host`, `http://host:port` or `host`, not {wrong:?}");
            Err(PolicyError::new(field, allowed))
        }
    }
}

/// What asks for replays of requests that the scope leaves out.
fn methods(settings: &Settings) -> Checked {
    if settings.methods == Scope::All {
        return Ok(());
    }
    let allowed = "needs `methods(Scope::All)`: it is about methods that the scope leaves out";
    match wider_than_idempotent(settings) {
        Some(field) => refuse(field, allowed),
        None => Ok(()),
    }
}

fn non_idempotent(settings: &Settings) -> Checked {
    let choice = settings.non_idempotent;
    refuse_if(
        settings.danger_always && choice != NonIdempotent::WhenProven,
        "danger_always",
        "repeats every method, so `non_idempotent` must be left at `WhenProven`",
    )?;
    let distrusts = matches!(choice, NonIdempotent::WhenNotSent | NonIdempotent::Never);
    refuse_if(
        distrusts && !settings.danger_trust_half_close.is_none(),
        "danger_trust_half_close",
        "trusts more than `non_idempotent`, which must be `WhenProven` or `AsGet`",
    )?;
    refuse_if(
        distrusts && !settings.danger_trust_withheld_body.is_none(),
        "danger_trust_withheld_body",
        "trusts more than `non_idempotent`, which must be `WhenProven` or `AsGet`",
    )
}

/// What needs an attempt with none.
fn times(settings: &Settings) -> Checked {
    if settings.times.unknown > 0 {
        let is_void = settings.budget.as_ref().is_some_and(Budget::is_void);
        return refuse_if(
            is_void,
            "budget",
            "grants nothing, so `unknown` can never take place: set that to 0, or a ratio or reserve above 0",
        );
    }
    match wider_than_idempotent(settings) {
        Some(field) => {
            let allowed = format!(
                "must be at least 1: `{field}` needs a replay of what may have been processed"
            );
            Err(PolicyError::new("unknown", allowed))
        }
        None => Ok(()),
    }
}

/// The field that asks for replays of requests that may have been processed and are not idempotent by their method.
fn wider_than_idempotent(settings: &Settings) -> Option<&'static str> {
    if settings.danger_always {
        Some("danger_always")
    } else if settings.non_idempotent == NonIdempotent::AsGet {
        Some("non_idempotent")
    } else if !settings.danger_trust_half_close.is_none() {
        Some("danger_trust_half_close")
    } else if !settings.danger_trust_withheld_body.is_none() {
        Some("danger_trust_withheld_body")
    } else if !settings.origins_honouring_keys.is_none() {
        Some("origins_honouring_keys")
    } else {
        None
    }
}

fn refuse_if(is_wrong: bool, field: &'static str, allowed: &str) -> Checked {
    if is_wrong {
        refuse(field, allowed)
    } else {
        Ok(())
    }
}

fn refuse(field: &'static str, allowed: &str) -> Checked {
    Err(PolicyError::new(field, allowed))
}
