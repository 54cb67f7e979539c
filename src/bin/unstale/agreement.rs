//! At which age a server closes, of several at which it did.
//!
//! Apart because the plan asks whether that is known by now, and the findings what it is. Invariant: one close that came early
//! or late moves nothing, as long as three others agree.
//!
//! A server that is busy closes late, and early too: Node.js counts an idle age from when its loop last looked at the clock, and
//! may not have been let run between that and its answer (788 ms instead of a second, as seen on the wire).

use std::time::Duration;

/// So many closes that agree are enough.
pub(crate) const AGREEING: usize = 3;
/// They agree if they are no further apart than this part of the age, or no further than this.
const ALIKE: f64 = 0.01;
const NEAR: Duration = Duration::from_millis(10);

/// The closes that are closest to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Agreement {
    /// The one in the middle.
    pub(crate) age: Duration,
    /// How far apart they are.
    width: Duration,
}

impl Agreement {
    /// Of closes in any order; `None` if there are fewer than three.
    pub(crate) fn of(closed: &[Duration]) -> Option<Self> {
        let mut closed = closed.to_vec();
        closed.sort_unstable();
        let threes = closed.windows(AGREEING).filter_map(|three| match three {
            [first, middle, last] => Some(Self {
                age: *middle,
                width: last.saturating_sub(*first),
            }),
            _ => None,
        });
        threes.min_by_key(|agreement| agreement.width)
    }

    /// Whether they are so close that this was no accident.
    pub(crate) fn is_close(&self) -> bool {
        self.width <= self.age.mul_f64(ALIKE).max(NEAR)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(milliseconds: &[u64]) -> Option<Agreement> {
        let closed: Vec<_> = milliseconds
            .iter()
            .copied()
            .map(Duration::from_millis)
            .collect();
        Agreement::of(&closed)
    }

    #[test]
    fn neither_an_early_close_nor_a_late_one_counts_where_three_agree() {
        let found = of(&[1066, 788, 999, 977, 1002, 1001]).unwrap();
        assert_eq!(found.age, Duration::from_millis(1001));
        assert!(found.is_close());
    }

    #[test]
    fn closes_that_are_all_late_do_not_agree() {
        // A server that was not let run closes at once what was opened at different moments.
        assert!(!of(&[1166, 1239, 1319, 1362]).unwrap().is_close());
        assert!(!of(&[1018, 1085, 1096, 1107]).unwrap().is_close());
    }

    #[test]
    fn the_older_the_further_apart_they_may_be() {
        assert!(of(&[60_000, 60_300, 60_600]).unwrap().is_close());
        assert!(!of(&[1_000, 1_300, 1_600]).unwrap().is_close());
    }

    #[test]
    fn two_are_no_agreement() {
        assert_eq!(of(&[1000, 1000]), None);
    }
}
