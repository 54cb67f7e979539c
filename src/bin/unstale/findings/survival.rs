//! Which part of the connections is still of use at an idle age: the estimate of Kaplan and Meier.
//!
//! Apart because charts of two kinds are drawn from it. Invariant: a connection counts up to the age to which it was watched,
//! and no further: one that was used at an age says nothing of what would have become of it later.

use std::time::Duration;

use crate::trial::Observation;

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
    let mut at_risk = observations.len();
    for observation in observations {
        if observation.seen.is_death() {
            #[expect(clippy::cast_precision_loss, reason = "there are fewer than a hundred")]
            let part = 1.0 - 1.0 / at_risk as f64;
            alive *= part;
            steps.push(Step {
                age: observation.age,
                alive,
            });
        }
        at_risk -= 1;
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trial::Seen;

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
}
