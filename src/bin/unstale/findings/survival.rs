//! Which part of the connections is still of use at an idle age: the estimate of Kaplan and Meier.
//!
//! Apart because charts of two kinds are drawn from it. Invariant: a connection counts up to the age to which it was watched,
//! and no further: one that was used at an age says nothing of what would have become of it later.

use std::time::Duration;

use crate::trial::{Observation, Seen};

/// From this age on, this part of the connections survives.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Step {
    pub(crate) age: Duration,
    pub(crate) alive: f64,
}

/// The steps down, beginning with all of them at age 0. `observations`: by age.
pub(crate) fn survival(observations: &[Observation]) -> Vec<Step> {
    let mut alive = 1.0;
    let mut steps = vec![Step {
        age: Duration::ZERO,
        alive,
    }];
    let lives = lives(observations);
    let mut at_risk = lives.len();
    for (age, is_dead) in lives {
        if is_dead {
            #[expect(
                clippy::cast_precision_loss,
                reason = "there are fewer than two hundred"
            )]
            let part = 1.0 - 1.0 / at_risk as f64;
            alive *= part;
            steps.push(Step { age, alive });
        }
        at_risk -= 1;
    }
    steps
}

/// How long each connection was of use, and whether it is known not to have been any longer. By age.
fn lives(observations: &[Observation]) -> Vec<(Duration, bool)> {
    let mut lives = Vec::new();
    let mut deaths_since = None;
    for observation in observations {
        if !observation.seen.is_death() {
            deaths_since = None;
            lives.push((observation.age, false));
            continue;
        }
        let since = *deaths_since.get_or_insert(observation.age);
        // What was found dead may have been so for long: since the youngest age from which on all were.
        let is_exact = matches!(observation.seen, Seen::Closed(_));
        lives.push((if is_exact { observation.age } else { since }, true));
    }
    lives.sort_by_key(|(age, _)| *age);
    lives
}

#[cfg(test)]
mod tests {
    use super::*;

    fn observed(milliseconds: u64, seen: Seen) -> Observation {
        Observation {
            age: Duration::from_millis(milliseconds),
            seen,
        }
    }

    #[test]
    fn a_used_connection_is_no_dead_one() {
        let observations = [
            observed(100, Seen::Answered),
            observed(200, Seen::Silent),
            observed(300, Seen::Answered),
            observed(400, Seen::Silent),
        ];
        let parts: Vec<_> = survival(&observations)
            .iter()
            .map(|step| step.alive)
            .collect();
        assert_eq!(parts.len(), 3);
        assert!((parts[1] - 2.0 / 3.0).abs() < 1e-9, "{parts:?}");
        assert!(parts[2].abs() < 1e-9, "{parts:?}");
    }

    #[test]
    fn what_was_found_dead_late_had_died_before() {
        let observations = [
            observed(100, Seen::Answered),
            observed(200, Seen::Silent),
            observed(800, Seen::Silent),
        ];
        let steps = survival(&observations);
        let last = steps.last().unwrap();
        assert!(
            last.alive.abs() < 1e-9 && last.age == Duration::from_millis(200),
            "{steps:?}"
        );
    }
}
