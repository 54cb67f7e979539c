//! The pause before a replay.
//!
//! Pure arithmetic: the randomness is an argument, and whoever calls waits.
//!
//! Invariant: no input panics; a pause never exceeds what was set.

use std::time::Duration;

/// How long to pause before a request is sent again.
///
/// Default: [`None`](Self::None). A stale connection is no sign of an overloaded server, so there is nothing to wait
/// for. Set one where connects are retried too, or many clients would return at the same moment.
///
/// It is set by the builder's `pause`, which there is with the feature `tokio` only.
///
/// A request that a kept-alive connection did not take is sent over the next one without a pause.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Pause {
    /// No pause.
    #[default]
    None,
    /// The same pause before every replay.
    Fixed(Duration),
    /// `base` before the first replay, twice as long before each further one, never longer than `max`.
    Exponential {
        /// The pause before the first replay; above zero, and not above `max`.
        base: Duration,
        /// The longest pause.
        max: Duration,
        /// Whether the pause is drawn at random.
        jitter: Jitter,
    },
}

/// Whether a pause is drawn at random, so that many clients do not return at the same moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Jitter {
    /// The pause as computed.
    None,
    /// Anything from zero to the pause as computed, evenly.
    #[default]
    Full,
}

impl Pause {
    /// The pause before attempt number `attempt`; the first is number 1 and has none.
    ///
    /// `random` is a number drawn evenly from all of `u64`; only [`Jitter::Full`] looks at it.
    ///
    /// ```
    /// use std::time::Duration;
    /// use unstale::policy::{Jitter, Pause};
    ///
    /// let second = Duration::from_secs(1);
    /// let pause = Pause::Exponential { base: second, max: 3 * second, jitter: Jitter::None };
    /// assert_eq!([1, 2, 3, 4, 5].map(|n| pause.before(n, 0).as_secs()), [0, 1, 2, 3, 3]);
    /// ```
    pub fn before(&self, attempt: u32, random: u64) -> Duration {
        let Some(doublings) = attempt.checked_sub(2) else {
            return Duration::ZERO;
        };
        match *self {
            Self::None => Duration::ZERO,
            Self::Fixed(pause) => pause,
            Self::Exponential { base, max, jitter } => {
                let factor = 1_u32.checked_shl(doublings).unwrap_or(u32::MAX);
                let ceiling = base.saturating_mul(factor).min(max);
                match jitter {
                    Jitter::None => ceiling,
                    Jitter::Full => scaled(ceiling, random),
                }
            }
        }
    }

    /// What is wrong with it, if anything.
    pub(super) fn contradiction(&self) -> Option<&'static str> {
        match *self {
            Self::Exponential { base, .. } if base.is_zero() => {
                Some("`base` must be above zero; for no pause take `Pause::None`")
            }
            Self::Exponential { base, max, .. } if base > max => {
                Some("`base` must not be above `max`")
            }
            _ => None,
        }
    }

    /// The shortest pause before the first replay.
    pub(super) fn shortest(&self) -> Duration {
        self.before(2, 0)
    }
}

/// `ceiling` times `random` over 2^64; a ceiling of over 584 years counts as that.
fn scaled(ceiling: Duration, random: u64) -> Duration {
    let nanos = u64::try_from(ceiling.as_nanos()).unwrap_or(u64::MAX);
    let drawn = (u128::from(nanos) * u128::from(random)) >> 64;
    Duration::from_nanos(u64::try_from(drawn).unwrap_or(nanos))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn exponential(base: Duration, max: Duration, jitter: Jitter) -> Pause {
        Pause::Exponential { base, max, jitter }
    }

    #[test]
    fn the_first_attempt_has_no_pause() {
        let fixed = Pause::Fixed(Duration::from_secs(1));
        assert_eq!(fixed.before(0, 0), Duration::ZERO);
        assert_eq!(fixed.before(1, 0), Duration::ZERO);
        assert_eq!(fixed.before(2, 0), Duration::from_secs(1));
        assert_eq!(fixed.before(u32::MAX, 0), Duration::from_secs(1));
    }

    #[test]
    fn no_pause_is_none() {
        assert_eq!(Pause::default().before(7, u64::MAX), Duration::ZERO);
    }

    #[test]
    fn an_exponential_pause_doubles_up_to_its_max() {
        let ms = Duration::from_millis;
        let pause = exponential(ms(10), ms(50), Jitter::None);
        let pauses = [2, 3, 4, 5, 40, u32::MAX].map(|n| pause.before(n, 0));
        assert_eq!(pauses, [10, 20, 40, 50, 50, 50].map(ms));
    }

    #[test]
    fn full_jitter_draws_from_zero_to_the_whole() {
        let pause = exponential(Duration::from_secs(8), Duration::from_secs(8), Jitter::Full);
        assert_eq!(pause.before(2, 0), Duration::ZERO);
        assert_eq!(pause.before(2, 1 << 63), Duration::from_secs(4));
        assert!(pause.before(2, u64::MAX) > Duration::from_millis(7_999));
    }

    #[test]
    fn an_exponential_pause_needs_a_base_within_its_max() {
        let (zero, one, two) = (
            Duration::ZERO,
            Duration::from_secs(1),
            Duration::from_secs(2),
        );
        for (base, max, sound) in [
            (one, two, true),
            (one, one, true),
            (two, one, false),
            (zero, one, false),
        ] {
            let pause = exponential(base, max, Jitter::Full);
            assert_eq!(pause.contradiction().is_none(), sound, "{base:?} {max:?}");
        }
    }

    proptest! {
        #[test]
        fn no_pause_exceeds_its_max(
            base: Duration, max: Duration, attempt: u32, random: u64, jittered: bool,
        ) {
            let jitter = if jittered { Jitter::Full } else { Jitter::None };
            prop_assert!(exponential(base, max, jitter).before(attempt, random) <= max);
        }

        #[test]
        fn jitter_only_shortens(base: Duration, max: Duration, attempt: u32, random: u64) {
            let full = exponential(base, max, Jitter::None).before(attempt, random);
            prop_assert!(exponential(base, max, Jitter::Full).before(attempt, random) <= full);
        }

        #[test]
        fn a_later_attempt_never_pauses_less(base: Duration, max: Duration, attempt in 0..u32::MAX) {
            let pause = exponential(base, max, Jitter::None);
            prop_assert!(pause.before(attempt, 0) <= pause.before(attempt + 1, 0));
        }
    }
}
